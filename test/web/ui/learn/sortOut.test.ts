import assert from "node:assert/strict";
import { sortOut } from "../../../../src/web/ui/learn/sortOut.js";

const file = (path: string, type = "") => ({ path, file: new Blob([], { type }) });

describe("files that are given to learn from", () => {
  it("are pictures by their type or else by their name, in the order of their numbers", () => {
    const given = sortOut([
      file("cats/10.JPG"),
      file("cats/2.jpg", "image/jpeg"),
      file("cats/.DS_Store"),
      file("cats/notes.txt", "text/plain"),
      file("cats/scan", "image/png"),
    ]);
    assert.deepEqual(
      given.pictures.map(({ path }) => path),
      ["cats/2.jpg", "cats/10.JPG", "cats/scan"],
    );
    assert.deepEqual([given.name, given.others], ["cats", 2]);
  });

  it("have no folder's name where they are of several, or of none", () => {
    assert.equal(sortOut([file("a/1.png"), file("b/1.png")]).name, null);
    assert.equal(sortOut([file("1.png"), file("2.png")]).name, null);
    assert.equal(sortOut([]).name, null);
  });
});
