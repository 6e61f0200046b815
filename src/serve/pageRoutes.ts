/** @file The page, its collection, and the pictures of this. */

import { encodeSmaller } from "../data/encode.js";
import { DataError } from "../errors.js";
import type { Catalogue } from "./catalogue.js";
import type { CollectionSource } from "./collection/source.js";
import { createGate } from "./gate.js";
import { nothingThere, type Route } from "./http/door.js";
import { HttpError } from "./http/httpError.js";
import { isKnown, serveStatic, type StaticFiles } from "./http/staticFiles.js";

/** Pixels that neither side of a picture exceeds. */
export const PICTURE_SIDE = 512;
/** Pictures decoded at once, and those that wait for it. */
const [AT_ONCE, MOST_WAITING] = [2, 1000];

export interface PageFiles {
  /** The built page; empty: it was not built. */
  readonly page: StaticFiles;
  readonly collection: StaticFiles;
}

export function pageRoutes(
  { page, collection }: PageFiles,
  source: CollectionSource,
  catalogue: Catalogue,
): Route[] {
  const picture = pictureHandler(source, catalogue);
  return [
    {
      method: "GET",
      path: "/collection/pictures/:row",
      handle: (request, { row }) => picture(request, row!),
    },
    {
      method: "GET",
      path: "/collection/*",
      handle: (request) => {
        const name = new URL(request.url).pathname.slice("/collection/".length);
        return found(request, serveStatic(collection, name, request));
      },
    },
    {
      method: "GET",
      path: "/*",
      handle: (request) => {
        const name = new URL(request.url).pathname.slice(1) || "index.html";
        if (name === "index.html" && !page.has(name)) throw notBuilt();
        return found(request, serveStatic(page, name, request));
      },
    },
  ];
}

function found(request: Request, response: Response | null): Response {
  if (response === null) throw nothingThere(request);
  return response;
}

function notBuilt(): HttpError {
  return new HttpError(
    503,
    "page_not_built",
    "page: found none in this installation, expected index.html; run npm run build and start the server again. " +
      "The API under /api/ works without it.",
  );
}

/** Of the source only what it needs: the vectors are let go of. */
function pictureHandler({ sha256, picture }: CollectionSource, { ids }: Catalogue) {
  const version = sha256.slice(0, 16);
  const gate = createGate({ name: "pictures", atOnce: AT_ONCE, mostWaiting: MOST_WAITING });
  return async (request: Request, text: string): Promise<Response> => {
    const id = /^\d{1,15}$/.test(text) ? ids[Number(text)] : undefined;
    if (id === undefined) throw nothingThere(request);
    const etag = `"${version}-${text}"`;
    const headers = { ETag: etag, "Cache-Control": "no-cache", "Content-Type": "image/jpeg" };
    if (isKnown(request, etag)) return new Response(null, { status: 304, headers });
    const jpeg = await gate(async () => {
      request.signal.throwIfAborted();
      return encodeSmaller(await picture(id), PICTURE_SIDE);
    }).catch((error: unknown) => {
      throw error instanceof DataError ? nothingThere(request) : error;
    });
    return new Response(request.method === "HEAD" ? null : Buffer.from(jpeg), { headers });
  };
}
