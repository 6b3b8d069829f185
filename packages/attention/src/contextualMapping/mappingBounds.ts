import { assertFiniteNumber, assertInRange, assertInteger, assertPositive } from '@prompt-limits/core-linalg';

/** What the constants of Lemma 2.2 depend on. */
export interface MappingParameters {
  /** Every token is longer than this, > 0. */
  readonly gammaMin: number;
  /** Every token is shorter than this. */
  readonly gammaMax: number;
  /** Distinct tokens are farther apart than this, > 0. */
  readonly epsilon: number;
  /** $|\mathcal V|$, at least 1. */
  readonly vocabularySize: number;
  /** Width of a token, at least 1. */
  readonly d: number;
  /** Length L of every sequence, at least 1. */
  readonly length: number;
}

/** A $(\gamma, \delta)$ that a statement names. */
export interface NamedBound {
  /** Context IDs are shorter than this. */
  readonly gamma: number;
  /** Context IDs are farther apart than e to this; -Infinity for a bound of 0. */
  readonly lnDelta: number;
}

/** The constants that the paper prints. */
export interface MappingBounds {
  /** Lemma 2.2. */
  readonly lemma22: NamedBound;
  /** Kajitsuka and Sato (2024), rank 1, as Remark D.2 quotes them. */
  readonly kajitsukaSato: NamedBound;
  /** False where the printed delta of Lemma 2.2 cannot hold: IDs shorter than gamma cannot be $2 \gamma$ apart. */
  readonly attainable: boolean;
}

/**
 * The constants of Lemma 2.2 and of Kajitsuka and Sato, in logarithms:
 * $\gamma = \gamma_{\max} + \epsilon / 4$,
 * $\ln \delta = -5 \epsilon^{-1} |\mathcal V|^4 d \kappa \gamma_{\max} \ln L$ with $\kappa = \gamma_{\max} / \gamma_{\min}$, and
 * $\Delta = \frac{2 (\ln L)^2 \epsilon^2 \gamma_{\min}}{\gamma_{\max}^2 E}\, e^{-E \gamma_{\max}^2 / (4 \epsilon \gamma_{\min})}$ with
 * $E = (|\mathcal V| + 1)^4 (2 \ln L + 3) \pi d$.
 *
 * @returns float64 values with a relative error below $2^{-48}$; logarithms, as $\delta$ itself underflows for all but toy vocabularies. Nothing
 * is built and nothing is proven by them. The printed $\delta$ of Lemma 2.2 has no unit of length: for L = 1, or for tiny tokens,
 * it exceeds $2 \gamma$, and `attainable` is false
 *
 * Paper: Lemma 2.2, Lemma D.3, Remark D.2.
 *
 * @throws RangeError if a parameter is out of range
 * @example
 * const bounds = contextualMappingBounds({ gammaMin: 1, gammaMax: 2, epsilon: 0.5, vocabularySize: 3, d: 2, length: 4 });
 * bounds.lemma22.gamma; // => 2.125
 * bounds.lemma22.lnDelta; // => -8983.2
 */
export function contextualMappingBounds(parameters: MappingParameters): MappingBounds {
  const fn = 'contextualMappingBounds';
  const { gammaMin, gammaMax, epsilon, vocabularySize: size, d, length } = parameters;
  assertPositive(fn, 'gammaMin', gammaMin);
  assertFiniteNumber(fn, 'gammaMax', gammaMax);
  assertInRange(fn, 'gammaMax', gammaMax, gammaMin, Number.MAX_VALUE);
  assertPositive(fn, 'epsilon', epsilon);
  assertInteger(fn, 'vocabularySize', size, 1);
  assertInteger(fn, 'd', d, 1);
  assertInteger(fn, 'length', length, 1);
  const lnL = Math.log(length);
  const gamma = gammaMax + epsilon / 4;
  // Ratios first: they do not overflow where squares would.
  const lnDelta = lnL === 0 ? 0 : -5 * (gammaMax / epsilon) * (gammaMax / gammaMin) * size ** 4 * d * lnL;
  const e = (size + 1) ** 4 * (2 * lnL + 3) * Math.PI * d;
  const factor = Math.log(2) + 2 * Math.log(lnL) + 2 * (Math.log(epsilon) - Math.log(gammaMax)) + Math.log(gammaMin) - Math.log(e);
  const lnKajitsuka = factor - (e / 4) * (gammaMax / epsilon) * (gammaMax / gammaMin);
  return { lemma22: { gamma, lnDelta }, kajitsukaSato: { gamma, lnDelta: lnKajitsuka }, attainable: lnDelta < Math.log(2) + Math.log(gamma) };
}
