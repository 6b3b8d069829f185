import { assertInteger, assertLength, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';

/** A grid with positions, and its integer codes. */
export interface GridCodes {
  /** Width of a token. */
  readonly d: number;
  /** Grid points per unit: the grid step is delta = 1/m. */
  readonly m: number;
  /** Tokens of a sequence; their positions are 1, ..., n. */
  readonly n: number;
  /** What one position adds to every coordinate. */
  readonly rho: number;
  /** Codes of one digit at neighbouring positions differ by $R = \rho\, m\, (1 + m + \dots + m^{d-1})$. */
  readonly R: number;
  /** The largest code of a token without position, $D = m^d - 1 < R$. */
  readonly D: number;
  /** $u = (1, m, \dots, m^{d-1})$. */
  readonly direction: Float64Array;
}

/**
 * Integer codes of the positioned tokens of a grid: a token with digits $c_0, \dots, c_{d-1}$ (values $c_i / m$) at position j is
 * $M_j = (\rho j + c_i / m)_i$, and with $u = (1, m, \dots, m^{d-1})$
 * $$m\, u^\top M_j = a_j = R j + c, \qquad c = \sum_i c_i m^i \in \lbrace 0, \dots, D \rbrace.$$
 * As $R \ge m + \dots + m^d > D$, a code tells position and digits, and codes grow with the position.
 *
 * @returns R, D and u, exact: codes are integers up to $R n + D$, below $2^{50}$
 *
 * Paper: the grid of Lemma E.2 with positions from 1 (errata 8); rho = 1 is the paper's encoding, u the direction of Lemma D.1 written down.
 *
 * @throws RangeError if d, n or rho is not an integer of at least 1, m not one of at least 2, or codes reach $2^{50}$
 * @example
 * const { R, D } = gridCodes({ d: 2, m: 3, n: 5 });
 * [R, D]; // => [12, 8]
 */
export function gridCodes({ d, m, n, rho = 1 }: { readonly d: number; readonly m: number; readonly n: number; readonly rho?: number }): GridCodes {
  const fn = 'gridCodes';
  assertInteger(fn, 'd', d, 1);
  assertInteger(fn, 'm', m, 2);
  assertInteger(fn, 'n', n, 1);
  assertInteger(fn, 'rho', rho, 1);
  // Powers of m below 2^50 are exact; the first one beyond is refused, so d may be large without a long loop.
  let sum = 0;
  const direction: number[] = [];
  for (let power = 1; direction.length < d; power *= m) {
    sum += power;
    if (!(rho * m * sum * (n + 1) < 2 ** 50)) {
      throw new RangeError(`${fn}: rho m (1 + ... + m^(d-1)) (n + 1) must be below 2^50, so that codes and bounds of their errors are exact, got d = ${d}, m = ${m}, n = ${n}, rho = ${rho}`);
    }
    direction.push(power);
  }
  return { d, m, n, rho, R: rho * m * sum, D: (m - 1) * sum, direction: Float64Array.from(direction) };
}

/**
 * Codes $a_j = R j + c_j$ of a sequence from its digits.
 *
 * @param digits - d n digits from 0 to m - 1, a token's d together
 * @returns n codes
 *
 * @throws RangeError if the length is not d n or a digit is no integer from 0 to m - 1
 * @example
 * positionedCodes(gridCodes({ d: 2, m: 3, n: 2 }), [1, 2, 0, 0]); // => new Float64Array([19, 24])
 */
export function positionedCodes({ d, m, n, R, direction }: GridCodes, digits: ArrayLike<number>): Float64Array {
  assertLength('positionedCodes', 'digits', digits, d * n, 'd n');
  const codes = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    let c = 0;
    for (let i = 0; i < d; i++) {
      const digit = digits[j * d + i]!;
      assertInteger('positionedCodes', `digits[${j * d + i}]`, digit, 0, m - 1);
      c += digit * direction[i]!;
    }
    codes[j] = R * (j + 1) + c;
  }
  return codes;
}

/**
 * The positioned tokens $M_j = (\rho j + c_i / m)_i$ of a sequence, each value rounded once: what a quantiser in front of the attention has to give.
 *
 * @param digits - d n digits from 0 to m - 1, a token's d together
 * @returns d x n in Float64; exact where m is a power of two
 *
 * @throws RangeError if the length is not d n or a digit is no integer from 0 to m - 1
 * @example
 * positionedTokens(gridCodes({ d: 2, m: 4, n: 2 }), [1, 2, 0, 3]).data; // => new Float64Array([1.25, 1.5, 2, 2.75])
 */
export function positionedTokens({ d, m, n, rho }: GridCodes, digits: ArrayLike<number>): Tokens<Float64Array> {
  assertLength('positionedTokens', 'digits', digits, d * n, 'd n');
  const result = zeroTokens(d, n);
  for (let at = 0; at < d * n; at++) {
    assertInteger('positionedTokens', `digits[${at}]`, digits[at], 0, m - 1);
    // The numerator is exact, so this is the float64 nearest to the fraction.
    result.data[at] = (rho * (Math.floor(at / d) + 1) * m + digits[at]!) / m;
  }
  return result;
}

/**
 * Digits of a sequence from its codes, the inverse of `positionedCodes`.
 *
 * @param codes - n codes, the j-th from R j to R j + D
 * @returns d n digits from 0 to m - 1, a token's d together
 *
 * @throws RangeError if the length is not n or a code is none of its position
 * @example
 * positionedDigits(gridCodes({ d: 2, m: 3, n: 2 }), [19, 24]); // => new Int32Array([1, 2, 0, 0])
 */
export function positionedDigits({ d, m, n, R, D }: GridCodes, codes: ArrayLike<number>): Int32Array {
  assertLength('positionedDigits', 'codes', codes, n, 'n');
  const digits = new Int32Array(d * n);
  for (let j = 0; j < n; j++) {
    const first = R * (j + 1);
    assertInteger('positionedDigits', `codes[${j}]`, codes[j], first, first + D);
    let rest = codes[j]! - first;
    for (let i = 0; i < d; i++) {
      digits[j * d + i] = rest % m;
      rest = Math.floor(rest / m);
    }
  }
  return digits;
}
