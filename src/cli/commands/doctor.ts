/** @file onnx-instdisc doctor: what this machine has, and the command that mends what is wrong. */

import type { Argv } from "yargs";
import { DEFAULTS } from "../../config/settings.js";
import { examine, type Examination } from "../../doctor/examine.js";
import { counted, table } from "../format.js";
import type { Io } from "../io.js";
import { checkNumbers } from "../option.js";

interface DoctorArguments {
  readonly out: string;
  readonly json: boolean;
}

const MARKS = { fine: "✓", absent: "–", problem: "✗" } as const;

/** @param done takes whether there is any problem */
export function doctorCommand(parser: Argv, io: Io, done: (problems: boolean) => void): void {
  parser.command(
    "doctor",
    "Look at execution providers, libraries and disk, and say what mends a problem",
    (command) =>
      command
        .options({
          out: {
            type: "string",
            requiresArg: true,
            default: DEFAULTS.out,
            describe: "folder that runs are to be written to",
          },
          json: { type: "boolean", default: false, describe: "print as JSON" },
        } as const)
        .example("$0 doctor", "before the first run on a machine, or when a provider does not open"),
    async (parsed) => {
      checkNumbers(parsed);
      const { out, json } = parsed as unknown as DoctorArguments;
      const tell = (doing: string) => io.stderr.write(`${doing}\n`);
      const examinations = await (json ? examine(out) : examine(out, tell));
      const problems = examinations.flatMap(({ findings }) =>
        findings.filter(({ state }) => state === "problem"),
      );
      io.stdout.write(json ? `${JSON.stringify(examinations)}\n` : describe(examinations, problems.length));
      done(problems.length > 0);
    },
  );
}

function describe(examinations: readonly Examination[], problems: number): string {
  const parts = examinations.map(({ heading, findings }) => {
    const rows = findings.map(({ what, state, found }) => [`${MARKS[state]} ${what}`, found]);
    return `${heading}\n${table(rows, "left")}`;
  });
  const remedies = examinations.flatMap(({ findings }) =>
    findings.flatMap(({ what, state, remedy }) =>
      remedy === undefined ? [] : [`${state === "problem" ? "to mend" : "to have"} ${what}: ${remedy}`],
    ),
  );
  const end = problems === 0 ? "Nothing is wrong." : `Found ${counted(problems, "problem")}.`;
  return `${parts.join("\n")}\n${remedies.map((line) => `${line}\n`).join("")}${end}\n`;
}
