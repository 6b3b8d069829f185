import { assertInRange, assertInteger, entrywiseNorm, tokens, uniformTokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import { assertShape, checkedTarget, type SequenceShape, type TargetFunction } from './targetFunction.ts';

/** How `lipschitzEstimate` looks for a steep place. */
export interface LipschitzOptions extends SequenceShape {
  /** Index of the norm, finite and >= 1. */
  readonly alpha: number;
  /** Draws the pairs. */
  readonly random: RandomSource;
  /** Pairs of points, an integer >= 1; 1024 unless given. */
  readonly samples?: number;
}

/** The steepest pair that was found. */
export interface LipschitzEstimate {
  /** $\|f(Z) - f(Z')\|_\alpha / \|Z - Z'\|_\alpha$ of that pair: a lower bound of the Lipschitz constant. */
  readonly value: number;
  /** What the value is not. */
  readonly warning: string;
  /** Z of that pair. */
  readonly from: Tokens<Float64Array>;
  /** Z' of that pair. */
  readonly to: Tokens<Float64Array>;
}

const WARNING = 'a lower bound from sampled pairs: the Lipschitz constant may be larger, and no error bound follows from it';

/**
 * Steepest slope $\|f(Z) - f(Z')\|_\alpha / \|Z - Z'\|_\alpha$ among sampled pairs: at most the Lipschitz constant C of f, however many pairs there are.
 *
 * One pair in four is two independent points. The others are $2^{-1}$ to $2^{-10}$ apart: along one coordinate, along all of
 * them with random signs, or in a random direction, since the steepest direction of a linear map depends on alpha.
 *
 * @param f - function on $[0,1]^{d \times L}$
 * @returns value, exact up to the rounding of f itself (a rounding of $2^{-53}$ in f's values moves it by $2^{-42} (dL)^{1/\alpha}$ at
 * most), the pair, and a warning
 *
 * Paper: the constant C of Definition 2.3.
 *
 * @throws RangeError if d, L, alpha or samples is out of range, or f has the wrong shape or leaves [0, 1]
 * @throws TypeError if f is no function or returns no Tokens
 * @example
 * import { randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';
 * const half = (z: Tokens) => tokens(2, z.data.map((x) => x / 2));
 * const { value, warning } = lipschitzEstimate(half, { d: 2, L: 3, alpha: 2, random: randomSource(1) });
 * value; // => 0.500000000
 * warning.startsWith('a lower bound'); // => true
 */
export function lipschitzEstimate(f: TargetFunction, { d, L, alpha, random, samples = 1024 }: LipschitzOptions): LipschitzEstimate {
  assertShape('lipschitzEstimate', { d, L });
  assertInRange('lipschitzEstimate', 'alpha', alpha, 1, Number.MAX_VALUE);
  assertInteger('lipschitzEstimate', 'samples', samples, 1);
  const target = checkedTarget('lipschitzEstimate', f, { d, L });
  let best: LipschitzEstimate | undefined;
  for (let pair = 0; pair < samples; pair++) {
    const from = uniformTokens(random, d, L, 0, 1);
    const to = partner(from, pair % 4, random);
    const distance = entrywiseNorm(difference(from, to), alpha);
    if (distance === 0) continue;
    // f may return one buffer for all its values, or its argument: copy before it is called again.
    const first = tokens(d, Float64Array.from(target(tokens(d, from.data.slice())).data));
    const value = entrywiseNorm(difference(first, target(tokens(d, to.data.slice()))), alpha) / distance;
    if (best === undefined || value > best.value) best = { value, warning: WARNING, from, to };
  }
  const nowhere = tokens(d, new Float64Array(d * L));
  return best ?? { value: 0, warning: WARNING, from: nowhere, to: nowhere };
}

function partner(z: Tokens<Float64Array>, kind: number, random: RandomSource): Tokens<Float64Array> {
  if (kind === 0) return uniformTokens(random, z.d, z.n, 0, 1);
  const step = 2 ** -(1 + random.integer(10));
  const only = random.integer(z.data.length);
  const to = z.data.map((x, i) => {
    if (kind === 1 && i !== only) return x;
    const by = kind === 3 ? step * (2 * random.uniform() - 1) : step * (2 * random.integer(2) - 1);
    // At a wall turn round: a step of at most 1/2 fits on one side of any x.
    return x + by >= 0 && x + by <= 1 ? x + by : x - by;
  });
  return tokens(z.d, to);
}

const difference = (a: Tokens, b: Tokens): Tokens => tokens(a.d, Float64Array.from(a.data, (x, i) => x - b.data[i]!));
