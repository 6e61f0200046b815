/** @file Makes the page work without a network, by its service worker, and with threads on hosts that say nothing of isolation. */

import { COLLECTION, sheetName } from "../../artifact/collection.js";
import type { Engine } from "./engineTypes.js";

/** The page opens without the service worker if that takes longer, in milliseconds. */
const PATIENCE_MS = 5000;
const RELOADED = "onnx-instdisc reloaded to be isolated";

/**
 * To be awaited before the engine is opened: what it then downloads is kept. On a host that does not isolate the page,
 * the page is loaded once again, from the service worker, which does. Never fails: without a service worker the page
 * works, but for this.
 */
export async function startOffline(): Promise<void> {
  if (!("serviceWorker" in navigator) || !isSecureContext) return;
  try {
    const script = new URL("./serviceWorker.js", import.meta.url);
    await controlled(await navigator.serviceWorker.register(script));
  } catch {
    return; // a private window, or a host that does not serve the script
  }
  if (!crossOriginIsolated && navigator.serviceWorker.controller && !sessionStorage.getItem(RELOADED)) {
    sessionStorage.setItem(RELOADED, "yes");
    location.reload();
    await new Promise(() => undefined); // the page ends here
  }
}

/** Until the service worker answers for this page; a page that was loaded past it, by a forced reload, it never does. */
function controlled({ active }: ServiceWorkerRegistration): Promise<void> {
  if (navigator.serviceWorker.controller !== null || active?.state === "activated") return Promise.resolve();
  return new Promise((resolve) => {
    navigator.serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true });
    setTimeout(resolve, PATIENCE_MS);
  });
}

/** Has the thumbnails kept too, in the background; larger pictures are kept once they were looked at. */
export function keepOffline({ urlOf, collection }: Engine): void {
  const sheets = Array.from({ length: collection.sprites.sheets }, (_, sheet) => urlOf(spritePath(sheet)));
  navigator.serviceWorker?.controller?.postMessage(sheets);
}

/** Sheet 0, 1, … of the thumbnails, in the collection. */
export const spritePath = (sheet: number): string => `${COLLECTION.sprites}/${sheetName(sheet)}`;
