import assert from "node:assert/strict";
import { GraphError, ShapeError } from "../../src/errors.js";
import { DTYPES, type DType } from "../../src/ir/dtype.js";
import { decodeBfloat, decodeHalf, encodeBfloat, encodeHalf } from "../../src/ir/half.js";
import { asFloat32, fromFloat32, packTensor, unpackTensor } from "../../src/ir/rawTensor.js";

describe("packTensor and unpackTensor", () => {
  it("keep the numbers of every dtype", () => {
    const numbers: Record<DType, number[]> = {
      float32: [0.5, -0, Infinity, NaN],
      float64: [0.1, -0, -Infinity, 5e-324],
      float16: [0.5, -0, 65504, 2 ** -24],
      bfloat16: [0.5, -0, 2 ** 127, NaN],
      int64: [-1, 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
      int32: [-1, 0, 2 ** 31 - 1, -(2 ** 31)],
      int8: [-128, -1, 0, 127],
      uint8: [0, 1, 128, 255],
      bool: [0, 1, 1, 0],
    };
    for (const dtype of DTYPES) {
      const tensor = { dtype, shape: [2, 2], data: numbers[dtype] };
      assert.deepEqual(unpackTensor(packTensor(tensor, "t"), "t"), tensor);
    }
  });

  it("are little-endian", () => {
    assert.deepEqual(
      [...packTensor({ dtype: "int32", shape: [], data: [0x01020304] }, "t").bytes],
      [4, 3, 2, 1],
    );
    assert.deepEqual(
      [...packTensor({ dtype: "int64", shape: [], data: [-2] }, "t").bytes],
      [0xfe, ...new Array<number>(7).fill(0xff)],
    );
  });

  it("refuse numbers that an integer dtype does not hold", () => {
    assert.throws(
      () => packTensor({ dtype: "uint8", shape: [3], data: [256, 1, -1] }, "t"),
      new GraphError("t: holds 256, -1 as uint8, expected whole numbers in [0, 255]"),
    );
    const bytes = Uint8Array.of(1, 0, 0, 0, 0, 0, 0x20, 0); // 2^53 + 1
    assert.throws(() => unpackTensor({ dtype: "int64", shape: [], bytes }, "t"), GraphError);
    assert.throws(
      () => unpackTensor({ dtype: "bool", shape: [], bytes: Uint8Array.of(2) }, "t"),
      new GraphError("t: holds 2 as bool, expected whole numbers in [0, 1]"),
    );
  });

  it("refuse another number of elements than the shape has", () => {
    assert.throws(
      () => packTensor({ dtype: "float32", shape: [2], data: [1] }, "t"),
      new ShapeError("t: holds 1 numbers, expected 2 for [2]"),
    );
    assert.throws(
      () => unpackTensor({ dtype: "float32", shape: [2], bytes: new Uint8Array(7) }, "t"),
      new ShapeError("t: holds 7 bytes, expected 8 for float32 [2]"),
    );
  });
});

describe("fromFloat32 and asFloat32", () => {
  it("share the memory of aligned numbers", () => {
    const data = Float32Array.of(1, 2, 3);
    const view = asFloat32(fromFloat32(data.subarray(1), [2]), "t");
    data[2] = 7;
    assert.deepEqual([...view], [2, 7]);
  });

  it("copy numbers that are not aligned", () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(Float32Array.of(1, 2).buffer), 1);
    assert.deepEqual([...asFloat32({ dtype: "float32", shape: [2], bytes: bytes.subarray(1) }, "t")], [1, 2]);
  });

  it("copy out of a Buffer in its pool", () => {
    const pooled = Buffer.from(new Uint8Array(Float32Array.of(1, 2).buffer));
    assert.deepEqual([...asFloat32({ dtype: "float32", shape: [2], bytes: pooled }, "t")], [1, 2]);
  });

  it("refuse other dtypes and sizes", () => {
    assert.throws(
      () => asFloat32({ dtype: "int32", shape: [1], bytes: new Uint8Array(4) }, "step"),
      new ShapeError("step: is int32 [1], expected float32"),
    );
    assert.throws(
      () => fromFloat32(new Float32Array(3), [2]),
      new ShapeError("tensor [2]: given 3 numbers, expected 2"),
    );
  });
});

describe("encodeHalf and decodeHalf", () => {
  it("agree on all 65536 halves", () => {
    for (let bits = 0; bits < 2 ** 16; bits++) {
      const number = decodeHalf(bits);
      if (!Number.isNaN(number)) assert.equal(encodeHalf(number), bits);
    }
  });

  it("round to the nearest, and to the even one of two", () => {
    const unit = 2 ** -10; // between halves in [1, 2)
    assert.equal(decodeHalf(encodeHalf(1 + unit * 0.49)), 1);
    assert.equal(decodeHalf(encodeHalf(1 + unit * 0.5)), 1);
    assert.equal(decodeHalf(encodeHalf(1 + unit * 1.5)), 1 + 2 * unit);
    assert.equal(decodeHalf(encodeHalf(2 - unit * 0.4)), 2);
    assert.equal(decodeHalf(encodeHalf(65519)), 65504);
    assert.equal(decodeHalf(encodeHalf(65520)), Infinity);
    assert.equal(decodeHalf(encodeHalf(-1e9)), -Infinity);
    assert.equal(decodeHalf(encodeHalf(2 ** -25)), 0);
    assert.ok(Number.isNaN(decodeHalf(encodeHalf(NaN))));
  });
});

describe("bfloat16", () => {
  it("is the upper half of a float32, rounded to the nearest, halves to the even one", () => {
    assert.deepEqual(
      [1, -2, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -7, Infinity].map(encodeBfloat),
      [0x3f80, 0xc000, 0x3f80, 0x3f82, 0x3f81, 0x7f80],
    );
    for (let bits = 0; bits < 0x7f80; bits += 7) assert.equal(encodeBfloat(decodeBfloat(bits)), bits);
    assert.ok(Number.isNaN(decodeBfloat(encodeBfloat(NaN))));
  });
});
