import { html, type Markup } from './markup.ts';

/** The part of a d3 scale that an axis needs. */
export interface Scale {
  (value: number): number;
}

/** A plot's place inside its SVG. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Horizontal lines with their values at the left, and what they measure above. */
export function leftAxis(scale: Scale, ticks: readonly number[], label: (value: number) => string, title: string, { left, right, top }: Frame): Markup {
  const lines = ticks.map(
    (t) => html`<line class="grid" x1="${left}" x2="${right}" y1="${place(scale(t))}" y2="${place(scale(t))}"/><text x="${left - 8}" y="${place(scale(t) + 4)}" text-anchor="end">${label(t)}</text>`,
  );
  return html`${lines}<text class="strong" x="0" y="${top - 12}">${title}</text>`;
}

/** The line at the bottom with its values below, and what they measure at the right. */
export function bottomAxis(scale: Scale, ticks: readonly number[], label: (value: number) => string, title: string, { left, right, bottom }: Frame): Markup {
  const marks = ticks.map((t) => html`<text x="${place(scale(t))}" y="${bottom + 18}" text-anchor="middle">${label(t)}</text>`);
  return html`<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>${marks}<text x="${right}" y="${bottom + 36}" text-anchor="end">${title}</text>`;
}

/** A coordinate to a tenth of a unit, which no eye tells from the exact one. */
export function place(x: number): number {
  return Math.round(x * 10) / 10;
}
