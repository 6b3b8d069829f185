import type { TuningFacts } from '@prompt-limits/bench';
import { scaleLinear, scaleLog } from 'd3-scale';
import { area, line } from 'd3-shape';
import { bottomAxis, leftAxis, place, type Frame } from './axis.ts';
import { html, type Markup } from './markup.ts';
import { figure, percent } from './words.ts';

const WIDTH = 940;
const LOSS: Frame = { left: 56, right: 924, top: 30, bottom: 250 };
const ACCURACY: Frame = { left: 56, right: 924, top: 296, bottom: 366 };

/** A loss of 0 has no logarithm; the axis ends here. */
const FLOOR = 1e-6;

/** Loss (log axis) and accuracy against the step, with the step whose prompt was kept. */
export function lossPlot({ history, bestStep }: TuningFacts): Markup {
  const last = Math.max(1, history.at(-1)?.step ?? 1);
  const losses = history.map((h) => Math.max(FLOOR, h.loss));
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const x = scaleLinear([0, last], [LOSS.left, LOSS.right]);
  const y = scaleLog([low / 1.15, Math.max(high, low * 1.01) * 1.15], [LOSS.bottom, LOSS.top]);
  const share = scaleLinear([0, 1], [ACCURACY.bottom, ACCURACY.top]);
  const lossPath = line<(typeof history)[number]>((h) => place(x(h.step)), (h) => place(y(Math.max(FLOOR, h.loss))))([...history]) ?? '';
  const accuracyPath = area<(typeof history)[number]>((h) => place(x(h.step)), ACCURACY.bottom, (h) => place(share(h.accuracy)))([...history]) ?? '';
  const best = history.find((h) => h.step === bestStep);
  const steps = x.ticks(8).filter(Number.isInteger);
  return html`<svg viewBox="0 0 ${WIDTH} 408" role="img" aria-label="Loss and accuracy over ${last} steps of tuning">
${leftAxis(y, logTicks(low / 1.15, high * 1.15), String, 'loss, nats per token (log axis)', LOSS)}
<path d="${lossPath}" fill="none" stroke="var(--good)" stroke-width="2" stroke-linejoin="round"/>
${best ? html`<circle cx="${place(x(best.step))}" cy="${place(y(Math.max(FLOOR, best.loss)))}" r="4.5" fill="var(--card)" stroke="var(--good)" stroke-width="2"/><text class="ink" x="${LOSS.right}" y="${LOSS.top - 12}" text-anchor="end">○ kept: step ${best.step}, loss ${figure(best.loss)}</text>` : null}
${leftAxis(share, [0, 0.5, 1], percent, 'tokens predicted', ACCURACY)}
<path d="${accuracyPath}" fill="var(--good)" fill-opacity=".28" stroke="var(--good)"/>
${bottomAxis(x, steps, String, 'step', ACCURACY)}
</svg>`;
}

/** 1, 2 and 5 times powers of ten within the range; only the powers where those are many. */
export function logTicks(low: number, high: number): readonly number[] {
  const ticks: number[] = [];
  const few = high / low < 200;
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    for (const m of few ? [1, 2, 5] : [1]) {
      const t = Number(`${m}e${e}`);
      if (t >= low && t <= high) ticks.push(t);
    }
  }
  return ticks;
}
