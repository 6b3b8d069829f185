import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import type { Row } from '../cli/table.ts';
import { bottomAxis, leftAxis, place, type Frame } from './axis.ts';
import { logTicks } from './lossPlot.ts';
import { html, type Markup } from './markup.ts';

const WIDTH = 940;
const RANK: Frame = { left: 64, right: 850, top: 34, bottom: 290 };
const SPEED: Frame = { left: 64, right: 850, top: 370, bottom: 580 };

/** Ranks beyond this are not drawn: no machine holds them. */
const LARGEST_RANK = 1e8;

const STYLE = `svg { font: 12px system-ui, sans-serif; background: #fff; color: #1c2024; } text { fill: #5d666f; } .strong { font-weight: 600; fill: #1c2024; }
.grid { stroke: #eceae4; } .axis { stroke: #dcdad3; } .line { fill: none; stroke-width: 1.5; } .polynomial { stroke-width: 2; } .exact { fill: #fff; stroke-width: 2; }
.threshold { stroke: #2f5fc4; stroke-dasharray: 5 4; }`;

/** One colour for each n, from light to dark. */
const COLOURS = ['#7fc8bf', '#35a397', '#0d7d73', '#07504a', '#032b28'];

interface Point {
  readonly n: number;
  readonly ratio: number;
  readonly rank: number | null;
  readonly speedup: number;
  readonly method: string;
}

/** Rank needed and speed over exact attention against B / sqrt(ln n), one line for each n; filled where the polynomial ran. */
export function phasePicture(rows: readonly Row[]): string {
  const points = rows as unknown as readonly Point[];
  const lengths = [...new Set(points.map(({ n }) => n))];
  const x = scaleLinear([0, Math.max(...points.map(({ ratio }) => ratio))], [RANK.left, RANK.right]);
  const ranked = points.filter(({ rank }) => rank !== null && rank <= LARGEST_RANK);
  const rank = scaleLog([1, Math.max(10, ...ranked.map((p) => p.rank!))], [RANK.bottom, RANK.top]);
  const speeds = points.map(({ speedup }) => speedup);
  const [slow, fast] = [Math.min(0.5, ...speeds), Math.max(2, ...speeds)];
  const speed = scaleLog([slow, fast], [SPEED.bottom, SPEED.top]);
  const drawn = (list: readonly Point[], y: (p: Point) => number, named: boolean): Markup[] => lengths.map((n, i) => {
    const own = list.filter((p) => p.n === n);
    const colour = COLOURS[Math.min(i, COLOURS.length - 1)]!;
    const path = line<Point>((p) => place(x(p.ratio)), (p) => place(y(p)))(own) ?? '';
    const dots = own.map((p) => html`<circle cx="${place(x(p.ratio))}" cy="${place(y(p))}" r="4" stroke="${colour}" class="${p.method}" fill="${p.method === 'polynomial' ? colour : '#fff'}"><title>n = ${p.n}, B = ${p.ratio} sqrt(ln n): rank ${p.rank ?? 'none'}, ${p.method}, ${place(p.speedup)} times exact</title></circle>`);
    // The lines of the lower plot end on each other; their colours are those of the upper one.
    const last = named ? own.at(-1) : undefined;
    return html`<path class="line" d="${path}" stroke="${colour}"/>${dots}${last ? html`<text x="${place(x(last.ratio) + 9)}" y="${place(y(last) + 4)}">n = ${n}</text>` : null}`;
  });
  const ticks = x.ticks(10);
  const at1 = place(x(1));
  return `${html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} 640" role="img" aria-label="Rank needed and speed against B divided by the square root of ln n">
<style>${STYLE}</style>
${leftAxis(rank, logTicks(1, rank.domain()[1]!), (t) => t.toExponential(0).replace('e+', 'e'), 'rank needed (log axis)', RANK)}
<line class="threshold" x1="${at1}" x2="${at1}" y1="${RANK.top}" y2="${SPEED.bottom}"/>
${drawn(ranked, (p) => rank(p.rank!), true)}
${bottomAxis(x, ticks, String, '', RANK)}
${leftAxis(speed, logTicks(slow, fast), String, 'times as fast as exact attention, filled: by polynomial (log axis)', SPEED)}
${drawn(points, (p) => speed(p.speedup), false)}
${bottomAxis(x, ticks, String, 'B / sqrt(ln n)', SPEED)}
</svg>`.source}\n`;
}
