/** @file The command line: parses, delegates, and turns every failure into one message and an exit code. */

import yargs, { type Argv } from "yargs";
import { InstdiscError, UsageError } from "../errors.js";
import { VERSION } from "../version.js";
import type { Io } from "./io.js";

export const EXIT = { fine: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** @param end takes the exit code of a command that is not always fine */
type Register = (parser: Argv, io: Io, end: (code: number) => void) => Promise<void>;

/** In the order of --help. All together take most of a second to load. */
const COMMANDS: ReadonlyMap<string, Register> = new Map(
  Object.entries({
    augment: async (parser, io) => (await import("./commands/augment.js")).augmentCommand(parser, io),
    "build-graph": async (parser, io) =>
      (await import("./commands/buildGraph.js")).buildGraphCommand(parser, io),
    doctor: async (parser, io, end) =>
      (await import("./commands/doctor.js")).doctorCommand(parser, io, (problems) =>
        end(problems ? EXIT.failed : EXIT.fine),
      ),
    duplicates: async (parser, io) =>
      (await import("./commands/duplicates.js")).duplicatesCommand(parser, io),
    embed: async (parser, io) => (await import("./commands/embed.js")).embedCommand(parser, io),
    export: async (parser, io) => (await import("./commands/export.js")).exportCommand(parser, io),
    index: async (parser, io) => (await import("./commands/searchIndex.js")).indexCommand(parser, io),
    inspect: async (parser, io) => (await import("./commands/inspect.js")).inspectCommand(parser, io),
    knn: async (parser, io) => (await import("./commands/knn.js")).knnCommand(parser, io),
    presets: async (parser, io) => (await import("./commands/presets.js")).presetsCommand(parser, io),
    profile: async (parser, io, end) =>
      (await import("./commands/profile.js")).profileCommand(parser, io, (interrupted) =>
        end(interrupted ? EXIT.interrupted : EXIT.fine),
      ),
    report: async (parser, io) => (await import("./commands/report.js")).reportCommand(parser, io),
    search: async (parser, io) => (await import("./commands/search.js")).searchCommand(parser, io),
    serve: async (parser, io) => (await import("./commands/serve.js")).serveCommand(parser, io),
    train: async (parser, io, end) =>
      (await import("./commands/train.js")).trainCommand(parser, io, (interrupted) =>
        end(interrupted ? EXIT.interrupted : EXIT.fine),
      ),
    verify: async (parser, io, end) =>
      (await import("./commands/verify.js")).verifyCommand(parser, io, (agree) =>
        end(agree ? EXIT.fine : EXIT.failed),
      ),
  } satisfies Record<string, Register>),
);

/** What the first word asks for: a command by its name, no command's help, or whatever needs to know them all. */
function asked([first = ""]: readonly string[]): Iterable<Register> {
  if (first === "--version") return [];
  const command = COMMANDS.get(first);
  return command === undefined ? COMMANDS.values() : [command];
}

/** @returns the exit code */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.fine;
  const parser = yargs()
    .scriptName("onnx-instdisc")
    .usage("$0 <command>\n\nLearn image embeddings from unlabelled pictures, with nothing but ONNX Runtime.")
    .version(VERSION)
    .strict()
    .demandCommand(1, "Name a command; --help lists them.")
    .recommendCommands()
    // yargs lays out the help of every command that it runs, and lines of one width take a fifth of a second.
    .wrap(argv.includes("--help") ? 100 : null)
    .exitProcess(false)
    .fail((message, error) => {
      // What yargs itself throws, such as for an option without its value, is about the request too.
      throw error && error.name !== "YError" ? error : new UsageError(message ?? error?.message);
    });
  for (const register of asked(argv)) await register(parser, io, (ended) => (code = ended));
  try {
    // With a callback, yargs hands over what it would print: help and version.
    await parser.parseAsync([...argv], {}, (_error, _arguments, output) => {
      if (output) io.stdout.write(`${output}\n`);
    });
    return code;
  } catch (error) {
    return report(error, io);
  }
}

function report(error: unknown, io: Io): number {
  if (error instanceof UsageError) {
    io.stderr.write(`${error.message}\nTry "onnx-instdisc --help".\n`);
    return EXIT.usage;
  }
  if (error instanceof InstdiscError) {
    io.stderr.write(`${error.message}\n`);
    return EXIT.failed;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(`This is a defect of onnx-instdisc; please report it with the lines below.\n${text}\n`);
  return EXIT.failed;
}
