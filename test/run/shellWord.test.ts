import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { shellWord } from "../../src/run/shellWord.js";

describe("a word of a command", () => {
  it("is what a shell takes for one word, and is plain where it can be", () => {
    assert.equal(shellWord("build/run-1.5"), "build/run-1.5");
    for (const text of ["my pictures", "it's", "a$b", "*", ""]) {
      assert.equal(execFileSync("sh", ["-c", `printf %s ${shellWord(text)}`], { encoding: "utf8" }), text);
    }
  });
});
