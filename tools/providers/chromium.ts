/** @file Chromium with a page that computes for us, for a script: test/support has the same for suites. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Device } from "../../src/runtime/device.js";
import type { PageProvider } from "../../src/web/dev/device/serveDevice.js";
import { findChromium, launchChromium, NO_CHROMIUM, visit } from "../../test/support/browser.js";
import { writePage } from "../../test/support/builtPage.js";
import { openPageDevice } from "../../test/support/remoteDevice.js";
import { serveFolders } from "../../test/support/staticServer.js";

export interface PageDevice {
  /** For wasm it has sessions and no tensors. */
  readonly device: Device;
  close(): Promise<void>;
}

/** @throws with the reason where there is no Chromium, or it has no GPU */
export async function openInChromium(provider: PageProvider): Promise<PageDevice> {
  const chromium = findChromium();
  if (chromium === null) throw new Error(NO_CHROMIUM);
  const page = mkdtempSync(join(tmpdir(), "instdisc-page-"));
  const closing: (() => unknown)[] = [() => rmSync(page, { recursive: true, force: true })];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    await writePage("src/web/dev/device", page);
    const server = await serveFolders({ "/page/": page });
    closing.push(() => server.close());
    const browser = await launchChromium(chromium, { webgpu: provider === "webgpu" });
    closing.push(() => browser.close());
    const here = await visit(browser, `${server.origin}/page/`);
    const device = await openPageDevice(here.page, provider);
    closing.push(() => device.close());
    return { device, close };
  } catch (error) {
    await close();
    throw error;
  }
}
