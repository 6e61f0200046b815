/** @file What the package promises to those who install it. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../src/version.js";
import { ROOT } from "./support/sources.js";

interface Package {
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const PACKAGE = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Package;
const exists = (path: string): boolean => existsSync(join(ROOT, path));

/** Where a machine's own folders and registries show. */
const OF_ONE_MACHINE =
  /(?<![\w.])\/(?:home|Users|root|work|mnt)\/[\w.-]|[A-Z]:\\Users\\|https?:\/\/(?:registry\.|[\w.-]*(?:artifactory|nexus|verdaccio|proxy))[\w.-]*/i;

describe("the package", () => {
  it("has one version", () => assert.equal(VERSION, PACKAGE.version));

  it("pins every dependency to one version", () => {
    const loose = Object.entries({ ...PACKAGE.dependencies, ...PACKAGE.devDependencies }).filter(
      ([, version]) => !/^(npm:[\w-]+@)?\d+\.\d+\.\d+$/.test(version),
    );
    assert.deepEqual(loose, []);
  });

  it("exports files that exist, with their types", () => {
    for (const [entry, { types, default: file }] of Object.entries(PACKAGE.exports)) {
      assert.ok(exists(types) && exists(file), `${entry}: ${file}, ${types}`);
    }
    for (const [name, file] of Object.entries(PACKAGE.bin)) assert.ok(exists(file), `${name}: ${file}`);
  });

  it("can be imported by its entries, with what each is for", async () => {
    const load = async (entry: string) => {
      const { default: file } = PACKAGE.exports[entry]!;
      return Object.keys((await import(join(ROOT, file))) as object);
    };
    const [main, graphs, web] = [await load("."), await load("./graphs"), await load("./web")];
    for (const name of [
      "buildArtifact",
      "differentiate",
      "lower",
      "openSession",
      "startTraining",
      "VERSION",
    ]) {
      assert.ok(main.includes(name), `onnx-instdisc has ${name}`);
    }
    assert.ok(graphs.includes("trainStepGraph") && graphs.includes("encoderGraph"));
    assert.ok(web.includes("createTransform") && !web.includes("differentiate"));
  });

  it("ships the program, the networks, the page, the schema of config files and the sample, and nothing else", () => {
    assert.deepEqual(PACKAGE.files, [
      "dist/src",
      "dist/graphs",
      "dist/page",
      "src/config/settings.schema.json",
      "src/data/sample",
    ]);
    for (const name of ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", "LICENSE"]) {
      assert.ok(exists(`src/data/sample/${name}`), name);
    }
  });

  it("names no folder and no registry of the machine it was made on", function () {
    if (!exists(".git")) {
      console.log("    skipped: not a git checkout");
      return this.skip();
    }
    const listed = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" }).split("\0");
    const tracked = listed.filter(exists);
    const texts = tracked.filter((path) =>
      /\.(tsx?|mjs|js|css|html|py|json|md|txt|npmrc|yml)$|^\.[\w/.-]+$/.test(path),
    );
    const named = texts.flatMap((path) => {
      const found = OF_ONE_MACHINE.exec(readFileSync(join(ROOT, path), "utf8"));
      return found ? [`${path}: ${found[0]}`] : [];
    });
    assert.ok(texts.length > 100, `${texts.length} files were read`);
    assert.deepEqual(named, []);
  });
});
