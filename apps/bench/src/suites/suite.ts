import type { Machine } from '@prompt-limits/bench';
import type { Row } from '../cli/table.ts';

/** What a suite is run with. */
export interface SuiteOptions {
  /** Fewer sizes and rounds: at most 45 s. */
  readonly quick: boolean;
  /** Largest number of threads that is measured. */
  readonly threads: number;
  /** Stops between two samples. */
  readonly signal: AbortSignal;
  /** Called with the fraction that is done and what is being measured. */
  readonly onProgress: (fraction: number, note: string) => void;
}

/** What a run of a suite gives. */
export interface SuiteResult {
  /** The machine that was measured. */
  readonly machine: Machine;
  /** One figure set each, all measured by this run. */
  readonly rows: readonly Row[];
}

/** A benchmark: the claim that it measures, and how. */
export interface Suite {
  /** Name on the command line. */
  readonly name: string;
  /** What the rows confirm or refute, in one sentence. */
  readonly claim: string;
  /** What each column holds, with its unit. */
  readonly columns: Readonly<Record<string, string>>;
  /** The rows as an SVG document, where a picture says more than a table. */
  picture?(rows: readonly Row[]): string;
  /** Measures. */
  run(options: SuiteOptions): Promise<SuiteResult>;
}
