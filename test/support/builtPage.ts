/** @file Pages as tools/buildPage.mjs bundles them, each of them once in a process. */

import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./sources.js";

interface PageBuilder {
  buildPage(source: string, out: string): Promise<void>;
}

/** Folders of finished pages by their source: bundling one takes seconds. */
const built = new Map<string, Promise<string>>();

async function build(source: string): Promise<string> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "instdisc-page-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const tool = pathToFileURL(join(ROOT, "tools/buildPage.mjs")).href;
  const { buildPage } = (await import(tool)) as PageBuilder;
  await buildPage(join(ROOT, source), folder);
  return folder;
}

/** @param source from the root, such as "src/web"; @param out folder to be made */
export async function writePage(source: string, out: string): Promise<void> {
  const building = built.get(source) ?? build(source);
  built.set(source, building);
  cpSync(await building, out, { recursive: true });
}
