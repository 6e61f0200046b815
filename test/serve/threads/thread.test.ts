import assert from "node:assert/strict";
import { Thread } from "../../../src/serve/threads/thread.js";

const FILE = new URL("./dyingThread.js", import.meta.url);

describe("a thread that answers", () => {
  it("hands errors back, and goes on", async () => {
    const thread = await Thread.start<string, string>(FILE, null, "test");
    assert.equal(await thread.ask("hello"), "hello!");
    await assert.rejects(thread.ask("refuse"), /refused/);
    assert.equal(await thread.ask("again"), "again!");
    await thread.close();
    assert.equal(thread.isAlive, false);
  });

  it("fails every question once it is dead, and says so", async () => {
    const thread = await Thread.start<string, string>(FILE, null, "test");
    await assert.rejects(thread.ask("die"), /test: its thread ended with code 3/);
    await assert.rejects(thread.ask("hello"), /test: its thread ended with code 3/);
    assert.equal(thread.isAlive, false);
    await thread.close();
  });
});
