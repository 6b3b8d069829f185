import { assertFinite, assertInRange, assertNonEmpty } from '@prompt-limits/core-linalg';

// The weights of a Float32 softmax of length n sum to 1 up to about n roundings of 2^-24 each; what strays further is no distribution.
const STRAY_PER_ENTRY = 2 ** -23;

/**
 * Gibbs entropy $\mathcal S(p) = -\sum_i p_i \ln p_i$ in nats, with $0 \ln 0 = 0$.
 *
 * @param p - a probability vector, length n >= 1: entries in [0, 1] whose sum is 1 up to n $2^{-23}$
 * @returns the entropy of the given p with relative error at most (n + 2) $2^{-53}$
 *
 * Paper: Eq. (C.2).
 *
 * @throws RangeError if p is empty, an entry is outside [0, 1] or NaN, or the sum is not 1
 * @throws TypeError if p is not an array of numbers
 * @example
 * gibbsEntropy([0.5, 0.25, 0.25, 0]); // => 1.0397207708399179
 */
export function gibbsEntropy(p: ArrayLike<number>): number {
  assertNonEmpty('gibbsEntropy', 'p', p);
  assertFinite('gibbsEntropy', 'p', p);
  let sum = 0;
  let entropy = 0;
  for (let i = 0; i < p.length; i++) {
    assertInRange('gibbsEntropy', `p[${i}]`, p[i], 0, 1);
    sum += p[i]!;
    // Every term is at least 0, so the sum keeps the relative error of its terms.
    if (p[i]! > 0) entropy -= p[i]! * Math.log(p[i]!);
  }
  if (Math.abs(sum - 1) > p.length * STRAY_PER_ENTRY) throw new RangeError(`gibbsEntropy: p must sum to 1, got ${sum}`);
  return entropy;
}
