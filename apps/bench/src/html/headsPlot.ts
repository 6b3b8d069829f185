import type { AttentionFacts, HeadFacts } from '@prompt-limits/bench';
import { scaleLog, scalePoint } from 'd3-scale';
import { leftAxis, place, type Frame } from './axis.ts';
import { logTicks } from './lossPlot.ts';
import { html, type Markup } from './markup.ts';
import { figure } from './words.ts';

const WIDTH = 940;

/** Beyond this many heads a cell is too narrow for its number. */
const NUMBERED_HEADS = 16;

/** A ratio this many times the threshold, or as many times below it, has the strongest colour. */
const STRONGEST = 16;

/** Layers down, heads across: B / sqrt(ln n) in the scale of the theorems in every cell, coloured by its side of 1. */
export function headsGrid({ heads, threshold }: AttentionFacts): Markup {
  const layers = 1 + Math.max(...heads.map((h) => h.layer));
  const across = 1 + Math.max(...heads.map((h) => h.head));
  const [left, top] = [64, 34];
  const cell = (WIDTH - 16 - left) / across;
  const height = Math.min(cell, 38);
  const cells = heads.map((h) => {
    const [x, y] = [left + h.head * cell, top + h.layer * height];
    return html`<g><title>${describe(h, threshold)}</title><rect x="${place(x + 1)}" y="${place(y + 1)}" width="${place(cell - 2)}" height="${place(height - 2)}" rx="3" fill="${colour(h.scaledRatio)}"/>${across <= NUMBERED_HEADS ? html`<text class="ink" x="${place(x + cell / 2)}" y="${place(y + height / 2 + 4)}" text-anchor="middle">${figure(h.scaledRatio)}</text>` : null}</g>`;
  });
  const rows = Array.from({ length: layers }, (_, i) => html`<text x="${left - 8}" y="${place(top + i * height + height / 2 + 4)}" text-anchor="end">layer ${i}</text>`);
  const columns = Array.from({ length: across }, (_, i) => html`<text x="${place(left + i * cell + cell / 2)}" y="${top - 8}" text-anchor="middle">${across <= NUMBERED_HEADS ? `head ${i}` : i % 4 === 0 ? String(i) : ''}</text>`);
  return html`<svg viewBox="0 0 ${WIDTH} ${place(top + layers * height + 6)}" role="img" aria-label="B divided by the square root of ln n, for ${layers} layers and ${across} heads">${columns}${rows}${cells}</svg>`;
}

/** B of every head, in the scale of the theorems, by layer on a log axis, against the line sqrt(ln n). */
export function headsStrip({ heads, threshold }: AttentionFacts): Markup {
  const frame: Frame = { left: 56, right: 924, top: 34, bottom: 264 };
  const layers = [...new Set(heads.map((h) => h.layer))];
  const values = [...heads.map((h) => h.scaledB), threshold].filter((b) => b > 0);
  const [low, high] = [Math.min(...values) / 1.3, Math.max(...values) * 1.3];
  const y = scaleLog([low, high], [frame.bottom, frame.top]);
  const x = scalePoint(layers.map(String), [frame.left, frame.right]).padding(0.6);
  const across = 1 + Math.max(...heads.map((h) => h.head));
  // The heads of a layer stand side by side in the middle two thirds of its column, in their order.
  const spread = layers.length > 1 ? x.step() * 0.66 : 300;
  const dots = heads.map((h) => {
    const cx = x(String(h.layer))! + (across > 1 ? (h.head / (across - 1) - 0.5) * spread : 0);
    return html`<circle cx="${place(cx)}" cy="${place(y(Math.max(h.scaledB, low)))}" r="4" fill="${h.side === 'within' ? 'var(--good)' : 'var(--bad)'}" fill-opacity=".85"><title>${describe(h, threshold)}</title></circle>`;
  });
  const names = layers.map((l) => html`<text x="${place(x(String(l))!)}" y="${frame.bottom + 20}" text-anchor="middle">layer ${l}</text>`);
  const line = place(y(threshold));
  return html`<svg viewBox="0 0 ${WIDTH} 296" role="img" aria-label="Largest entry B of each head by layer, against the square root of ln n">
${leftAxis(y, logTicks(low, high), String, 'B in the scale of the theorems (log axis)', frame)}
<line class="axis" x1="${frame.left}" x2="${frame.right}" y1="${frame.bottom}" y2="${frame.bottom}"/>
<line class="threshold" x1="${frame.left}" x2="${frame.right}" y1="${line}" y2="${line}"/>
<text class="mark strong" x="${frame.right}" y="${line - 7}" text-anchor="end">√ ln n = ${figure(threshold)}</text>
${dots}${names}</svg>`;
}

function describe(h: HeadFacts, threshold: number): string {
  return `layer ${h.layer}, head ${h.head}: B = ${figure(h.B)}, ${figure(h.scaledB)} in the scale of the theorems; √ ln n = ${figure(threshold)}; scores after centring within ±${figure(h.halfWidth)}`;
}

function colour(ratio: number): string {
  const strength = Math.min(1, Math.abs(Math.log(ratio || Number.MIN_VALUE)) / Math.log(STRONGEST));
  return `color-mix(in oklab, var(${ratio <= 1 ? '--good' : '--bad'}) ${Math.round(14 + 56 * strength)}%, var(--card))`;
}
