/** @file ONNX Runtime's C API as functions that throw. Those of a table are made once in each thread. */

import type { Koffi } from "../koffi.js";
import { API_TABLE, type Taken } from "./apiTable.js";
import { loadLibrary, type OrtLibrary } from "./library.js";
import { OrtError, ortCodeName } from "./status.js";

type Table = typeof API_TABLE;
type FunctionName = keyof Table;
type StatusName = { [F in FunctionName]: Table[F]["gives"] extends "status" ? F : never }[FunctionName];

/** Where something lies in memory. */
export type Address = bigint;

interface TakenAs {
  readonly pointer: Address | NodeJS.TypedArray | null;
  readonly text: string;
  readonly texts: readonly string[];
  readonly int: number;
  readonly size: number;
}
interface GivenAs {
  readonly status: void;
  readonly text: string;
  readonly int: number;
  readonly nothing: void;
}
type Arguments<T extends readonly Taken[]> = { -readonly [I in keyof T]: TakenAs[T[I]] };

export type OrtFunctions = {
  readonly [F in FunctionName]: (...args: Arguments<Table[F]["takes"]>) => GivenAs[Table[F]["gives"]];
};

export interface OrtApi extends OrtFunctions {
  readonly version: string;
  /** What the functions are of; it is not unloaded while somebody has them. */
  readonly library: OrtLibrary;
  /**
   * Calls a function on another thread. What its pointers lead to must stay until the promise is settled: arrays are
   * given by addressOf(), and held by the caller.
   * @throws OrtError as the function itself does
   */
  offThread<F extends StatusName>(name: F, ...args: Arguments<Table[F]["takes"]>): Promise<void>;
  /** Of the first byte; the memory of an array does not move, but ends with it. */
  addressOf(array: NodeJS.TypedArray): Address;
  /** The memory itself, not a copy: nothing may touch it once it is given back. */
  viewOf(address: Address, sizeBytes: number): ArrayBuffer;
  /** Text that ends with a zero. */
  textAt(address: Address): string;
}

const TYPES: Readonly<Record<Taken, string>> = {
  pointer: "void *",
  text: "str",
  texts: "str *",
  int: "int",
  size: "size_t",
};
const RESULTS = { status: "void *", text: "str", int: "int", nothing: "void" } as const;

type Foreign = ReturnType<ReturnType<Koffi["load"]>["func"]>;

let opened: Promise<OrtApi> | null = null;

/** @throws ProviderError as loadLibrary */
export function openApi(): Promise<OrtApi> {
  opened ??= loadLibrary()
    .then(apiOf)
    .catch((error: unknown) => {
      opened = null;
      throw error;
    });
  return opened;
}

function apiOf(library: OrtLibrary): OrtApi {
  const { koffi, version } = library;
  const foreign = foreignFunctions(library);
  const throwing = (name: FunctionName) => {
    const call = foreign.get(name)!;
    if (API_TABLE[name].gives !== "status") return call;
    return (...args: unknown[]): void => {
      const fault = faultOf(foreign, call(...args));
      if (fault !== null) throw fault;
    };
  };
  const functions = Object.fromEntries(
    [...foreign.keys()].map((name) => [name, throwing(name)]),
  ) as unknown as OrtFunctions;
  return {
    ...functions,
    version,
    library,
    offThread: (name, ...args) =>
      new Promise((resolve, reject) => {
        foreign.get(name)!.async(...args, (failed: Error | null, status: unknown) => {
          const fault = failed ?? faultOf(foreign, status);
          if (fault === null) resolve();
          else reject(fault);
        });
      }),
    addressOf: (array) => koffi.address(array),
    viewOf: (address, sizeBytes) => koffi.view(address, sizeBytes),
    textAt: (address) => koffi.decode.string(address),
  };
}

function foreignFunctions({ koffi, table }: OrtLibrary): ReadonlyMap<FunctionName, Foreign> {
  const addressBytes = koffi.sizeof("void *");
  const names = Object.keys(API_TABLE) as FunctionName[];
  return new Map(
    names.map((name) => {
      const { at, takes, gives } = API_TABLE[name];
      const type = koffi.proto(
        RESULTS[gives],
        takes.map((taken) => TYPES[taken]),
      );
      const address: unknown = koffi.decode(table, at * addressBytes, "void *");
      return [name, koffi.decode(address, type) as Foreign];
    }),
  );
}

/** What a status says, which is then given back; null: it went well. */
function faultOf(foreign: ReadonlyMap<FunctionName, Foreign>, status: unknown): OrtError | null {
  if (status === null) return null;
  const code = foreign.get("GetErrorCode")!(status) as number;
  const words = foreign.get("GetErrorMessage")!(status) as string;
  foreign.get("ReleaseStatus")!(status);
  return new OrtError(words, ortCodeName(code));
}
