/** @file The door to hono and its Node server. What is behind it knows only the web's Request and Response. */

import { createServer, type Server, type ServerOptions } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { HttpError } from "./httpError.js";

export type Method = "GET" | "POST";

export interface Route {
  readonly method: Method;
  /** "/api/search", "/pictures/:row", "/collection/*": several methods may share a path. */
  readonly path: string;
  /** @param parameters what stands in the place of ":row", decoded */
  handle(request: Request, parameters: Readonly<Record<string, string>>): Promise<Response> | Response;
}

/** Answers a request. `route` is the path as its route writes it, null where none fits. */
export interface Routed {
  readonly route: string | null;
  answer(): Promise<Response>;
}

/**
 * Finds the route of a request. What none fits is answered by a 404, a path without that method by a 405: both are
 * thrown as HttpError by `answer`.
 */
export function createRouter(routes: readonly Route[]): (request: Request) => Promise<Routed> {
  const app = new Hono<{ Bindings: { found: (routed: Routed) => void } }>();
  // Path by path: of those that fit, the first one counts, and whatever it says of its methods.
  for (const path of new Set(routes.map((one) => one.path))) {
    const here = routes.filter((one) => one.path === path);
    for (const { method, handle } of here) {
      app.on(method, path, (context) => {
        const parameters = context.req.param() as Record<string, string>;
        context.env.found({ route: path, answer: async () => handle(context.req.raw, parameters) });
        return context.body(null);
      });
    }
    const allow = here.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
    app.all(path, (context) => {
      context.env.found({ route: path, answer: () => Promise.reject(wrongMethod(context.req.raw, allow)) });
      return context.body(null);
    });
  }
  return async (request) => {
    let found: Routed | null = null;
    await app.fetch(request, { found: (routed: Routed) => (found = routed) });
    return found ?? { route: null, answer: () => Promise.reject(nothingThere(request)) };
  };
}

function wrongMethod({ method, url }: Request, allow: string): HttpError {
  const message = `${new URL(url).pathname}: found ${method}, expected ${allow}; use one of these`;
  return new HttpError(405, "method_not_allowed", message, { Allow: allow });
}

export function nothingThere({ url }: Request): HttpError {
  return new HttpError(
    404,
    "not_found",
    `${new URL(url).pathname}: found nothing, expected a path of this server; /api/openapi.json lists them`,
  );
}

/** A server that is not listening yet. */
export function createHttpServer(
  respond: (request: Request) => Promise<Response>,
  options: ServerOptions,
): Server {
  return createAdaptorServer({
    fetch: (request) => respond(request),
    // A library must not replace its caller's globals.
    overrideGlobalObjects: false,
    createServer,
    serverOptions: options,
  }) as Server;
}
