/** @file The part of the WebAssembly interface that is in use: TypeScript declares it for browsers only. */

export interface WasmMemory {
  /** Another one after each grow(); views of the old one are empty then. */
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** Memory of several threads; views of it stay good when it grows. */
export interface SharedWasmMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

interface WasmApi {
  readonly Memory: {
    new (limits: { readonly initial: number }): WasmMemory;
    new (limits: {
      readonly initial: number;
      readonly maximum: number;
      readonly shared: true;
    }): SharedWasmMemory;
  };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

const { Memory, Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly;

export const PAGE_BYTES = 65_536;

/** Zeros, at least so many bytes and one page. */
export function createMemory(bytes: number): WasmMemory {
  return new Memory({ initial: Math.max(1, Math.ceil(bytes / PAGE_BYTES)) });
}

/** All that 32-bit addresses reach, 4 GiB. */
const MOST_PAGES = 65_536;
export const MOST_BYTES = MOST_PAGES * PAGE_BYTES;

/** The same for several threads. It can grow to 4 GiB, and takes no more than it has grown to. */
export function createSharedMemory(bytes: number): SharedWasmMemory {
  const initial = Math.max(1, Math.ceil(bytes / PAGE_BYTES));
  return new Memory({ initial, maximum: MOST_PAGES, shared: true });
}

/** @throws RangeError (the engine's own) where there is no such memory */
export function growTo(memory: WasmMemory | SharedWasmMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
}

/** Compiles a module. @returns what puts its functions over a memory; what they take is the caller's to know */
export function compile(bytes: Uint8Array<ArrayBuffer>): (memory: WasmMemory | SharedWasmMemory) => unknown {
  const module = new Module(bytes);
  return (memory) => new Instance(module, { js: { memory } }).exports;
}
