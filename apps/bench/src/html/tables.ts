import type { LimitsReport } from '@prompt-limits/bench';
import { html, type Markup } from './markup.ts';
import { bytes, count, figure, largeNumber, operations, percent, plural } from './words.ts';

interface Column<T> {
  readonly title: string;
  readonly hint: string;
  /** Shown. */
  readonly show: (row: T) => string;
  /** Sorted by; text is sorted as it is shown. */
  readonly value?: (row: T) => number | null;
}

type Head = LimitsReport['attention']['heads'][number];

const HEAD_COLUMNS: readonly Column<Head>[] = [
  { title: 'layer', hint: 'from 0', show: (h) => String(h.layer), value: (h) => h.layer },
  { title: 'head', hint: 'query head, from 0', show: (h) => String(h.head), value: (h) => h.head },
  { title: 'max |Q|', hint: 'largest entry of the queries', show: (h) => figure(h.maxQuery), value: (h) => h.maxQuery },
  { title: 'max |K|', hint: 'largest entry of the keys', show: (h) => figure(h.maxKey), value: (h) => h.maxKey },
  { title: 'max |V|', hint: 'largest entry of the values', show: (h) => figure(h.maxValue), value: (h) => h.maxValue },
  { title: 'B / √ ln n', hint: 'the largest of the three over √ ln n, as printed in the paper', show: (h) => figure(h.ratio), value: (h) => h.ratio },
  { title: 'in scale', hint: 'the same in the scale of the theorems', show: (h) => figure(h.scaledRatio), value: (h) => h.scaledRatio },
  { title: 'side', hint: 'within where the ratio in the scale of the theorems is at most 1', show: (h) => h.side },
  { title: 'scores', hint: 'range of the scores, scale included', show: (h) => `${h.lowestScore.toFixed(1)} to ${h.highestScore.toFixed(1)}`.replaceAll('-', '−'), value: (h) => h.highestScore - h.lowestScore },
  { title: 'centred', hint: 'largest absolute score once one vector is taken from all keys', show: (h) => `±${figure(h.halfWidth)}`, value: (h) => h.halfWidth },
  { title: 'degree', hint: 'of the polynomial that replaces the exponential', show: (h) => (h.degree === null ? '' : count(h.degree)), value: (h) => h.degree },
  { title: 'rank', hint: 'features that replace a key', show: (h) => (h.rank === null ? 'too many' : figure(Number(h.rank))), value: (h) => Number(h.rank ?? Infinity) },
  { title: 'cost ratio', hint: 'operations of the polynomial attention over those of the exact one; below 1 it would be the cheaper one', show: (h) => (h.polynomialCost === null ? 'too much' : figure(h.polynomialCost / h.exactCost)), value: (h) => (h.polynomialCost ?? Infinity) / h.exactCost },
];

/** Every head with its figures; a press on a column's title sorts. */
export function headsTable({ attention }: LimitsReport): Markup {
  const heads = HEAD_COLUMNS.map((c) => html`<th scope="col" title="${c.hint}"><button type="button">${c.title}</button></th>`);
  const rows = attention.heads.map(
    (h) => html`<tr title="${h.verdict}">${HEAD_COLUMNS.map((c) => (c.value ? html`<td data-value="${c.value(h) ?? ''}">${c.show(h)}</td>` : html`<td>${c.show(h)}</td>`))}</tr>`,
  );
  return html`<div class="scroll tall"><table class="sortable"><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** The prompt-length figures, each with what it means. */
export function lengthTable({ length: { used, counting, sufficient }, prompt, tokens, model }: LimitsReport): Markup {
  const row = (name: string, value: string, meaning: string): Markup => html`<tr><td class="words name">${name}</td><td><b>${value}</b></td><td class="words">${meaning}</td></tr>`;
  return html`<div class="scroll"><table><thead><tr><th class="words">length</th><th>soft tokens</th><th class="words">what it means</th></tr></thead><tbody>
${row('Counting bound', count(counting.length), `Necessary for all texts at once. ${plural(tokens.length, 'token')} out of a vocabulary of ${count(model.vocabularySize)} carry up to ${count(counting.textBits)} bits; a soft token holds at most ${count(model.width)} × ${figure(counting.bitsPerValue)} bits. With fewer soft tokens some text of this length is out of reach, however the model is built. One particular text may need fewer.`)}
${row('This prompt', count(used), `${count(prompt.parameters)} trained numbers, room for ${count(counting.promptBits)} bits: ${figure(counting.promptBits / counting.textBits)} times what the text can carry.`)}
${row('Theorem 2.5', largeNumber(sufficient.log10Length), `Sufficient, not necessary: with this many tokens one specially built transformer can be prompted to any task of this size that is Lipschitz with C = ${String(sufficient.lipschitz)}, up to an error of ε = ${String(sufficient.epsilon)}. The prompt is then a table of all inputs on a grid of ${figure(sufficient.gridPoints)} points a value. C, ε and the index α = ${String(sufficient.alpha)} of the norm are assumed, not measured.`)}
</tbody></table></div>`;
}

/** Name and value, one a row. */
function facts(rows: readonly (readonly [string, string])[]): Markup {
  return html`<div class="scroll"><table class="facts"><tbody>${rows.map(([name, value]) => html`<tr><td>${name}</td><td>${value}</td></tr>`)}</tbody></table></div>`;
}

/** The model, the prompt and the cost in figures. */
export function modelTable({ model, prompt, cost, fit }: LimitsReport): Markup {
  return facts([
    ['model', `${model.name}: ${count(model.parameters)} frozen weights, ${plural(model.layers, 'layer')} of ${plural(model.heads, 'head')} (${count(model.keyHeads)} for keys) of size ${count(model.headSize)}, width ${count(model.width)}, ${count(model.hiddenNeurons)} hidden neurons`],
    ['vocabulary, context', `${count(model.vocabularySize)} tokens, ${count(model.contextLength)} tokens`],
    ['prompt', `${plural(prompt.length, 'soft token')}, ${count(prompt.parameters)} trained numbers (${percent(prompt.parameters / model.parameters)} of the model); largest entry ${figure(prompt.largestEntry)}`],
    ['length of a soft token', `${figure(prompt.meanNorm)} on average; the text's own embeddings ${figure(prompt.meanTextNorm)}`],
    ['loss with the prompt', `${figure(fit.loss)} nats per token, perplexity ${figure(fit.perplexity)}`],
    ...(fit.lossWithoutPrompt === null ? [] : [['loss with the start token alone', `${figure(fit.lossWithoutPrompt)} nats per token`] as const]),
    ['cost of reading prompt and text', `${operations(cost.withPrompt)}, of which attention ${percent(cost.attentionShare)}`],
    ['cost of reading the text alone', operations(cost.withoutPrompt)],
    ['keys and values of the prompt', `${bytes(cost.promptCacheBytes)} in a Float32 cache`],
  ]);
}

/** Where and how the figures were made. */
export function runTable({ machine, timings, options, createdAt, tuning }: LimitsReport): Markup {
  const seconds = (ms: number): string => `${figure(ms / 1000)} s`;
  return facts([
    ...(createdAt === null ? [] : [['made', createdAt] as const]),
    ...(machine === null ? [] : [['machine', `${machine.cpu}, ${plural(machine.cores, 'core')}${machine.memoryMiB === null ? '' : `, ${bytes(machine.memoryMiB * 2 ** 20)}`}, ${machine.platform}, ${machine.runtime}; kernels ${machine.kernelBuild ?? 'none'}, ${plural(machine.threads ?? 1, 'thread')}`] as const]),
    ...(tuning === null ? [] : [['tuning', `${plural(tuning.steps, 'step')} of at most ${count(tuning.budget)}, ${figure(tuning.milliseconds / Math.max(1, tuning.steps))} ms each`] as const]),
    ...Object.entries(timings).map(([name, ms]) => [`time: ${name}`, seconds(ms)] as const),
    ...Object.entries(options).map(([name, value]) => [name, value === null ? 'not set' : String(value)] as const),
  ]);
}
