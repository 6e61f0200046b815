/** @file The door to koffi, which calls functions of C. In each thread its settings are made before it loads a library. */

export type Koffi = typeof import("koffi").default;

/**
 * Bytes of stack of a call on another thread, the most that koffi gives. It has 128 KiB otherwise; a runtime that loads a
 * model or searches for a kernel counts on the megabytes that a thread has. What is not touched takes no memory.
 */
export const STACK_BYTES = 16 * 2 ** 20;

let loaded: Promise<Koffi> | null = null;

/** @throws what the import throws, when koffi or its library for this platform is missing */
export function loadKoffi(): Promise<Koffi> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Koffi> {
  const { default: koffi } = await import("koffi");
  try {
    koffi.config({ async_stack_size: STACK_BYTES, sync_stack_size: STACK_BYTES });
  } catch {
    // Somebody else in this thread has loaded a library: whoever needs the room looks at hasRoom().
  }
  return koffi;
}

/** Whether its settings were made in time. */
export const hasRoom = (koffi: Koffi): boolean => (koffi.config().async_stack_size ?? 0) >= STACK_BYTES;
