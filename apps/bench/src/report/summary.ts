import { join } from 'node:path';
import type { LimitsReport } from '@prompt-limits/bench';
import type { coloursFor } from '../cli/colours.ts';
import { duration } from '../cli/progress.ts';
import { headline } from '../html/headline.ts';
import { count, figure, largeNumber, percent, plural } from '../html/words.ts';

/** What the run found, in plain words, and where it lies. */
export function summary(report: LimitsReport, folder: string, colour: ReturnType<typeof coloursFor>): string {
  const { model, reproduction, fit, length, attention, tuning, aborted } = report;
  const lines = [
    `${(reproduction?.exact ? colour.green : colour.yellow)(colour.bold(headline(report)))}.`,
    ...(aborted ? ['Stopped by Ctrl-C: this is the best prompt until then.'] : []),
    '',
    `Model     ${model.name}, ${count(model.parameters)} frozen weights`,
    ...(tuning ? [`Tuning    ${plural(tuning.steps, 'step')} in ${duration(tuning.milliseconds)}, loss ${figure(fit.loss)}, accuracy ${percent(fit.accuracy)}`] : []),
    ...(reproduction ? [`Check     greedy decoding from the saved adapter: ${reproduction.exact ? 'the text, exactly' : `the first ${plural(reproduction.matchingTokens, 'token')} agree`}`] : []),
    `Length    ${count(length.used)} used; at least ${count(length.counting.length)} for all such texts by counting; Theorem 2.5's length is ${largeNumber(length.sufficient.log10Length)}`,
    `Cost      ${attention.headsWithin} of ${plural(attention.heads.length, 'head')} within the efficiency criterion at n = ${attention.n}; near-linear attention would pay for ${attention.headsWherePolynomialPays}`,
    '',
    `${colour.bold(join(folder, 'report.html'))}   the report, for people`,
    `${join(folder, 'report.json')}   the same figures, for programs`,
    `${join(folder, 'adapter')}       the prompt, a PEFT adapter`,
  ];
  return `${lines.join('\n')}\n`;
}
