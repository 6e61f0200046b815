/** @file How many threads onnxruntime-web starts: for the door that starts them, and for a page that says so. */

/** More than these gain little on small models, and each takes memory. */
const MOST_THREADS = 4;

/** @param wished default: as many as the machine has processors, up to 4 */
export function webThreads(wished = defaultThreads()): number {
  // Threads need shared memory, which a page has only where it is isolated.
  return mayShareMemory() ? wished : 1;
}

/** Processors of the machine; the library itself would take half of them. Node does not say here: one. */
function defaultThreads(): number {
  const { navigator } = globalThis as { readonly navigator?: { readonly hardwareConcurrency?: number } };
  return Math.min(MOST_THREADS, navigator?.hardwareConcurrency ?? 1);
}

/** Node always may; it does not know the property. */
function mayShareMemory(): boolean {
  const { crossOriginIsolated } = globalThis as { readonly crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer !== "undefined" && crossOriginIsolated !== false;
}
