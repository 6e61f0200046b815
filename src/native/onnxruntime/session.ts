/** @file A model that the runtime has loaded, and what it declares. */

import type { Address, OrtApi } from "./api.js";
import { ELEMENT_TYPES } from "./elementTypes.js";
import type { Runtime } from "./env.js";
import { Handle, made } from "./handle.js";
import { sessionOptions, type NativeSessionOptions } from "./sessionOptions.js";

/** A dimension that is no number is known only when the model runs. */
export interface Declared {
  readonly name: string;
  /** "float32"; "other" for what is no tensor. */
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

export interface LoadedSession {
  readonly handle: Handle;
  readonly inputs: readonly Declared[];
  readonly outputs: readonly Declared[];
}

/** @param where names the model in messages. @throws OrtError when the runtime refuses it */
export async function createSession(
  { api, env }: Runtime,
  model: Uint8Array,
  where: string,
  chosen: NativeSessionOptions,
): Promise<LoadedSession> {
  const options = sessionOptions(api, chosen);
  const place = new BigUint64Array(1);
  try {
    const [bytes, into] = [api.addressOf(model), api.addressOf(place)];
    await api.offThread("CreateSessionFromArray", env, bytes, model.byteLength, options.address, into);
  } finally {
    options.close();
  }
  const handle = new Handle(where, place[0]!, api.ReleaseSession);
  return { handle, inputs: declared(api, handle, "Input"), outputs: declared(api, handle, "Output") };
}

function declared(api: OrtApi, { address: session }: Handle, end: "Input" | "Output"): Declared[] {
  const count = made((place) => api[`SessionGet${end}Count`](session, place));
  return Array.from({ length: Number(count) }, (_, at) => {
    const type = made((place) => api[`SessionGet${end}TypeInfo`](session, at, place));
    try {
      return { name: nameOf(api, session, end, at), ...typeOf(api, type) };
    } finally {
      api.ReleaseTypeInfo(type);
    }
  });
}

function nameOf(api: OrtApi, session: Address, end: "Input" | "Output", at: number): string {
  const allocator = made((place) => api.GetAllocatorWithDefaultOptions(place));
  const name = made((place) => api[`SessionGet${end}Name`](session, at, allocator, place));
  const text = api.textAt(name);
  api.AllocatorFree(allocator, name);
  return text;
}

function typeOf(api: OrtApi, type: Address): Omit<Declared, "name"> {
  const info = made((place) => api.CastTypeInfoToTensorInfo(type, place)); // part of the type
  if (info === 0n) return { dtype: "other", shape: [] };
  const element = new Int32Array(1);
  api.GetTensorElementType(info, element);
  const rank = Number(made((place) => api.GetDimensionsCount(info, place)));
  const [sizes, names] = [new BigInt64Array(rank), new BigUint64Array(rank)];
  api.GetDimensions(info, sizes, rank);
  api.GetSymbolicDimensions(info, names, rank);
  const shape = Array.from(sizes, (size, axis) => (size < 0n ? api.textAt(names[axis]!) : Number(size)));
  return { dtype: ELEMENT_TYPES[element[0]!] ?? "other", shape };
}
