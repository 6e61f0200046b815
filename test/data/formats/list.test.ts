/** @file Lists of pictures, in every form that people write them. */

import assert from "node:assert/strict";
import path from "node:path";
import { openDataset } from "../../../src/data/dataset.js";
import type { DataFormat, DataSource } from "../../../src/data/dataset.js";
import { locateData } from "../../../src/data/locate.js";
import { idsOf, labelsOf, plainPng, put, useTemporaryFolder } from "../fixtures.js";

describe("a list of pictures", () => {
  const folder = useTemporaryFolder();

  async function located(name: string, text: string, format?: DataFormat): Promise<DataSource> {
    const file = await put(folder(), name, text);
    const { train } = await locateData(file, { seed: 1, format });
    return train.kind === "picked" ? train.whole : train;
  }

  const refuses = (name: string, text: string, message: RegExp): Promise<void> =>
    assert.rejects(located(name, text), { name: "DataError", message });

  it("has a path a line, in the order of the lines, relative to the list", async () => {
    const file = await put(folder(), "deep/er/b 1.png", await plainPng("red"));
    const source = await located("deep/list.txt", `\ufeffer/b 1.png\r\n\r\n../gone.png\r\n${file}\r\n`);
    assert.deepEqual(await idsOf(source), ["er/b 1.png", "../gone.png", file]);
    assert.deepEqual([source.classNames, source.format], [[], "list"]);
    const dataset = await openDataset(source);
    for (const row of [0, 2]) assert.equal((await dataset.picture(row)).width, 3);
    await assert.rejects(dataset.picture(1), (error: Error) =>
      error.message.startsWith(`${path.join(folder(), "gone.png")}: found nothing there`),
    );
  });

  it("takes what follows a picture's name in a text line for its label", async () => {
    const source = await located("list.txt", "a b.jpg 2\nc.jpg 0\nd.jpg\t1\n");
    assert.deepEqual(await idsOf(source), ["a b.jpg", "c.jpg", "d.jpg"]);
    assert.deepEqual(
      [await labelsOf(source), source.classNames],
      [
        [2, 0, 1],
        ["0", "1", "2"],
      ],
    );
  });

  it("finds the columns of a table by their names, and unquotes", async () => {
    const text = 'id,Label,file_name\n1,dog,"a, ""b"".png"\n2,cat,"two\nlines.png"\n';
    const source = await located("list.csv", text);
    assert.deepEqual(await idsOf(source), ['a, "b".png', "two\nlines.png"]);
    assert.deepEqual(
      [await labelsOf(source), source.classNames],
      [
        [1, 0],
        ["cat", "dog"],
      ],
    );
  });

  it("takes path and label from the first columns of a table without names", async () => {
    const source = await located("list.tsv", "a, b.png\tdog\nc.png\tdog\n");
    assert.deepEqual(
      [await idsOf(source), await labelsOf(source)],
      [
        ["a, b.png", "c.png"],
        [0, 0],
      ],
    );
  });

  it("is recognized as Hugging Face's metadata beside the pictures", async () => {
    for (const name of ["1.png", "2.png", "3.png"]) await put(folder(), name, await plainPng("red"));
    await put(folder(), "metadata.csv", "year,month\n2020,1\n");
    assert.equal((await locateData(folder(), { seed: 1 })).train.format, "flat");
    await put(folder(), "metadata.jsonl", '{"file_name": "3.png", "text": "x"}\n{"file_name": "1.png"}\n');
    const { train } = await locateData(folder(), { seed: 1 });
    assert.deepEqual([await idsOf(train), train.format], [["3.png", "1.png"], "list"]);
  });

  it("refuses an empty list, an entry without a path and a line that is not JSON", async () => {
    await refuses("list.txt", "\n\n", /list\.txt: found an empty list, expected a path a line/);
    await refuses("list.csv", "path,label\n,1\n", /list\.csv: found no path in entry 1/);
    await refuses(
      "list.jsonl",
      '{"file_name": "a"}\n{"file": 1}',
      /list\.jsonl, line 2: found .*expected a JSON object/,
    );
  });
});
