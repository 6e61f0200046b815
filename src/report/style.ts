/** @file How the report looks: light or dark as the reader's system is, one column on a phone. */

/** The variables that charts and page are coloured by. */
export const COLORS = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #22262b; --muted: #656c76; --line: #e5e3de;
  --grid: #eceae6; --rule: #a3a8b0; --first: #2467a6; --second: #b8591f;
  --good: #1d7f55; --open: #96690b; --bad: #b8341d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --card: #1c1f23; --ink: #e4e6e8; --muted: #9aa1ab; --line: #2e3238;
    --grid: #2a2e34; --rule: #6d747e; --first: #6fb0ee; --second: #eb9a63;
    --good: #58c895; --open: #dfb04c; --bad: #f08469;
  }
}
`;

export const STYLE = `${COLORS}* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 40px 20px 64px; }
h1, h2, h3, p, figure { margin: 0; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 48px 0 14px; }
h3 { font-size: 16px; }
.small, figcaption, summary { color: var(--muted); font-size: 14px; }
header p { color: var(--muted); margin-top: 4px; }
.verdict { margin-top: 28px; padding: 20px 24px; background: var(--card); border: 1px solid var(--line);
  border-left: 5px solid var(--tone); border-radius: 8px; }
.verdict h2 { margin: 0; font-size: 14px; font-weight: 500; color: var(--muted); }
.verdict .answer { margin: 2px 0 8px; font-size: 24px; line-height: 1.3; font-weight: 600; color: var(--tone); }
.verdict p + p { margin-top: 4px; }
.good { --tone: var(--good); } .open { --tone: var(--open); } .bad { --tone: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 18px 7px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--muted); font-size: 14px; font-weight: 500; }
tbody th { font-weight: 400; }
.levels td, .levels thead th + th { text-align: right; }
.levels .own > * { font-weight: 600; }
.settings { width: 100%; font-size: 14px; }
.settings th { color: var(--muted); width: 34%; }
.settings td { overflow-wrap: anywhere; }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 430px), 1fr)); gap: 16px; }
.curves figure { padding: 16px 18px 14px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.curves svg { display: block; width: 100%; height: auto; margin: 8px 0 4px; }
.strips figure { display: none; }
.strips figure.shown { display: block; }
.strips figure { overflow-x: auto; }
.strips img { display: block; max-width: max(100%, 620px); height: auto; margin-top: 10px; background: #fff; border-radius: 6px; }
.strips label { display: flex; gap: 14px; align-items: center; margin-top: 12px; }
.strips input { flex: 1; max-width: 420px; accent-color: var(--first); }
.right { color: var(--good); } .wrong { color: var(--bad); }
details { margin-top: 10px; } summary { cursor: pointer; }
footer { margin-top: 56px; color: var(--muted); font-size: 14px; }
@media (max-width: 480px) {
  main { padding: 24px 14px 48px; }
  h1 { font-size: 25px; }
  .verdict { padding: 16px 16px; }
  .verdict .answer { font-size: 20px; }
  th, td { padding-right: 12px; }
  .curves figure { padding: 14px 10px 12px; }
}
`;

/** Without it, all strips stand below one another. */
export const NO_SCRIPT_STYLE = `.strips figure { display: block; margin-top: 24px; } .strips label { display: none; }`;

/** Moves through the strips of a run. The only script: everything else is there without it. */
export const SCRIPT = `
const slider = document.getElementById("epoch");
const figures = document.querySelectorAll(".strips figure");
slider?.addEventListener("input", () => {
  figures.forEach((figure, at) => figure.classList.toggle("shown", at === Number(slider.value)));
});
`;
