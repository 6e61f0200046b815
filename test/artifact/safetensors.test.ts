import assert from "node:assert/strict";
import { readSafetensors, writeSafetensors } from "../../src/artifact/safetensors.js";
import { ArtifactError } from "../../src/errors.js";
import { DTYPES, elementBytes } from "../../src/ir/dtype.js";
import { asFloat32, fromFloat32, packTensor, type RawTensor } from "../../src/ir/rawTensor.js";

const everyDtype = new Map(
  DTYPES.filter((dtype) => dtype !== "bfloat16").map((dtype): [string, RawTensor] => [
    `${dtype}.weight`,
    packTensor({ dtype, shape: [3], data: [1, 0, 1] }, dtype),
  ]),
);

/** A file of a header, as text, and data bytes. */
function file(header: string, dataBytes = 0, length?: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function headerOf(bytes: Uint8Array): string {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return new TextDecoder().decode(bytes.subarray(8, 8 + length));
}

function assertRefused(bytes: Uint8Array, message: string): void {
  assert.throws(
    () => readSafetensors(bytes, "state.safetensors"),
    new ArtifactError(`state.safetensors${message}; copy the file again or restore it from a checkpoint`),
  );
}

describe("safetensors", () => {
  it("gives back tensors of every dtype, scalars, empty ones and metadata", () => {
    const tensors = new Map([
      ...everyDtype,
      ["scalar", fromFloat32(Float32Array.of(0.07), [])] as const,
      ["empty", fromFloat32(new Float32Array(), [0, 128])] as const,
      ["0", fromFloat32(Float32Array.of(1), [1])] as const,
      ['名 "x"', fromFloat32(Float32Array.of(2), [1])] as const,
    ]);
    const metadata = { format: "pt", epoch: "3" };
    const read = readSafetensors(writeSafetensors({ tensors, metadata }), "state.safetensors");
    assert.deepEqual(read.metadata, metadata);
    assert.deepEqual([...read.tensors.keys()].sort(), [...tensors.keys()].sort());
    for (const [name, tensor] of tensors) assert.deepEqual(read.tensors.get(name), tensor, name);
  });

  it("writes the documented layout", () => {
    const tensors = new Map([["w", fromFloat32(Float32Array.of(1), [1])]]);
    const bytes = writeSafetensors({ tensors, metadata: { a: "b" } });
    const json = '{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    assert.equal(headerOf(bytes), json.padEnd(Math.ceil(json.length / 8) * 8));
    assert.deepEqual([...bytes.subarray(-4)], [0, 0, 0x80, 0x3f]);
  });

  it("gives equal bytes whatever the order of tensors and metadata", () => {
    const turned = new Map([...everyDtype].reverse());
    assert.deepEqual(
      writeSafetensors({ tensors: everyDtype, metadata: { a: "1", b: "2" } }),
      writeSafetensors({ tensors: turned, metadata: { b: "2", a: "1" } }),
    );
  });

  it("places every tensor at a multiple of its element size", () => {
    const { tensors } = readSafetensors(
      writeSafetensors({ tensors: everyDtype, metadata: {} }),
      "state.safetensors",
    );
    for (const [name, { dtype, bytes }] of tensors)
      assert.equal(bytes.byteOffset % elementBytes(dtype), 0, name);
  });

  it("gives float32 numbers even where another writer left them unaligned", () => {
    const bytes = file(
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}',
      5,
    );
    bytes.set(new Uint8Array(Float32Array.of(1.5).buffer), bytes.length - 4);
    const odd = new Uint8Array(bytes.length + 1);
    odd.set(bytes, 1);
    for (const view of [bytes, odd.subarray(1)]) {
      const { tensors } = readSafetensors(view, "state.safetensors");
      assert.deepEqual([...asFloat32(tensors.get("w")!, "w")], [1.5]);
    }
  });

  it("reads bfloat16 as float32, which holds it exactly", () => {
    const bytes = file('{"w":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}}', 6);
    bytes.set([0x80, 0x3f, 0x49, 0xc0, 0x80, 0x7f], bytes.length - 6);
    const tensor = readSafetensors(bytes, "state.safetensors").tensors.get("w")!;
    assert.deepEqual([...asFloat32(tensor, "w")], [1, -3.140625, Infinity]);
    assert.deepEqual(tensor.shape, [3]);
    assertRefused(
      file('{"w":{"dtype":"BF16","shape":[3],"data_offsets":[0,12]}}', 12),
      ": tensor w has 12 bytes, expected 6 for bfloat16 [3]",
    );
  });

  it("refuses a file cut short at any length", () => {
    const bytes = writeSafetensors({ tensors: everyDtype, metadata: { a: "b" } });
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => readSafetensors(bytes.subarray(0, length), "state.safetensors"), ArtifactError);
    }
    assertRefused(bytes.subarray(0, 5), ": has 5 bytes, expected at least 8");
    const tensorBytes = [...everyDtype.values()].reduce((sum, tensor) => sum + tensor.bytes.length, 0);
    assertRefused(
      bytes.subarray(0, bytes.length - 1),
      `: tensors end at byte ${tensorBytes}, expected ${tensorBytes - 1}, where the file ends`,
    );
  });

  it("refuses a header length beyond the file", () => {
    assertRefused(file("{}", 0, 3), ": says that its header has 3 bytes, expected at most 2");
    const huge = new Uint8Array(8).fill(0xff);
    assertRefused(huge, ": says that its header has 18446744073709552000 bytes, expected at most 0");
  });

  it("refuses a header that is not UTF-8 or not JSON", () => {
    const broken = file("{}");
    broken[8] = 0xff;
    assertRefused(broken, ": has a header that is not UTF-8, expected JSON");
    assert.throws(
      () => readSafetensors(file("{"), "s"),
      /^ArtifactError: s, header: is not JSON \(.*\); copy the file again/,
    );
    assertRefused(file("[]"), ", header: the whole is [], expected object");
  });

  it("lists every entry that is not one", () => {
    assertRefused(
      file('{"a":{"dtype":"F8_E4M3","shape":[-1],"data_offsets":[0]},"b":7}'),
      ', header: a.dtype is "F8_E4M3", expected one of "F32"|"F64"|"F16"|"I64"|"I32"|"I8"|"U8"|"BOOL"|"BF16"; ' +
        "a.shape[0] is -1, expected number to be >=0; a.data_offsets is [0], expected array to have >=2 items; " +
        "b is 7, expected object",
    );
    assertRefused(file('{"__metadata__":{"a":1}}'), ", header __metadata__: a is 1, expected string");
  });

  it("refuses tensors that overlap, leave gaps, or have another size than their shape", () => {
    const entry = (begin: number, end: number, size: number) =>
      `{"dtype":"U8","shape":[${size}],"data_offsets":[${begin},${end}]}`;
    assertRefused(
      file(`{"a":${entry(0, 2, 2)},"b":${entry(1, 3, 2)}}`, 3),
      ": tensor b begins at 1, expected 2: it overlaps the one before",
    );
    assertRefused(
      file(`{"a":${entry(0, 1, 1)},"b":${entry(2, 3, 1)}}`, 3),
      ": tensor b begins at 2, expected 1: there is a gap before it",
    );
    assertRefused(file(`{"a":${entry(0, 3, 2)}}`, 3), ": tensor a has 3 bytes, expected 2 for uint8 [2]");
    assertRefused(
      file(`{"a":${entry(0, 2, 2)}}`, 3),
      ": tensors end at byte 2, expected 3, where the file ends",
    );
    assertRefused(
      file(`{"a":${entry(2, 0, 2)}}`, 2),
      ": tensor a has -2 bytes, expected 2 for uint8 [2]; tensor a begins at 2, expected 0: there is a gap before it; " +
        "tensors end at byte 0, expected 2, where the file ends",
    );
  });

  it("refuses to write tensors of another size than their shape, or with the reserved name", () => {
    const tensors = new Map<string, RawTensor>([
      ["a", { dtype: "float32", shape: [2], bytes: new Uint8Array(7) }],
      ["__metadata__", fromFloat32(new Float32Array(1), [1])],
    ]);
    assert.throws(
      () => writeSafetensors({ tensors, metadata: {} }),
      new ArtifactError(
        "safetensors to be written: tensor a has 7 bytes, expected 8 for float32 [2]; " +
          "tensor __metadata__ has the name of the format's own entry; correct the tensors",
      ),
    );
  });
});
