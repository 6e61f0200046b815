/** @file The report as one HTML page that needs nothing beside itself. */

import { LEVELS, type KnnLevel } from "../run/records.js";
import type { Curve } from "./curves.js";
import { valueAt, type JsonObject, type RunRecords } from "./runRecords.js";
import type { Strip } from "./strips.js";
import { NO_SCRIPT_STYLE, SCRIPT, STYLE } from "./style.js";
import { counted, escape, percent, whole } from "./text.js";
import { judge, voteOf } from "./verdict.js";

/** Broken pictures that are named; the others are counted. */
const MOST_BROKEN = 50;

/** Nothing is loaded from anywhere, whatever the text of a run should say. */
const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'";

export function printPage(run: RunRecords, curves: readonly Curve[], strips: readonly Strip[]): string {
  const body = [
    header(run),
    verdict(run),
    levels(run),
    stripsSection(run, strips),
    curvesSection(curves),
    brokenSection(run),
    settingsSection("Settings", run.config, true),
    settingsSection("Machine", run.environment, false),
    `<footer>Written by onnx-instdisc from the files of the run folder.</footer>`,
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(run.name)}: is it learning?</title>
<style>${STYLE}</style>
<noscript><style>${NO_SCRIPT_STYLE}</style></noscript>
</head>
<body>
<main>
${body.filter((part) => part !== "").join("\n")}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function header(run: RunRecords): string {
  const facts = [network(run.manifest), pictures(run.manifest), progress(run)].filter(
    (fact) => fact !== null,
  );
  return `<header>
<h1>${escape(run.name)}</h1>
<p>${facts.map(escape).join(" · ")}</p>
</header>`;
}

function network(manifest: JsonObject | null): string | null {
  const [arch, width, dim] = ["arch", "width", "embeddingDim"].map((key) => valueAt(manifest, "recipe", key));
  if (typeof arch !== "string") return null;
  return `${arch}${typeof width === "number" ? `, width ${width}` : ""}${typeof dim === "number" ? `, ${dim} numbers for a picture` : ""}`;
}

function pictures(manifest: JsonObject | null): string | null {
  const count = valueAt(manifest, "data", "pictures");
  const side = valueAt(manifest, "recipe", "imageSize");
  const size = typeof side === "number" ? ` of ${side}×${side}` : "";
  return typeof count === "number" ? `${counted(count, "picture")}${size}` : null;
}

/** How far it is, and how far it was to go. */
function progress({ steps, epochs, config }: RunRecords): string {
  const step = steps.at(-1)?.step ?? 0;
  const done = epochs.at(-1)?.epoch ?? 0;
  const wanted = valueAt(config, "epochs");
  const of = typeof wanted === "number" && wanted > done ? ` of ${whole(wanted)}` : "";
  return `${counted(step, "step")}, ${of === "" ? counted(done, "epoch") : `${whole(done)}${of} epochs`}`;
}

function verdict(run: RunRecords): string {
  const { answer, tone, reasons } = judge(run);
  return `<section class="verdict ${tone}">
<h2>Is it learning?</h2>
<p class="answer">${escape(answer)}.</p>
${reasons.map((reason) => `<p>${escape(reason)}</p>`).join("\n")}
</section>`;
}

function levels({ levels: known, evaluations }: RunRecords): string {
  const latest = evaluations.at(-1);
  const rows: [string, readonly KnnLevel[], string][] = LEVELS.flatMap((name) => {
    const knn = known.get(name) ?? [];
    if (knn.length === 0) return [];
    const title = name === "learned" ? "learned, all pictures encoded afresh" : name;
    return [[title, knn, name === "learned" ? "own" : ""]];
  });
  if (latest && latest.knn.length > 0)
    rows.push([`epoch ${latest.epoch}, against the bank`, latest.knn, "own"]);
  if (rows.length === 0) return "";
  const k = Math.max(...rows.map(([, knn]) => voteOf(knn)!.k));
  const cell = (share: number | null | undefined): string =>
    `<td>${typeof share === "number" ? percent(share) : "–"}</td>`;
  const lines = rows.map(([title, knn, mark]) => {
    const vote = voteOf(knn)!;
    const nearest = knn.find((level) => level.k === 1);
    return `<tr class="${mark}"><th scope="row">${escape(title)}</th>${cell(vote.top1)}${cell(vote.top5)}${cell(nearest?.top1)}</tr>`;
  });
  return `<h2>Accuracy on held-out pictures</h2>
<div class="scroll"><table class="levels">
<thead><tr><th></th><th scope="col">${k} neighbours</th><th scope="col">among best 5</th><th scope="col">nearest alone</th></tr></thead>
<tbody>
${lines.join("\n")}
</tbody></table></div>`;
}

function curvesSection(curves: readonly Curve[]): string {
  if (curves.length === 0) return "";
  const figures = curves.map(
    ({ title, caption, svg }) => `<figure>
<h3>${escape(title)}</h3>
<div role="img" aria-label="${escape(`${title} over the run. ${caption}`)}">${svg}</div>
<figcaption>${escape(caption)}</figcaption>
</figure>`,
  );
  return `<h2>Curves</h2>\n<div class="curves">\n${figures.join("\n")}\n</div>`;
}

function stripsSection({ evaluations }: RunRecords, strips: readonly Strip[]): string {
  if (strips.length === 0) return "";
  const last = strips.length - 1;
  const framed = evaluations.some(({ knn }) => knn.length > 0);
  const frames = framed
    ? ` A <span class="right">green</span> frame: of the same class; a <span class="wrong">red</span> one: of another.`
    : "";
  const figures = strips.map(
    ({ epoch, step, dataUri }, at) => `<figure${at === last ? ` class="shown"` : ""}>
<figcaption>After epoch ${epoch}, step ${whole(step)}</figcaption>
<img src="${dataUri}" alt="Eight pictures in a column, each followed by the ten training pictures nearest to it after epoch ${epoch}">
</figure>`,
  );
  const slider = `<label><span class="small">earlier</span><input id="epoch" type="range" min="0" max="${last}" value="${last}" aria-label="Time of the strips shown"><span class="small">later</span></label>`;
  return `<h2>Nearest neighbours</h2>
<p class="small">Left, framed dark: the same pictures every time. Beside each, the ten training pictures that the network finds most alike.${frames}</p>
<div class="strips">
${last > 0 ? `${slider}\n` : ""}${figures.join("\n")}
</div>`;
}

function brokenSection({ broken }: RunRecords): string {
  if (broken.length === 0) return "";
  const rows = broken
    .slice(0, MOST_BROKEN)
    .map(
      ({ id, reason }) =>
        `<tr><th scope="row">${escape(String(id))}</th><td>${escape(String(reason))}</td></tr>`,
    );
  const rest = broken.length - rows.length;
  return `<h2>Pictures that cannot be read</h2>
<p class="small">${counted(broken.length, "picture")} left out${rest > 0 ? `; the first ${MOST_BROKEN} are listed` : ""}.</p>
<details><summary>Which, and why</summary><table class="settings"><tbody>
${rows.join("\n")}
</tbody></table></details>`;
}

function settingsSection(title: string, settings: JsonObject | null, open: boolean): string {
  if (settings === null) return "";
  const rows = flatten(settings).map(
    ([key, value]) => `<tr><th scope="row">${escape(key)}</th><td>${escape(value)}</td></tr>`,
  );
  return `<h2>${title}</h2>
<details${open ? " open" : ""}><summary>${counted(rows.length, "entry", "entries")}</summary>
<table class="settings"><tbody>
${rows.join("\n")}
</tbody></table></details>`;
}

/** Nested objects by names with dots between. */
function flatten(object: JsonObject, prefix = ""): [key: string, value: string][] {
  return Object.entries(object).flatMap(([key, value]) => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return flatten(value as JsonObject, `${prefix}${key}.`);
    }
    return [[prefix + key, typeof value === "string" ? value : JSON.stringify(value)]];
  });
}
