import type { LimitsReport } from '@prompt-limits/bench';
import { html, type Markup } from './markup.ts';
import { bytes, count, largeNumber, operations, percent, plural } from './words.ts';

/** One question with its answer. */
interface Card {
  readonly question: string;
  readonly answer: string;
  readonly tone: 'good' | 'bad' | '';
  readonly sentence: string;
}

/** What the report says in a line: for the page's head and for the end of the run. */
export function headline(report: LimitsReport): string {
  const soft = `${plural(report.prompt.length, 'soft token')} ${report.prompt.length === 1 ? 'makes' : 'make'}`;
  const text = `${plural(report.tokens.length, 'token')} of text`;
  if (report.reproduction?.exact) return `${soft} the frozen model reproduce ${text} exactly`;
  return `${soft} the frozen model predict ${percent(report.fit.accuracy)} of ${text}`;
}

/** The three questions. */
export function cards(report: LimitsReport): Markup {
  return html`<div class="cards">${[job(report), length(report), cost(report)].map(
    ({ question, answer, tone, sentence }) => html`<section class="card"><h2>${question}</h2><div class="answer ${tone}">${answer}</div><p>${sentence}</p></section>`,
  )}</div>`;
}

function job({ reproduction, fit, tokens, prompt, tuning }: LimitsReport): Card {
  const question = 'Can this prompt do the job?';
  const right = tokens.filter((t) => t.correct).length;
  const without = fit.accuracyWithoutPrompt === null ? '' : ` With the start token alone the model predicts ${percent(fit.accuracyWithoutPrompt)} of them.`;
  if (reproduction?.exact) {
    const source = reproduction.fromSavedAdapter ? 'read back from the saved adapter, ' : '';
    return { question, answer: 'Yes, exactly', tone: 'good', sentence: `From ${plural(prompt.length, 'soft token')} alone, ${source}greedy decoding writes all ${tokens.length} tokens of the text.${without}` };
  }
  const why = tuning?.stopped === 'aborted' ? 'Tuning was stopped early.' : tuning ? `The budget of ${plural(tuning.budget, 'step')} ended first: more steps, a longer prompt or another seed may do it.` : '';
  return { question, answer: `Not yet: ${right} of ${tokens.length}`, tone: 'bad', sentence: `That many tokens are the likeliest after the true ones before them. ${why}${without}` };
}

function length({ length: { used, counting, sufficient } }: LimitsReport): Card {
  const least = counting.length === 1
    ? 'Counting bits, one soft token already has room for any text of this length; what the model can make of it is another matter.'
    : `With fewer than ${count(counting.length)} some text of this length is out of reach for any model, by counting bits.`;
  return {
    question: 'How many soft tokens does it need?',
    answer: `${count(used)} used, ${used < counting.length ? 'fewer than' : 'at least'} ${count(counting.length)} by counting`,
    tone: '',
    sentence: `${least} The length that Theorem 2.5 calls sufficient for every task at once is ${largeNumber(sufficient.log10Length)}.`,
  };
}

function cost({ attention, cost: c, prompt }: LimitsReport): Card {
  const pays = attention.headsWherePolynomialPays;
  return {
    question: 'What does inference cost?',
    answer: `${percent(c.withPrompt / c.withoutPrompt - 1)} more than the text alone`,
    tone: '',
    sentence: `${operations(c.withPrompt)} to read prompt and text, and ${bytes(c.promptCacheBytes)} of cached keys and values for the ${plural(prompt.length, 'soft token')}. ${count(attention.headsWithin)} of ${plural(attention.heads.length, 'head')} lie within the criterion; near-linear attention would ${pays === 0 ? 'pay for none of them at this length' : `pay for ${count(pays)}`}.`,
  };
}
