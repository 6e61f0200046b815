/**
 * @file A device at the other end of a line that carries only JSON: in a page, or in a process of its own. For tests;
 * never shipped. The near end is test/support/remoteDevice.ts.
 */

import { floats, int64s, type HostTensor } from "../../../runtime/session.js";
import type { AnyTensor, Device, DeviceSession, DeviceTensor } from "../../../runtime/device.js";

/** What a page computes with. */
export type PageProvider = "webgpu" | "wasm";

type Described = Pick<HostTensor, "dtype" | "shape">;
/** A device tensor by its number, or a host tensor with its bytes in base64; those of a result are not looked at. */
export type Sent = number | (Described & { readonly bytes: string });
export type Named = readonly (readonly [name: string, tensor: Sent])[];

export type Question =
  | { readonly ask: "openSession"; readonly model: string; readonly where: string }
  | ({ readonly ask: "allocate" } & Described)
  | { readonly ask: "upload"; readonly from: Sent; readonly into: number }
  | { readonly ask: "download"; readonly from: number; readonly into: Sent }
  | { readonly ask: "run"; readonly session: number; readonly feeds: Named; readonly into: Named }
  | { readonly ask: "release"; readonly tensor: number }
  | { readonly ask: "close" };

export interface Answer {
  /** Of a session or tensor that was made. */
  readonly number?: number;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  /** Host tensors that were written, in the order of the question. */
  readonly bytes?: readonly string[];
  readonly error?: { readonly name: string; readonly message: string };
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export function toBase64({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @param bytes as many as the tensor has, else zeros */
export function hostTensor({ dtype, shape }: Described, bytes: Uint8Array): HostTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const tensor: HostTensor =
    dtype === "float32"
      ? floats(shape)
      : dtype === "int64"
        ? int64s(shape)
        : { dtype, shape, data: new Uint8Array(count) };
  new Uint8Array(tensor.data.buffer).set(bytes);
  return tensor;
}

/** A device, or sessions alone: then there are no tensors to be asked for. */
export type Served = Pick<Device, "openSession" | "close"> & Partial<Device>;

export function serveDevice(device: Served): (question: Question) => Promise<Answer> {
  const sessions: DeviceSession[] = [];
  const tensors: DeviceTensor[] = [];
  const opened = (sent: Sent): AnyTensor =>
    typeof sent === "number" ? tensors[sent]! : hostTensor(sent, fromBase64(sent.bytes));
  const named = (list: Named) => new Map(list.map(([name, sent]) => [name, opened(sent)]));
  const written = (list: Iterable<AnyTensor>): string[] =>
    [...list].flatMap((tensor) => ("data" in tensor ? [toBase64(tensor.data)] : []));

  async function answer(question: Question): Promise<Answer> {
    switch (question.ask) {
      case "openSession": {
        const session = await device.openSession(fromBase64(question.model), question.where);
        const { inputs, outputs } = session;
        return { number: sessions.push(session) - 1, inputs, outputs };
      }
      case "allocate":
        return { number: tensors.push(await device.allocate!(question.dtype, question.shape)) - 1 };
      case "upload":
        await device.upload!(opened(question.from) as HostTensor, tensors[question.into]!);
        return {};
      case "download": {
        const into = opened(question.into) as HostTensor;
        await device.download!(tensors[question.from]!, into);
        return { bytes: written([into]) };
      }
      case "run": {
        const into = named(question.into);
        await sessions[question.session]!.run(named(question.feeds), into);
        return { bytes: written(into.values()) };
      }
      case "release":
        device.release!(tensors[question.tensor]!);
        return {};
      case "close":
        await device.close();
        return {};
    }
  }
  return (question) =>
    answer(question).catch((error: unknown) => {
      const { name, message } = error as Error;
      return { error: { name, message } };
    });
}
