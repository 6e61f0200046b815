/** @file The packages with native parts: each is loaded, since one that is there may still not load. */

import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { firstLine, type Finding } from "./finding.js";

const require = createRequire(import.meta.url);

/** What fails without each. */
const NATIVE: Readonly<Record<string, string>> = {
  sharp: "JPEG, PNG and the like cannot be decoded",
  usearch: "indexes have no HNSW graph; exact search works",
  koffi: "vectors are read instead of mapped into memory, and cuda cannot be used",
};

export async function lookAtPackages(): Promise<Finding[]> {
  return Promise.all(Object.keys(NATIVE).map(lookAt));
}

async function lookAt(name: string): Promise<Finding> {
  try {
    await import(name);
    return { what: name, state: "fine", found: versionOf(name) };
  } catch (error) {
    const remedy = `npm install ${name}`;
    return {
      what: name,
      state: "problem",
      found: `does not load (${firstLine(error)}): ${NATIVE[name]}`,
      remedy,
    };
  }
}

/** @returns the version in the package.json of an installed package; "unknown" without one */
export function versionOf(name: string): string {
  const file = folderOf(name);
  if (file === null) return "unknown";
  return (JSON.parse(readFileSync(join(file, "package.json"), "utf8")) as { version: string }).version;
}

/** Where a package lies; null: it is not installed. */
export function folderOf(name: string): string | null {
  try {
    let folder = dirname(require.resolve(name));
    const has = () => {
      const file = join(folder, "package.json");
      return existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { name?: string }).name === name;
    };
    while (!has() && dirname(folder) !== folder) folder = dirname(folder);
    return has() ? folder : null;
  } catch {
    return null;
  }
}
