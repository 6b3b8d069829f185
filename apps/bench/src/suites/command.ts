import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { coloursFor } from '../cli/colours.ts';
import { formatCsv } from '../cli/csv.ts';
import { onInterrupt } from '../cli/interrupt.ts';
import { integer } from '../cli/options.ts';
import { createProgress } from '../cli/progress.ts';
import { formatTable } from '../cli/table.ts';
import { UsageError } from '../cli/usageError.ts';
import { assertWritable, writeFolder } from '../cli/writeFolder.ts';
import { suites } from './index.ts';
import type { Suite } from './suite.ts';

interface BenchOptions {
  readonly json: boolean;
  readonly quick: boolean;
  readonly threads: number;
  readonly out?: string;
}

/** `prompt-limits bench [suite]`. */
export function benchCommand(): Command {
  return new Command('bench')
    .summary('measure a suite of benchmarks')
    .description('Measures a suite of benchmarks on this machine. Without a suite, lists them with the claim that each one measures.')
    .argument('[suite]', suites.map((s) => s.name).join(', '))
    .option('--json', 'print one JSON document { suite, machine, rows } on standard output, nothing else', false)
    .option('--quick', 'fewer sizes and rounds: at most 45 seconds', false)
    .addOption(new Option('--threads <count>', 'largest number of threads to measure').argParser(integer(1, 64)).default(Math.min(2, availableParallelism()), 'two, where there are two cores'))
    .option('--out <folder>', 'also write the rows there as JSON and CSV, and a picture (SVG) where the suite has one')
    .action(run);
}

async function run(name: string | undefined, options: BenchOptions): Promise<void> {
  if (name === undefined) {
    list(options.json);
    return;
  }
  const suite = suites.find((s) => s.name === name);
  if (!suite) throw new UsageError(`suite: must be one of ${suites.map((s) => s.name).join(', ')}, got ${name}`);
  if (options.out !== undefined) await assertWritable('--out', options.out);
  await measure(suite, options);
}

function list(json: boolean): void {
  const facts = suites.map(({ name, claim, columns }) => ({ name, claim, columns }));
  if (json) {
    process.stdout.write(`${JSON.stringify({ suites: facts }, null, 2)}\n`);
    return;
  }
  const colour = coloursFor(process.stdout);
  for (const { name, claim } of facts) process.stdout.write(`${colour.bold(name)}\n  ${claim}\n`);
}

async function measure(suite: Suite, { json, quick, threads, out }: BenchOptions): Promise<void> {
  const step = createProgress(process.stderr).step(suite.name);
  const interrupt = onInterrupt(() => {});
  try {
    const { machine, rows } = await suite.run({ quick, threads, signal: interrupt.signal, onProgress: (fraction, note) => step.update(fraction, note) });
    step.done('');
    const document = `${JSON.stringify({ suite: suite.name, machine, rows }, null, 2)}\n`;
    if (out !== undefined) {
      const picture = suite.picture?.(rows);
      await writeFolder(out, { [`${suite.name}.json`]: document, [`${suite.name}.csv`]: formatCsv(rows), ...(picture === undefined ? {} : { [`${suite.name}.svg`]: picture }) });
    }
    if (json) {
      process.stdout.write(document);
      return;
    }
    const colour = coloursFor(process.stdout);
    process.stdout.write(`${colour.bold(suite.name)}: ${suite.claim}\n\n${formatTable(rows)}\n\n`);
    for (const [column, meaning] of Object.entries(suite.columns)) process.stdout.write(colour.dim(`${column}: ${meaning}\n`));
    process.stdout.write(colour.dim(`machine: ${machine.cpu}, ${machine.cores} cores, ${machine.runtime}\n`));
  } catch (error) {
    step.stop();
    if (interrupt.signal.aborted) throw new UsageError(`${suite.name}: stopped by Ctrl-C, nothing was kept`);
    throw error;
  } finally {
    interrupt.release();
  }
}
