import { assertFinite, assertInRange, assertNonEmpty, assertPositive, describe, entrywiseNorm, gridTokens, quantiseToGrid, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { memorisationLengths, type MemorisationLengths } from './memorisationLengths.ts';
import { separatingGrid } from './separatingGrid.ts';
import { buildUniversal, type ConstructionOptions, type UniversalTransformer } from './universalTransformer.ts';

/** One pair of a dataset. */
export interface LabelledSequence {
  /** X, d x L, entries in [0, 1]. */
  readonly input: Tokens;
  /** Y, d x L, entries in [0, 1]. */
  readonly label: Tokens;
}

/** How a dataset is memorised. */
export interface MemorizeOptions extends Partial<ConstructionOptions> {
  /** Index of the norm in which epsilon is meant, finite and >= 1; 2 unless given. */
  readonly alpha?: number;
}

/** A transformer and a prompt that memorise a dataset. */
export interface Memorisation {
  /** The transformer: it memorises every dataset of so many examples that its grid separates. */
  readonly tau: UniversalTransformer;
  /** The prompt for this dataset. */
  readonly prompt: Tokens<Float64Array>;
  /** $\|\tau([P, X^{(i)}])_{:,L_p:} - Y^{(i)}\|_\alpha$ for each example, measured by running it. */
  readonly errors: Float64Array;
  /** The largest of them. */
  readonly worstError: number;
  /** The lengths that theory offers, and the one used. */
  readonly lengths: MemorisationLengths;
}

/**
 * Memorises a dataset by prompt alone: $\|\tau([P, X^{(i)}])_{:,L_p:} - Y^{(i)}\|_\alpha \le \epsilon$ for every example, measured, not only proven.
 *
 * The grid is about the coarsest on which any labels are within epsilon of a grid point and inputs with different labels lie in different cells, off the ramps. The
 * prompt is a dictionary of 2 N L tokens, or the whole table of $L\, m^{dL}$ where that is shorter. Nothing is assumed of the data but that it is a function: no
 * Lipschitz constant enters the construction, which is why its prompt does not grow with 1/epsilon as that of Theorem 2.5 does.
 *
 * @param dataset - N >= 1 examples of one shape
 * @param epsilon - allowed error of an example, above 0
 * @param options - form ('wide' unless given), mode, evaluator, theta, alpha
 *
 * Paper: Theorem 2.5, Definition 2.7 (errata rows 1, 20).
 *
 * @throws RangeError if the dataset is empty, shapes differ, a value is outside [0, 1], epsilon is not above 0, two equal inputs have different labels (with the
 * pair), theta is too large, or no grid that can be built separates the inputs (with its size and the closest pair)
 * @throws TypeError if an example is no pair of Tokens
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const pair = (x: number, y: number) => ({ input: tokens(1, Float64Array.of(x)), label: tokens(1, Float64Array.of(y)) });
 * const { prompt, worstError, lengths } = memorize([pair(0.1, 0.9), pair(0.35, 0.2), pair(0.75, 0.6)], 0.05);
 * prompt.n; // => 6
 * worstError <= 0.05; // => true
 * lengths.used; // => 6
 */
export function memorize(dataset: readonly LabelledSequence[], epsilon: number, { alpha = 2, form = 'wide', ...options }: MemorizeOptions = {}): Memorisation {
  const fn = 'memorize';
  const { d, L } = checkedDataset(fn, dataset);
  assertPositive(fn, 'epsilon', epsilon);
  assertInRange(fn, 'alpha', alpha, 1, Number.MAX_VALUE);
  const N = dataset.length;
  const m = separatingGrid(fn, dataset, { epsilon, alpha, form, examples: N, ...options });
  const table = L * m ** (d * L) <= 2 * N * L;
  const shape = { d, L, m, form, ...options };
  const tau = table ? buildUniversal(shape) : buildUniversal({ ...shape, layout: 'dictionary', examples: N });
  const width = d * L;
  const digits = new Int32Array(d * tau.Lp);
  dataset.forEach(({ input, label }, i) => {
    const key = quantiseToGrid(input, m);
    const value = Int32Array.from(label.data, (y) => nearestDigit(y, m));
    if (table) {
      let block = 0;
      for (let at = width - 1; at >= 0; at--) block = block * m + key[at]!;
      digits.set(value, block * width);
    } else {
      digits.set(key, 2 * i * width);
      digits.set(value, (2 * i + 1) * width);
    }
  });
  const prompt = gridTokens(digits, { d, m });
  const run = tau.load(prompt);
  const errors = Float64Array.from(dataset, ({ input, label }) => {
    const output = run(input);
    return entrywiseNorm(tokens(d, output.data.map((x, at) => x - label.data[at]!)), alpha);
  });
  return { tau, prompt, errors, worstError: errors.reduce((a, b) => Math.max(a, b), 0), lengths: memorisationLengths(dataset, { epsilon, alpha, m, used: tau.Lp }) };
}

/** Digit of the grid point nearest to y in [0, 1]. */
export const nearestDigit = (y: number, m: number): number => Math.min(m - 1, Math.round(y * m));

function checkedDataset(fn: string, dataset: readonly LabelledSequence[]): { d: number; L: number } {
  if (!Array.isArray(dataset)) throw new TypeError(`${fn}: dataset must be an array of pairs {input, label}, got ${describe(dataset)}`);
  assertNonEmpty(fn, 'dataset', dataset);
  const { d, n: L } = (dataset[0] as LabelledSequence)?.input ?? {};
  dataset.forEach((example: LabelledSequence, i) => {
    for (const name of ['input', 'label'] as const) {
      const t = example?.[name];
      const data: unknown = t?.data;
      if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) throw new TypeError(`${fn}: the ${name} of example ${i} must be Tokens, got ${describe(t)}`);
      if (t.d !== d || t.n !== L || data.length !== d * L || data.length === 0) {
        throw new RangeError(`${fn}: the ${name} of example ${i} must be ${d} x ${L} like the first input, with at least one value, got ${t.d} x ${t.n} of ${data.length} values`);
      }
      assertFinite(fn, `the ${name} of example ${i}`, data);
      const outside = data.findIndex((x) => x < 0 || x > 1);
      if (outside >= 0) throw new RangeError(`${fn}: the ${name} of example ${i} must lie in [0, 1], got ${data[outside]} at coordinate ${outside % d} of token ${Math.floor(outside / d)}`);
    }
  });
  return { d, L };
}
