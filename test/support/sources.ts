/** @file The TypeScript sources of the package and what they import, read with the compiler's parser. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";

/** Compiled, this file is dist/test/support/sources.js. */
export const ROOT = join(import.meta.dirname, "../../..");

export interface Import {
  /** Path from the root, with slashes: "src/ir/graph.ts". */
  readonly from: string;
  /** Path from the root, or the name of a package or builtin as it stands: "node:fs", "zod". */
  readonly to: string;
  /** true: only types, which are gone when the program runs. */
  readonly typeOnly: boolean;
}

/** Files of a folder, as paths from the root. */
export function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => posix.join(entry.parentPath.slice(ROOT.length + 1).replaceAll("\\", "/"), entry.name))
    .sort();
}

/** Everything that a file imports or passes on: declarations, import() and types by import("…"). */
export function importsOf(file: string): Import[] {
  const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), "utf8"), ts.ScriptTarget.Latest);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier && ts.isStringLiteral(specifier)) {
      found.push({ from: file, to: resolve(file, specifier.text), typeOnly });
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(
        node.moduleSpecifier,
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword || namesOnlyTypes(node.importClause),
      );
    else if (ts.isExportDeclaration(node))
      add(node.moduleSpecifier, node.isTypeOnly || onlyTypes(node.exportClause));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function resolve(file: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  const stem = posix.join(posix.dirname(file), specifier).replace(/\.js$/, "");
  return existsSync(join(ROOT, `${stem}.tsx`)) ? `${stem}.tsx` : `${stem}.ts`;
}

/** import { type A, type B } from … */
function namesOnlyTypes(clause: ts.ImportClause | undefined): boolean {
  return clause !== undefined && clause.name === undefined && onlyTypes(clause.namedBindings);
}

function onlyTypes(names: ts.NamedImportBindings | ts.NamedExportBindings | undefined): boolean {
  if (names === undefined || ts.isNamespaceImport(names) || ts.isNamespaceExport(names)) return false;
  return (
    names.elements.length > 0 &&
    names.elements.every((element: ts.ImportSpecifier | ts.ExportSpecifier) => element.isTypeOnly)
  );
}
