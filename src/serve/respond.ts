/** @file The way of every request: allowed, routed, answered or refused, given its headers, counted. */

import { addHeaders } from "./http/headers.js";
import { createRouter, type Route } from "./http/door.js";
import { HttpError, problemResponse } from "./http/httpError.js";
import type { Metrics } from "./metrics.js";

export interface RespondOptions {
  readonly routes: readonly Route[];
  readonly metrics: Metrics;
  /** Names under which the server may be asked; null: any. See allowedHosts. */
  readonly hosts: ReadonlySet<string> | null;
  isDraining(): boolean;
  /** Told of every defect. */
  log(line: string): void;
}

export function createResponder(options: RespondOptions): (request: Request) => Promise<Response> {
  const { routes, metrics, isDraining } = options;
  const route = createRouter(routes);
  return async (request) => {
    const started = performance.now();
    let known: string | null = null;
    let response: Response;
    try {
      checkHost(request, options.hosts);
      const routed = await route(request);
      known = routed.route;
      response = await routed.answer();
    } catch (error) {
      response = problemResponse(asHttpError(error, request, options));
    }
    addHeaders(response, isDraining());
    metrics.count(known ?? "none", request.method, response.status, (performance.now() - started) / 1000);
    return response;
  };
}

/**
 * A page of another site can point a name of its own at this machine, and would then be of the same origin. On the
 * loopback, only its own names are answered.
 */
export function allowedHosts(host: string): ReadonlySet<string> | null {
  const isLoopback = host === "localhost" || host === "::1" || /^127\./.test(host);
  return isLoopback ? new Set(["localhost", "[::1]", "127.0.0.1", host]) : null;
}

function checkHost(request: Request, hosts: ReadonlySet<string> | null): void {
  const { hostname } = new URL(request.url);
  if (hosts === null || hosts.has(hostname)) return;
  throw new HttpError(
    421,
    "unknown_host",
    `Host: found ${hostname}, expected ${[...hosts].join(", ")}; start the server with --host to answer under other names`,
  );
}

function asHttpError(error: unknown, { method, url, signal }: Request, { log }: RespondOptions): HttpError {
  if (error instanceof HttpError) return error;
  if (signal.aborted) return new HttpError(499, "aborted", "the client went before its answer came");
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log(`${method} ${new URL(url).pathname}: ${text}`);
  return new HttpError(500, "failed", "the server met a defect; its own output says more");
}
