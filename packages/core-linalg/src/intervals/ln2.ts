/** $\ln 2$ and the series it is made of. */

interface Split {
  readonly p: bigint;
  readonly q: bigint;
  readonly t: bigint;
}

/** $\sum_{a \le i < b} \prod_{a \le j \le i} p_j / q_j$ as t / q with p and q the products: binary splitting. */
export function split(a: number, b: number, term: (i: number) => { p: bigint; q: bigint }): Split {
  if (b - a === 1) {
    const { p, q } = term(a);
    return { p, q, t: p };
  }
  const middle = (a + b) >> 1;
  const left = split(a, middle, term);
  const right = split(middle, b, term);
  return { p: left.p * right.p, q: left.q * right.q, t: left.t * right.q + left.p * right.t };
}

/**
 * $2^F \mathrm{atanh}(1/c)$ for an integer c >= 2, from below, within 2.
 */
function inverseHyperbolicTangent(c: number, fraction: number): bigint {
  // atanh(1/c) = 1/c + sum_{i >= 1} c^(-2 i - 1) / (2 i + 1). With n terms the tail is below c^(-2 n - 1) < 2^-F.
  const n = Math.ceil(fraction / (2 * (31 - Math.clz32(c)))) + 2;
  const square = BigInt(c) ** 2n;
  // The quotient of term i and term i - 1 is (2 i - 1) / ((2 i + 1) c^2).
  const { q, t } = split(1, n + 1, (i) => ({ p: BigInt(2 * i - 1), q: BigInt(2 * i + 1) * square }));
  return ((q + t) << BigInt(fraction)) / (q * BigInt(c));
}

let cached = { fraction: 0, value: 0n };

/** L with $L \le 2^F \ln 2 \le L + 1$. */
export function ln2(fraction: number): bigint {
  if (cached.fraction < fraction) {
    // Machin-like: ln 2 = 18 atanh(1/26) - 2 atanh(1/4801) + 8 atanh(1/8749). Each series is from below within 2 units of
    // 2^-wide, so value - 4 <= 2^wide ln 2 <= value + 52. The cut of 64 bits turns that into one unit, but for one
    // precision in 2^58.
    for (let wide = fraction + 64; ; wide += 64) {
      const value = 18n * inverseHyperbolicTangent(26, wide) - 2n * inverseHyperbolicTangent(4801, wide) + 8n * inverseHyperbolicTangent(8749, wide);
      const cut = BigInt(wide - fraction);
      const low = (value - 4n) >> cut;
      if ((value + 52n) >> cut !== low) continue;
      cached = { fraction, value: low };
      break;
    }
  }
  // L' <= 2^F' ln 2 <= L' + 1 <= (floor(L' / 2^j) + 1) 2^j.
  return cached.value >> BigInt(cached.fraction - fraction);
}
