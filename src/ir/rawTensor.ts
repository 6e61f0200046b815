/** @file Tensors as raw bytes: the form in which weights travel between files, models and runtimes. */

import { GraphError, ShapeError } from "../errors.js";
import { elementBytes, isFloat, type DType, type Tensor } from "./dtype.js";
import { decodeBfloat, decodeHalf, encodeBfloat, encodeHalf } from "./half.js";
import { elementCount, showShape } from "./shape.js";

export interface RawTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Row-major, little-endian; may be a view into a larger buffer, at any offset. */
  readonly bytes: Uint8Array;
}

interface ElementCodec {
  /** Whole numbers that the dtype holds exactly; null: any number, rounded. */
  readonly range: readonly [least: number, most: number] | null;
  read(view: DataView, offset: number): number;
  write(view: DataView, offset: number, value: number): void;
}

const ELEMENTS: Readonly<Record<DType, ElementCodec>> = {
  float32: {
    range: null,
    read: (view, offset) => view.getFloat32(offset, true),
    write: (view, offset, value) => view.setFloat32(offset, value, true),
  },
  float64: {
    range: null,
    read: (view, offset) => view.getFloat64(offset, true),
    write: (view, offset, value) => view.setFloat64(offset, value, true),
  },
  float16: {
    range: null,
    read: (view, offset) => decodeHalf(view.getUint16(offset, true)),
    write: (view, offset, value) => view.setUint16(offset, encodeHalf(value), true),
  },
  bfloat16: {
    range: null,
    read: (view, offset) => decodeBfloat(view.getUint16(offset, true)),
    write: (view, offset, value) => view.setUint16(offset, encodeBfloat(value), true),
  },
  int64: {
    range: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    read: (view, offset) => Number(view.getBigInt64(offset, true)),
    write: (view, offset, value) => view.setBigInt64(offset, BigInt(value), true),
  },
  int32: {
    range: [-(2 ** 31), 2 ** 31 - 1],
    read: (view, offset) => view.getInt32(offset, true),
    write: (view, offset, value) => view.setInt32(offset, value, true),
  },
  int8: {
    range: [-128, 127],
    read: (view, offset) => view.getInt8(offset),
    write: (view, offset, value) => view.setInt8(offset, value),
  },
  uint8: {
    range: [0, 255],
    read: (view, offset) => view.getUint8(offset),
    write: (view, offset, value) => view.setUint8(offset, value),
  },
  bool: {
    range: [0, 1],
    read: (view, offset) => view.getUint8(offset),
    write: (view, offset, value) => view.setUint8(offset, value),
  },
};

/** Bytes that a tensor of this dtype and shape takes. */
export function sizeBytes(dtype: DType, shape: readonly number[]): number {
  return elementBytes(dtype) * elementCount(shape);
}

function checkRange(dtype: DType, numbers: ArrayLike<number>, where: string): void {
  const { range } = ELEMENTS[dtype];
  if (range === null) return;
  const [least, most] = range;
  const outside = Array.from(numbers).filter((n) => !(Number.isInteger(n) && n >= least && n <= most));
  if (outside.length === 0) return;
  throw new GraphError(
    `${where}: holds ${outside.slice(0, 8).join(", ")} as ${dtype}, expected whole numbers in [${least}, ${most}]`,
  );
}

/** @throws GraphError when a number is not exact in an integer dtype; ShapeError when there are too many or too few */
export function packTensor({ dtype, shape, data }: Tensor, where: string): RawTensor {
  if (data.length !== elementCount(shape)) {
    throw new ShapeError(
      `${where}: holds ${data.length} numbers, expected ${elementCount(shape)} for ${showShape(shape)}`,
    );
  }
  checkRange(dtype, data, where);
  const bytes = new Uint8Array(sizeBytes(dtype, shape));
  const view = new DataView(bytes.buffer);
  const width = elementBytes(dtype);
  for (let at = 0; at < data.length; at++) ELEMENTS[dtype].write(view, at * width, data[at]!);
  return { dtype, shape, bytes };
}

/** @throws GraphError when an int64 lies beyond ±2^53; ShapeError when the number of bytes does not fit the shape */
export function unpackTensor({ dtype, shape, bytes }: RawTensor, where: string): Tensor {
  if (bytes.length !== sizeBytes(dtype, shape)) {
    throw new ShapeError(
      `${where}: holds ${bytes.length} bytes, expected ${sizeBytes(dtype, shape)} for ${dtype} ${showShape(shape)}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = elementBytes(dtype);
  const data = Array.from({ length: bytes.length / width }, (_, at) =>
    ELEMENTS[dtype].read(view, at * width),
  );
  checkRange(dtype, data, where);
  return { dtype, shape, data };
}

/** The bytes of numbers as they lie in memory, without a copy. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The bytes of `data`, without a copy: as long as the result is used, `data` must not change. */
export function fromFloat32(data: Float32Array, shape: readonly number[]): RawTensor {
  if (data.length !== elementCount(shape)) {
    throw new ShapeError(
      `tensor ${showShape(shape)}: given ${data.length} numbers, expected ${elementCount(shape)}`,
    );
  }
  return { dtype: "float32", shape, bytes: bytesOf(data) };
}

/**
 * The numbers of a float32 tensor: a view where its bytes are aligned, else a copy.
 * @throws ShapeError unless it is float32
 */
export function asFloat32({ dtype, shape, bytes }: RawTensor, where: string): Float32Array {
  if (dtype !== "float32")
    throw new ShapeError(`${where}: is ${dtype} ${showShape(shape)}, expected float32`);
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

/**
 * The numbers of a tensor of any float dtype in float32: a view of a float32 tensor where it can be one, else a copy,
 * rounded.
 * @throws ShapeError unless its dtype is a float
 */
export function toFloat32(raw: RawTensor, where: string): Float32Array {
  const { dtype, shape, bytes } = raw;
  if (dtype === "float32") return asFloat32(raw, where);
  if (!isFloat(dtype))
    throw new ShapeError(`${where}: is ${dtype} ${showShape(shape)}, expected a float dtype`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = elementBytes(dtype);
  const numbers = new Float32Array(bytes.byteLength / width);
  for (let at = 0; at < numbers.length; at++) numbers[at] = ELEMENTS[dtype].read(view, at * width);
  return numbers;
}
