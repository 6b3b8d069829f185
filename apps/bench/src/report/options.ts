/** The options of `prompt-limits report`, as commander gives them. */
export interface ReportOptions {
  readonly model?: string;
  readonly text?: string;
  readonly textString?: string;
  readonly promptLength: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly init: 'random' | 'vocabulary' | 'text';
  readonly initText?: string;
  readonly seed: number;
  readonly threads: number;
  readonly out: string;
  readonly cache?: string;
}
