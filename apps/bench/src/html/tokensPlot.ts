import type { TokenFacts } from '@prompt-limits/bench';
import { scaleLinear } from 'd3-scale';
import { bottomAxis, leftAxis, place, type Frame } from './axis.ts';
import { html, type Markup } from './markup.ts';
import { percent } from './words.ts';

/** The text itself, every token coloured by the probability of being predicted; wrong ones underlined. */
export function tokenText(tokens: readonly TokenFacts[]): Markup {
  const spans = tokens.map(
    (t) => html`<span class="${t.correct ? 'right' : 'wrong'}" style="background:${tint(t.probability)}" title="${hint(t)}">${t.text}</span>`,
  );
  return html`<div class="text">${spans}</div>
<div class="legend"><span>probability 0<i></i>1</span><span><b style="text-decoration:underline wavy var(--bad)">underlined</b>: another token is likelier</span><span>point at a token for its figures</span></div>`;
}

/** The probabilities as bars, in the order of the text. */
export function tokenBars(tokens: readonly TokenFacts[]): Markup {
  const frame: Frame = { left: 56, right: 924, top: 26, bottom: 120 };
  const x = scaleLinear([0, tokens.length], [frame.left, frame.right]);
  const y = scaleLinear([0, 1], [frame.bottom, frame.top]);
  const width = Math.max(0.5, (x(1) - x(0)) * 0.78);
  const bars = tokens.map(
    (t, i) => html`<rect x="${place(x(i) + ((x(1) - x(0)) - width) / 2)}" y="${place(y(t.probability))}" width="${place(width)}" height="${place(frame.bottom - y(t.probability))}" fill="${t.correct ? 'var(--good)' : 'var(--bad)'}" fill-opacity=".75"><title>${hint(t)}</title></rect>`,
  );
  const ticks = x.ticks(Math.min(10, tokens.length)).filter((t) => Number.isInteger(t) && t < tokens.length);
  return html`<svg viewBox="0 0 940 164" role="img" aria-label="Probability of each of ${tokens.length} tokens">
${leftAxis(y, [0, 0.5, 1], percent, 'probability of the true token', frame)}${bars}
${bottomAxis((t) => x(t + 0.5), ticks, String, 'token of the text', frame)}</svg>`;
}

function hint(t: TokenFacts): string {
  return `${JSON.stringify(t.text)} (${t.id}): ${percent(t.probability)}${t.instead === null ? '' : `, likelier: ${JSON.stringify(t.instead)}`}`;
}

function tint(probability: number): string {
  return `color-mix(in oklab, var(--good-tint) ${Math.round(100 * probability)}%, var(--bad-tint))`;
}
