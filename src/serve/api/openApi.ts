/** @file The OpenAPI 3.1 document, written from the table of operations and their schemas. */

import * as z from "zod";
import { VERSION } from "../../version.js";
import { OPERATIONS, type BodyKind, type Operation } from "./operations.js";
import { problem } from "./schemas.js";

type Json = Record<string, unknown>;

/** Types under which a picture may be sent as the body itself; the bytes decide what it is. */
export const PICTURE_TYPES = ["image/*", "application/octet-stream"] as const;

const PICTURE: Json = { schema: { type: "string", format: "binary" } };
const FORM: Json = {
  schema: {
    type: "object",
    properties: { picture: { type: "string", format: "binary" } },
    required: ["picture"],
  },
};

/** The description of every problem that may come instead of an answer. */
const PROBLEMS: Readonly<Record<number, string>> = {
  400: "the request is malformed",
  404: "no such picture",
  408: "the body came too slowly",
  413: "the body is too large",
  415: "the body's type is not taken here",
  422: "well-formed, but no picture, or a value out of range",
  503: "too many wait, or the server stops; try again",
};

/** @throws nothing: the table is checked by its types */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    paths[operation.path] ??= {};
    paths[operation.path]![operation.method.toLowerCase()] = describe(name, operation);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "onnx-instdisc",
      version: VERSION,
      description: "Embeds pictures, and searches and classifies by nearest neighbours.",
    },
    paths,
    components: { schemas: { Problem: schemaOf(problem, "output") } },
  };
}

function describe(name: string, operation: Operation): Json {
  const { summary, body, answer, problems } = operation;
  const responses: Json = { "200": { description: summary, content: answerOf(answer) } };
  for (const status of problems) {
    responses[status] = {
      description: PROBLEMS[status],
      content: { "application/json": { schema: { $ref: "#/components/schemas/Problem" } } },
    };
  }
  const parameters = parametersOf(operation);
  return {
    operationId: name,
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== "none" && { requestBody: { required: true, content: bodyOf(operation, body) } }),
    responses,
  };
}

function parametersOf({ query, queryExample }: Operation): Json[] {
  const { properties = {}, required = [] } = schemaOf(query, "output") as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
    example: schema["type"] === "string" ? queryExample[name] : Number(queryExample[name]),
  }));
}

function bodyOf({ json }: Operation, kind: Exclude<BodyKind, "none">): Json {
  const pictures = PICTURE_TYPES.map((type) => [type, PICTURE] as const);
  const content: Json = { ...Object.fromEntries(pictures), "multipart/form-data": FORM };
  if (kind === "picture" || json === undefined) return content;
  const examples = json.examples.map((value, at) => [`example${at + 1}`, { value }] as const);
  const schema = schemaOf(json.schema, "input");
  return { "application/json": { schema, examples: Object.fromEntries(examples) }, ...content };
}

function answerOf(answer: Operation["answer"]): Json {
  if ("text" in answer) return { [answer.text]: {} };
  return { "application/json": { schema: schemaOf(answer.schema, "output"), example: answer.example } };
}

/** JSON Schema 2020-12, which OpenAPI 3.1 takes as it is. */
function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io }) as Json;
  return json;
}
