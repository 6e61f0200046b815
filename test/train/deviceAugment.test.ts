/** @file Batches that a device augments: those of the loader, and what stays there. */

import assert from "node:assert/strict";
import sharp from "sharp";
import type { AugmentOptions } from "../../src/data/augment.js";
import type { DataSource } from "../../src/data/dataset.js";
import { listFolder } from "../../src/data/folders.js";
import { findPictures } from "../../src/data/formats/folder.js";
import { createLoader } from "../../src/data/loader.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { floats } from "../../src/runtime/session.js";
import { DeviceLoader, type DeviceBatch, type DeviceLoaderOptions } from "../../src/train/deviceAugment.js";
import {
  makeResident,
  type ResidentOptions,
  type ResidentPictures,
} from "../../src/train/residentPictures.js";
import { Stopped } from "../../src/train/stopped.js";
import { AUGMENT, plainPng, put, speckle, useTemporaryFolder } from "../data/fixtures.js";
import { counting } from "../../tools/gpu/counting.js";
import { hostDevice, type HostDevice } from "../support/hostDevice.js";

const OPTIONS: DeviceLoaderOptions = {
  augment: AUGMENT,
  batchSize: 4,
  imageSize: 4,
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
  seed: 11,
  target: cpu,
};
const READ: ResidentOptions = {
  strict: false,
  store: null,
  progress: () => undefined,
  hooks: { stopRequested: () => false },
};
const BROKEN = [2, 3, 11];
/** A gray PNG. */
const grayPng = (width: number, height: number): Promise<Buffer> =>
  sharp(speckle(width * height), { raw: { width, height, channels: 1 } })
    .toColourspace("b-w")
    .png()
    .toBuffer();
/** Of normalized values, see test/train/viewNumbers.test.ts. */
const TOLERANCE = 1e-5;

describe("a device's batches", () => {
  const folder = useTemporaryFolder();
  const opened: HostDevice[] = [];
  afterEach(async () => {
    for (const device of opened.splice(0)) await device.close();
  });

  function open(roomBytes?: number): HostDevice {
    const device = hostDevice("cpu", roomBytes);
    opened.push(device);
    return device;
  }

  /** `count` pictures of random colours, those of BROKEN replaced by web pages. */
  async function partlyBroken(count = 14): Promise<DataSource> {
    for (let row = 0; row < count; row++) {
      const color = `#${(0x100000 + row * 0x0a1b2c).toString(16)}`;
      await put(folder(), `${row}.png`, BROKEN.includes(row) ? `<html>${row}` : await plainPng(color));
    }
    return found();
  }

  async function found(): Promise<DataSource> {
    const pictures = await findPictures(await listFolder(folder()));
    assert.ok(pictures);
    return pictures;
  }

  async function resident(device: HostDevice, source: DataSource, options = READ): Promise<ResidentPictures> {
    const pictures = await makeResident(device, source, options);
    assert.ok("pixels" in pictures);
    return pictures;
  }

  async function pixelsOf(device: HostDevice, { pixelValues }: DeviceBatch): Promise<Float32Array> {
    const pixels = floats(pixelValues.shape);
    await device.download(pixelValues, pixels);
    return pixels.data;
  }

  /** Compares all batches of the two, pixels too. @returns how many there were */
  async function agree(source: DataSource, part: Partial<DeviceLoaderOptions>): Promise<number> {
    const device = open();
    const options = { ...OPTIONS, ...part };
    const onDevice = await DeviceLoader.open(device, await resident(device, source), options);
    const { augment, ...others } = options;
    const loader = createLoader({ source, transform: { kind: "augment", options: augment }, ...others });
    let count = 0;
    try {
      assert.equal(onDevice.stepsPerEpoch, loader.stepsPerEpoch);
      for (let batch = await loader.next(); batch !== null; batch = await loader.next(), count++) {
        const { pixelValues, ...expected } = batch;
        const made = await onDevice.next();
        assert.ok(made);
        const { pixelValues: _, ...found } = made;
        assert.deepEqual(found, expected);
        const pixels = await pixelsOf(device, made);
        pixels.forEach((value, at) => assert.ok(Math.abs(value - pixelValues[at]!) < TOLERANCE));
      }
      assert.equal(await onDevice.next(), null);
    } finally {
      await loader.close();
      await onDevice.close();
    }
    return count;
  }

  it("are those of the loader: rows, epochs, views, and others in the place of broken pictures", async () => {
    const source = await partlyBroken();
    assert.equal(await agree(source, { steps: 10 }), 10);
    assert.equal(await agree(source, { firstStep: 5, steps: 4, accumulation: 3 }), 4);
  });

  it("repeat a picture where a batch has all that can be read, as the loader's do", async () => {
    assert.equal(await agree(await partlyBroken(5), { batchSize: 5, steps: 3 }), 3);
  });

  it("are those of the loader where gray pictures are among coloured ones", async () => {
    for (let row = 0; row < 8; row++)
      await put(folder(), `${row}.png`, row % 2 ? await grayPng(3, 2) : await plainPng("#804020"));
    const source = await found();
    const { isGray, broken } = await resident(open(), source);
    assert.deepEqual([[...isGray], broken.size], [[0, 1, 0, 1, 0, 1, 0, 1], 0]);
    assert.equal(await agree(source, { augment: { ...AUGMENT, blur: 0.5 }, steps: 4 }), 4);
  });

  it("cross as some numbers a picture", async () => {
    const device = open();
    const crossed = { in: 0, out: 0 };
    const pictures = await resident(device, await partlyBroken());
    const loader = await DeviceLoader.open(counting(device, crossed), pictures, OPTIONS);
    await loader.next();
    // A row number, six numbers of the crop, seven mixes of two 3x3 matrices, and a hue.
    assert.deepEqual(crossed, { in: 4 * (8 + 4 * (6 + 7 * 2 * 9 + 1)), out: 0 });
  });

  it("have flips, grays and brightness as often as was asked for", async () => {
    const count = 4000;
    const device = open();
    const options: AugmentOptions = {
      ...{ cropScale: [1, 1], cropRatio: [1, 1], flip: 0.3 },
      ...{ brightness: 0.5, contrast: 0, saturation: 0, hue: 0, gray: 0.2 },
    };
    // Red on the left, black on the right.
    const data = Uint8Array.from({ length: 12 * count }, (_, at) =>
      at % 12 === 0 || at % 12 === 2 ? 128 : 0,
    );
    const pixels = await device.allocate("uint8", [count, 3, 2, 2]);
    await device.upload({ dtype: "uint8", shape: pixels.shape, data }, pixels);
    const pictures: ResidentPictures = {
      ...{ pixels, channels: 3, height: 2, width: 2, name: "two", broken: new Map() },
      isGray: new Uint8Array(count),
    };
    const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const loader = await DeviceLoader.open(device, pictures, {
      ...{ ...OPTIONS, ...plain, augment: options, batchSize: count, imageSize: 2, steps: 1 },
    });
    const seen = await pixelsOf(device, (await loader.next())!);
    const views = Array.from({ length: count }, (_, at) => seen.subarray(12 * at, 12 * at + 12));
    const share = (holds: (view: Float32Array) => boolean): number => views.filter(holds).length / count;
    const near = (value: number, expected: number): void => {
      const spread = Math.sqrt((expected * (1 - expected)) / count);
      assert.ok(Math.abs(value - expected) < 4 * spread, `${value}, expected about ${expected}`);
    };
    near(
      share((view) => view[1]! > view[0]!),
      0.3,
    );
    near(
      share((view) => Math.max(view[4]!, view[5]!) > 0),
      0.2,
    );
    // Factors from 0.5 to 1.5: half of them below 1.
    const red = (view: Float32Array) => Math.max(view[0]!, view[1]!);
    const coloured = views.filter((view) => Math.max(view[4]!, view[5]!) === 0);
    near(coloured.filter((view) => red(view) < 128 / 255).length / coloured.length, 0.5);
    assert.ok(coloured.every((view) => red(view) > 63.9 / 255 && red(view) < 192.1 / 255));
  });

  it("give back what they took, and not the pictures", async () => {
    const device = open();
    const pictures = await resident(device, await partlyBroken());
    const loader = await DeviceLoader.open(device, pictures, OPTIONS);
    assert.equal(device.held, 2);
    await loader.close();
    await loader.close();
    assert.equal(device.held, 1);
    assert.equal(await loader.next(), null);
  });

  it("are refused where the pictures fill none", async () => {
    const device = open();
    const pictures = await resident(device, await partlyBroken());
    await assert.rejects(DeviceLoader.open(device, pictures, { ...OPTIONS, batchSize: 15 }), {
      name: "UsageError",
      message: /batchSize: found 15 for 14 pictures/,
    });
  });

  describe("are left to the loader", () => {
    it("where pictures are of different sizes", async () => {
      const source = await partlyBroken();
      await put(folder(), "7.png", await grayPng(2, 2));
      const { reason } = (await makeResident(open(), source, READ)) as { reason: string };
      assert.match(reason, /^pictures of (3 x 2 and of 2 x 2|2 x 2 and of 3 x 2) pixels$/);
    });

    it("where they are more than is kept, or than the device has room for", async () => {
      const source = await partlyBroken();
      const bytes = 14 * 18;
      const limited = (limitBytes: number) => makeResident(open(), source, { ...READ, limitBytes });
      assert.deepEqual(await limited(bytes - 1), { reason: "1 MiB of pictures, more than 1" });
      assert.ok("pixels" in (await limited(bytes)));
      assert.deepEqual(await makeResident(open(bytes - 1), source, READ), {
        reason: "1 MiB of pictures find no room: out of memory",
      });
    });
  });

  it("tell of a broken picture at once when strict, and when none can be read", async () => {
    const source = await partlyBroken();
    await assert.rejects(makeResident(open(), source, { ...READ, strict: true }), {
      name: "DataError",
      message: /(2|3|11)\.png: found text/,
    });
    for (let row = 0; row < 14; row++) await put(folder(), `${row}.png`, "");
    await assert.rejects(makeResident(open(), await found(), READ), {
      name: "DataError",
      message: /found no picture that can be read, expected at least one; .*: found an empty file/,
    });
  });

  it("tell how many pictures have been read, and stop when asked", async () => {
    const source = await partlyBroken();
    const told: number[] = [];
    const progress = (done: number, total: number) => void told.push(done / total);
    await makeResident(open(), source, { ...READ, progress });
    assert.equal(told.length, 14);
    assert.equal(told.at(-1), 1);
    const hooks = { stopRequested: () => told.length > 20 };
    await assert.rejects(makeResident(open(), source, { ...READ, progress, hooks }), Stopped);
  });
});
