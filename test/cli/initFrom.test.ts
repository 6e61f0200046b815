/** @file --init-from and --init-partial, as a user meets them. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { main } from "../../src/cli/main.js";
import { suiteFolder } from "../support/temporary.js";

/** The exit code and what was written. */
async function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof written) =>
    new Writable({
      write(chunk: Buffer, _, done) {
        written[name] += chunk.toString();
        done();
      },
    });
  const io = {
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    isTerminal: false,
    onInterrupt: () => () => {},
  };
  const code = await main(args, io);
  return { code, ...written };
}

describe("--init-from", () => {
  const folder = suiteFolder();
  const at = (name: string) => join(folder(), name);
  const BUILD = [
    "build-graph",
    "--width",
    "2",
    "--image-size",
    "8",
    "--batch-size",
    "4",
    "--embedding-dim",
    "8",
  ];
  const stateOf = (name: string) => {
    const path = join(at(name), "state.safetensors");
    return readSafetensors(readFileSync(path), path).tensors;
  };

  before(async () => {
    assert.equal((await run(...BUILD, "--seed", "5", "--out", at("given"))).code, 0);
  });

  it("starts build-graph from the weights of a file, and says so on stderr", async () => {
    const weights = join(at("given"), "state.safetensors");
    const { code, stderr } = await run(...BUILD, "--init-from", weights, "--out", at("copy"));
    assert.deepEqual([code, stderr], [0, `--init-from ${weights}: loaded 102 of 102 tensors\n`]);
    assert.deepEqual(stateOf("copy"), stateOf("given"));
  });

  it("refuses weights of another head, and loads the rest of them with --init-partial", async () => {
    const weights = join(at("given"), "state.safetensors");
    const other = [...BUILD.slice(0, -1), "4"]; // numbers in an embedding
    const refused = await run(...other, "--init-from", weights, "--out", at("head"));
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /100 of 102 tensors fit resnet18; of another shape or dtype: fc\.bias is .*--init-partial/,
    );
    const loaded = await run(...other, "--init-from", weights, "--init-partial", "--out", at("head"));
    assert.equal(loaded.code, 0);
    assert.match(loaded.stderr, /: loaded 100 of 102 tensors; of another shape or dtype: fc\.bias/);
    assert.deepEqual(stateOf("head").get("conv1.weight"), stateOf("given").get("conv1.weight"));
  });

  it("refuses a file that is not there, and --init-partial alone", async () => {
    const gone = await run(...BUILD, "--init-from", at("gone"), "--out", at("none"));
    assert.equal(gone.code, 2);
    assert.match(
      gone.stderr,
      /--init-from .*gone: cannot be read \(ENOENT\), expected a safetensors file; correct the path/,
    );
    const alone = await run(...BUILD, "--init-partial", "--out", at("none"));
    assert.equal(alone.code, 2);
    assert.match(alone.stderr, /--init-partial: given without --init-from, expected both/);
  });

  it("tells how to convert a PyTorch checkpoint", async () => {
    for (const [name, start] of [
      ["zip.pth", [0x50, 0x4b, 0x03, 0x04, 0]],
      ["pickle.pth", [0x80, 0x02, 0x8a]],
    ] as const) {
      writeFileSync(at(name), Uint8Array.from(start));
      const { code, stderr } = await run("train", "--init-from", at(name), "--out", at("none"));
      assert.equal(code, 1);
      assert.match(
        stderr,
        /is a PyTorch checkpoint, expected a safetensors file; convert it in Python: safetensors/,
      );
    }
  });
});
