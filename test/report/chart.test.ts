import assert from "node:assert/strict";
import { drawChart, type ChartOptions } from "../../src/report/chart.js";

const OPTIONS: ChartOptions = {
  lines: [
    {
      name: "learned",
      color: "var(--first)",
      points: [
        [1, 0.2],
        [2, 0.43],
      ],
    },
  ],
  rules: [
    { name: "pixels", y: 0.42 },
    { name: "untrained", y: 0.41 },
  ],
  xTitle: "epoch",
  xEnd: 2,
  fromZero: true,
  format: ".0%",
  show: (y) => y.toFixed(2),
};

/** Every text with its height on the page, pixels. */
const textsOf = (svg: string) =>
  [...svg.matchAll(/<text [^>]*transform="translate\([\d.-]+,([\d.-]+)\)[^>]*>([^<]*)</g)].map(
    ([, y, text]) => [text!, Number(y)] as const,
  );

describe("drawChart", () => {
  it("names lines and levels with their values, apart even where they lie together", async () => {
    const texts = textsOf(await drawChart(OPTIONS));
    const beside = ["learned 0.43", "pixels 0.42", "untrained 0.41"].map(
      (name) => texts.find(([text]) => text === name)![1],
    );
    assert.ok(beside[1]! - beside[0]! >= 15 && beside[2]! - beside[1]! >= 15, beside.join(", "));
  });

  it("begins at zero and ends at round numbers", async () => {
    const texts = textsOf(await drawChart(OPTIONS)).map(([text]) => text);
    assert.ok(
      ["0%", "20%", "40%", "60%"].every((label) => texts.includes(label)),
      texts.join(", "),
    );
  });

  it("leaves colours to the page, and needs nothing from elsewhere", async () => {
    const svg = await drawChart(OPTIONS);
    assert.match(svg, /^<svg /);
    assert.match(svg, /stroke="var\(--first\)"/);
    assert.doesNotMatch(svg, /<script|href=|url\(| id=/);
  });

  it("draws a single point, and a line that is flat", async () => {
    for (const points of [
      [[1, 3]],
      [
        [1, 0],
        [2, 0],
      ],
    ] as const) {
      const svg = await drawChart({ ...OPTIONS, rules: [], lines: [{ name: "", color: "red", points }] });
      assert.doesNotMatch(svg, /NaN|Infinity/);
    }
  });
});
