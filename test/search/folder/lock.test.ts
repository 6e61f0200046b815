import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { lockFolder } from "../../../src/search/folder/lock.js";
import { startOf } from "../../../src/search/folder/processes.js";
import { suiteFolder } from "../../support/temporary.js";

const HOST = hostname().replaceAll(/[^A-Za-z0-9]/g, "");
const LOCK = new URL("../../../src/search/folder/lock.js", import.meta.url).href;

describe("the lock of an index", () => {
  const folder = suiteFolder();
  const fresh = () => mkdtempSync(join(folder(), "index-"));

  it("is one writer's at a time", async () => {
    const index = fresh();
    const release = await lockFolder(index);
    await assert.rejects(
      lockFolder(index, { waitMs: 50 }),
      new RegExp(`is being written by process ${process.pid} of ${HOST}, expected no other writer; wait`),
    );
    release();
    (await lockFolder(index, { waitMs: 0 }))();
    assert.deepEqual(readdirSync(index), []);
  });

  it("is waited for", async () => {
    const index = fresh();
    const release = await lockFolder(index);
    const next = lockFolder(index);
    setTimeout(release, 100);
    (await next)();
  });

  it("tells once who is waited for, when that takes long", async () => {
    const index = fresh();
    const told: string[] = [];
    const onWait = (writer: string) => told.push(writer);
    const release = await lockFolder(index);
    const next = lockFolder(index, { onWait });
    await assert.rejects(lockFolder(index, { waitMs: 100, onWait }), /is being written/);
    assert.deepEqual(told, []);
    setTimeout(release, 1400);
    (await next)();
    assert.deepEqual(told, [`process ${process.pid} of ${HOST}`]);
  });

  it("is never two writers', though many come at once", async () => {
    const index = fresh();
    let [inside, most] = [0, 0];
    const one = async () => {
      const release = await lockFolder(index);
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside--;
      release();
    };
    await Promise.all(Array.from({ length: 8 }, one));
    assert.equal(most, 1);
  });

  it("of a process that was killed is taken over", async () => {
    const index = fresh();
    const code = `import { lockFolder } from ${JSON.stringify(LOCK)};
      await lockFolder(${JSON.stringify(index)}); console.log("locked"); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code]);
    await once(child.stdout, "data");
    await assert.rejects(lockFolder(index, { waitMs: 0 }), new RegExp(`by process ${child.pid} of`));
    child.kill("SIGKILL");
    await once(child, "close");
    (await lockFolder(index, { waitMs: 0 }))();
    assert.deepEqual(readdirSync(index), []);
  });

  it("of an earlier process with a number that another has now is taken over", async () => {
    const index = fresh();
    writeFileSync(join(index, `.writer-${HOST}-${process.pid}-1b00000000-0123456789ab`), "");
    const known = startOf(process.pid) !== "unknown";
    const taken = lockFolder(index, { waitMs: 0 });
    // Where the system does not tell when a process began, nobody can know.
    if (known) (await taken)();
    else await assert.rejects(taken, /is being written/);
  });

  it("of another machine is respected", async () => {
    const index = fresh();
    writeFileSync(join(index, ".writer-elsewhere-1-1b00000000-0123456789ab"), "");
    await assert.rejects(
      lockFolder(index, { waitMs: 0 }),
      /process 1 of elsewhere, .* remove .*\.writer-elsewhere/,
    );
  });

  it("names the folder that cannot be written to", async () => {
    await assert.rejects(lockFolder(join(folder(), "none")), /none: cannot be written \(ENOENT\)/);
  });
});

describe("the start of a process", () => {
  it("is the same each time it is asked for, and another process has another or another number", () => {
    assert.equal(startOf(process.pid), startOf(process.pid));
    assert.notEqual(startOf(process.pid), null);
  });

  it("is null where there is none", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "close");
    assert.equal(startOf(child.pid!), null);
  });
});
