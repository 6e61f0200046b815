/** @file From a request to what an operation works with: its query checked, its picture or JSON taken out of the body. */

import * as z from "zod";
import { HttpError } from "../http/httpError.js";

/** @throws HttpError 422 listing every fault */
export function readQuery<S extends z.ZodObject>(request: Request, schema: S): z.output<S> {
  const { searchParams } = new URL(request.url);
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(searchParams.keys())) {
    const values = searchParams.getAll(name);
    query[name] = values.length === 1 ? values[0]! : values;
  }
  return check(schema, query, "query");
}

/** @throws HttpError 400 when it is not JSON, 422 listing every fault */
export function readJson<S extends z.ZodType>(body: Uint8Array, schema: S): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new HttpError(400, "bad_json", `body: found no JSON (${found}), expected an object; correct it`);
  }
  return check(schema, value, "body");
}

function check<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = flatten(result.error.issues).map(
    ({ path, message }) => `${[where, ...path.map(String)].join(".")}: ${message}`,
  );
  throw new HttpError(422, "invalid", `${[...new Set(faults)].slice(0, 10).join("; ")}; correct the request`);
}

/** Of a union, the faults of the member that comes nearest. */
function flatten(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
    const nearest = [...issue.errors].sort((a, b) => a.length - b.length)[0]!;
    return flatten(nearest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })));
  });
}

/** What a body is, by what the request says of it. */
export type ContentKind = "picture" | "form" | "json";

/** @throws HttpError 415 for any other */
export function contentKind(request: Request, takesJson: boolean): ContentKind {
  const type = (request.headers.get("Content-Type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (type === "multipart/form-data") return "form";
  if (type.startsWith("image/") || type === "application/octet-stream") return "picture";
  if (takesJson && type === "application/json") return "json";
  const json = takesJson ? "application/json, " : "";
  throw new HttpError(
    415,
    "unsupported_type",
    `Content-Type: found ${JSON.stringify(type)}, expected ${json}image/*, application/octet-stream or multipart/form-data; set one of these`,
  );
}

/** @throws HttpError 400 when there is none */
export async function pictureIn(
  body: Uint8Array<ArrayBuffer>,
  kind: ContentKind,
  contentType: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const picture = kind === "form" ? await firstFile(body, contentType) : body;
  if (picture.length > 0) return picture;
  throw new HttpError(400, "bad_request", "body: found no bytes, expected a picture; send one");
}

async function firstFile(
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const headers = { "Content-Type": contentType };
  const form = await new Response(body, { headers }).formData().catch((error: unknown) => {
    const found = error instanceof Error ? error.message : String(error);
    throw new HttpError(
      400,
      "bad_multipart",
      `body: found no form (${found}), expected multipart/form-data with its boundary; correct it`,
    );
  });
  const files = [...form.values()].filter((value) => typeof value !== "string");
  if (files.length !== 1) {
    throw new HttpError(
      400,
      "bad_multipart",
      `body: found ${files.length} files in the form, expected one; send one picture at a time`,
    );
  }
  return new Uint8Array(await files[0]!.arrayBuffer());
}
