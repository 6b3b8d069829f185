/** The style sheet of the report: light, dark and print, system fonts, no file from anywhere. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #faf9f6; --card: #ffffff; --ink: #1c2024; --soft: #5d666f; --line: #dcdad3; --grid: #eceae4;
  --good: #0d7d73; --bad: #c2571a; --mark: #2f5fc4; --good-tint: #d8efeb; --bad-tint: #f9dfcd;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1c2026; --ink: #e8e9ea; --soft: #9aa4ae; --line: #363c44; --grid: #292f36;
    --good: #4cc2b4; --bad: #f2955a; --mark: #86aaff; --good-tint: #173f3b; --bad-tint: #55301a;
  }
}
* { box-sizing: border-box; }
html { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; background: var(--paper); color: var(--ink); }
body { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.015em; text-wrap: balance; }
h2 { font-size: 1.25rem; margin: 3rem 0 .5rem; letter-spacing: -.01em; }
h3 { font-size: 1rem; margin: 1.6rem 0 .3rem; }
p { margin: .5rem 0; max-width: 46rem; }
.lead { color: var(--soft); font-size: 1.02rem; }
.soft { color: var(--soft); }
.note { font-size: .88rem; color: var(--soft); }
.warning { border-left: 3px solid var(--bad); padding: .3rem .9rem; background: var(--bad-tint); max-width: none; border-radius: 0 6px 6px 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(16.5rem, 1fr)); gap: 1rem; margin: 1.6rem 0 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.2rem 1.2rem; }
.card h2 { margin: 0; font-size: .84rem; font-weight: 600; color: var(--soft); letter-spacing: 0; }
.card .answer { font-size: 1.55rem; font-weight: 650; line-height: 1.2; margin: .35rem 0 .5rem; letter-spacing: -.015em; }
.card p { margin: 0; font-size: .92rem; }
.answer.good { color: var(--good); } .answer.bad { color: var(--bad); }
figure { margin: 1.1rem 0 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.2rem .9rem; overflow-x: auto; }
figure svg { min-width: 38rem; }
figcaption { font-size: .88rem; color: var(--soft); margin-top: .6rem; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums; }
svg text { fill: var(--soft); } svg .ink { fill: var(--ink); } svg .strong { font-weight: 600; }
svg .grid { stroke: var(--grid); } svg .axis { stroke: var(--line); }
svg .threshold { stroke: var(--mark); stroke-width: 1.5; stroke-dasharray: 5 4; } svg .mark { fill: var(--mark); }
.text { font-size: 1.06rem; line-height: 2.05; white-space: pre-wrap; overflow-wrap: anywhere; }
.text span { border-radius: 4px; padding: .12em 0; }
.text .wrong { text-decoration: underline wavy var(--bad) 1.5px; text-underline-offset: .3em; font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.2rem; font-size: .84rem; color: var(--soft); margin-top: .7rem; }
.legend i { display: inline-block; width: 8rem; height: .75rem; border-radius: 3px; vertical-align: -.08rem; margin: 0 .4rem; background: linear-gradient(to right in oklab, var(--bad-tint), var(--good-tint)); }
.scroll { overflow-x: auto; margin-top: 1rem; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.tall { max-height: 30rem; overflow-y: auto; }
table { border-collapse: collapse; width: 100%; font-size: .84rem; font-variant-numeric: tabular-nums; }
th, td { padding: .36rem .5rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
th { font-weight: 600; color: var(--soft); background: var(--card); position: sticky; top: 0; z-index: 1; box-shadow: inset 0 -1px var(--line); }
th button { all: unset; cursor: pointer; } th button:hover { color: var(--ink); } th button:focus-visible { outline: 2px solid var(--mark); outline-offset: 3px; border-radius: 2px; }
th[aria-sort=ascending] button::after { content: " ↑"; } th[aria-sort=descending] button::after { content: " ↓"; }
tr:last-child td { border-bottom: 0; }
td:first-child, th:first-child { padding-left: 1rem; } td:last-child, th:last-child { padding-right: 1rem; }
td.words, th.words { text-align: left; white-space: normal; }
td.name { white-space: nowrap; } td.words:last-child { min-width: 17rem; }
table.facts td:first-child { width: 15rem; color: var(--soft); text-align: left; }
table.facts td { text-align: left; white-space: normal; overflow-wrap: anywhere; vertical-align: top; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1.1rem; overflow-x: auto; font-size: .84rem; line-height: 1.5; }
code { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace; font-size: .92em; }
ul { max-width: 46rem; padding-left: 1.2rem; } li { margin: .3rem 0; }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .84rem; color: var(--soft); }
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --grid: #ddd; --good: #0a655d; --bad: #a84a14; --mark: #2450a8; --good-tint: #d8efeb; --bad-tint: #f9dfcd; }
  html { font-size: 11px; } body { max-width: none; padding: 0; } .tall { max-height: none; overflow: visible; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } figure, .card, tr { break-inside: avoid; } figure { overflow: visible; } h2 { break-after: avoid; } th { position: static; }
}
`;

/** Sorts a table by the column whose head is pressed: numbers by value, the rest by text. The page is complete without it. */
export const SCRIPT = `
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector('button')?.addEventListener('click', () => {
    const down = head.getAttribute('aria-sort') === 'ascending';
    heads.forEach((h) => h.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      const order = x !== '' && y !== '' && !isNaN(x) && !isNaN(y) ? x - y : String(x).localeCompare(String(y));
      return down ? -order : order;
    });
    table.tBodies[0].append(...rows);
  }));
}
`;
