/** @file Tensors as the runtime knows them: over an array of ours, or in memory of its own. */

import type { Address, OrtApi } from "./api.js";
import { ELEMENT_BYTES, elementTypeNumber, type NativeType } from "./elementTypes.js";
import { Handle, made } from "./handle.js";

/** Kinds of memory, under the runtime's names. */
export type MemoryName = "Cpu" | "Cuda" | "CudaPinned";

/** Of OrtAllocatorType: from an arena where there is one. */
const ARENA = 1;
/** Of OrtMemType. */
const DEFAULT_MEMORY = 0;

export interface TensorType {
  readonly dtype: NativeType;
  readonly shape: readonly number[];
}

export const elementsOf = ({ shape }: TensorType): number => shape.reduce((a, b) => a * b, 1);
export const bytesOf = (type: TensorType): number => elementsOf(type) * ELEMENT_BYTES[type.dtype];

/** @throws OrtError when the runtime knows no such memory */
export function memoryInfo(api: OrtApi, name: MemoryName, deviceId = 0): Handle {
  const address = made((place) => api.CreateMemoryInfo(name, ARENA, deviceId, DEFAULT_MEMORY, place));
  return new Handle(`memory of ${name}`, address, api.ReleaseMemoryInfo);
}

/** What gives memory where a session computes. @throws OrtError when it has none of this kind */
export function sessionAllocator(api: OrtApi, session: Handle, info: Handle): Handle {
  const address = made((place) => api.CreateAllocator(session.address, info.address, place));
  return new Handle("allocator", address, api.ReleaseAllocator);
}

/**
 * A tensor over an array, which must stay, and stay attached, for as long as the value is open.
 * @throws OrtError when the array is too short for the shape
 */
export function valueOver(
  api: OrtApi,
  info: Handle,
  data: NodeJS.TypedArray,
  { dtype, shape }: TensorType,
): Handle {
  const dimensions = BigInt64Array.from(shape, BigInt);
  const address = made((place) =>
    api.CreateTensorWithDataAsOrtValue(
      info.address,
      api.addressOf(data),
      data.byteLength,
      dimensions,
      shape.length,
      elementTypeNumber(dtype),
      place,
    ),
  );
  return new Handle("tensor", address, api.ReleaseValue);
}

/** @returns a tensor in the allocator's memory; what is in it is not known. @throws OrtError when there is none left */
export function newValue(api: OrtApi, allocator: Handle, { dtype, shape }: TensorType): Handle {
  const dimensions = BigInt64Array.from(shape, BigInt);
  const address = made((place) =>
    api.CreateTensorAsOrtValue(allocator.address, dimensions, shape.length, elementTypeNumber(dtype), place),
  );
  return new Handle("tensor", address, api.ReleaseValue);
}

/** Of the tensor's first element, where it lies. */
export const dataOf = (api: OrtApi, value: Handle): Address =>
  made((place) => api.GetTensorMutableData(value.address, place));
