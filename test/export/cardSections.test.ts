import assert from "node:assert/strict";
import { ArtifactError } from "../../src/errors.js";
import { markedSection, replaceSection } from "../../src/export/cardSections.js";

describe("a section of a model card", () => {
  const card = `# Title\n\n## Runtimes\n\n${markedSection("runtimes", "nothing yet")}\n\n## Limits\n\nsome\n`;

  it("is replaced as often as one likes, and nothing else with it", () => {
    const once = replaceSection(card, "runtimes", "| a | b |\n| --- | --- |\n");
    assert.ok(once.includes("| a | b |\n| --- | --- |\n<!--"));
    assert.doesNotMatch(once, /nothing yet/);
    assert.equal(replaceSection(once, "runtimes", "nothing yet"), card);
  });

  it("takes text that a search and replace would read as an instruction", () => {
    assert.ok(replaceSection(card, "runtimes", "$& $1 $`").includes("\n$& $1 $`\n"));
  });

  it("is refused where the card has no such place, or more than one", () => {
    for (const wrong of [
      "# Title\n",
      card + card,
      card.replace("runtimes end", "over"),
      card.replace("runtimes begin", "x"),
    ]) {
      assert.throws(
        () => replaceSection(wrong, "runtimes", "x"),
        (error: Error) => {
          assert.ok(error instanceof ArtifactError);
          assert.match(
            error.message,
            /^model card: does not have the section runtimes once, expected .*export again$/,
          );
          return true;
        },
      );
    }
  });

  it("is refused as text with marks in it, which would end the section early", () => {
    assert.throws(
      () => replaceSection(card, "runtimes", markedSection("inner", "x")),
      /has a mark of a section in it/,
    );
  });
});
