/**
 * @file Keeps page and collection, so that both work without a network after the first visit, from whatever path they
 * are served.
 *
 * The page's own files come from the copy that was installed as a whole: one version, never half of two. Everything
 * else comes from the network, and from the last copy where there is none. Every answer says that the page is isolated,
 * which threads need and a plain static host does not say.
 */

/** Set by tools/buildPage.mjs: the page's files, and a hash over what is in them. */
declare const PAGE_FILES: readonly string[];
declare const PAGE_VERSION: string;

/** What of a service worker is used here: the language's types know either pages or workers. */
interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(kind: "install" | "activate", listener: (event: Lasting) => void): void;
  addEventListener(kind: "fetch", listener: (event: Lasting & Fetching) => void): void;
  addEventListener(kind: "message", listener: (event: Lasting & { readonly data: unknown }) => void): void;
}

interface Lasting {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

const scope = self as unknown as Scope;
const home = scope.registration.scope;
/** Caches belong to the origin: the scope tells pages at different paths apart. */
const PAGE = `onnx-instdisc page ${home} ${PAGE_VERSION}`;
const COLLECTION = `onnx-instdisc collection ${home}`;

scope.addEventListener("install", (event) => event.waitUntil(install()));
scope.addEventListener("activate", (event) => event.waitUntil(activate()));
scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const own = request.method === "GET" && request.url.startsWith(new URL(home).origin);
  if (own && !request.headers.has("range")) event.respondWith(answer(request));
});
scope.addEventListener("message", (event) => {
  if (Array.isArray(event.data)) event.waitUntil(keep(event.data.map(String)));
});

async function install(): Promise<void> {
  const cache = await caches.open(PAGE);
  // Past the browser's own cache, which may hold files of the version before.
  await cache.addAll(PAGE_FILES.map((file) => new Request(new URL(file, home), { cache: "reload" })));
  await scope.skipWaiting();
}

async function activate(): Promise<void> {
  const old = (await caches.keys()).filter(
    (name) => name.startsWith(`onnx-instdisc page ${home} `) && name !== PAGE,
  );
  await Promise.all(old.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const page = await caches.open(PAGE);
  // The page's address may end in a slash and may carry a query.
  const address = request.mode === "navigate" && ownPage(request.url) ? new URL("index.html", home) : request;
  const installed = await page.match(address);
  return isolated(installed ?? (await newest(request)));
}

function ownPage(url: string): boolean {
  const { origin, pathname } = new URL(url);
  return [home, new URL("index.html", home).href].includes(origin + pathname);
}

/** From the network, kept for when there is none. */
async function newest(request: Request): Promise<Response> {
  const cache = await caches.open(COLLECTION);
  try {
    const response = await fetch(request);
    if (response.status === 200 && !isApi(request.url)) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreVary: true });
    if (kept !== undefined) return kept;
    throw error;
  }
}

/** Answers of the HTTP API are computed, not kept. */
function isApi(url: string): boolean {
  return new URL(url).pathname.includes("/api/");
}

/** Fetches what is not kept yet. */
async function keep(urls: readonly string[]): Promise<void> {
  const cache = await caches.open(COLLECTION);
  for (const url of urls) {
    if ((await cache.match(url)) === undefined) await cache.add(url).catch(() => undefined);
  }
}

function isolated(response: Response): Response {
  if (response.type !== "basic" && response.type !== "default") return response;
  const headers = new Headers(response.headers);
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-embedder-policy", "require-corp");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
