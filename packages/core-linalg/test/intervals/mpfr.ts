/** MPFR with directed rounding, in WebAssembly: an oracle that shares no code with the intervals. */
import { init } from 'gmp-wasm';
import type { Dyadic } from '../../src/intervals/index.ts';

const { binding: g } = await init();
const DOWN = 3;
const UP = 2;

/** f(x) rounded down and up to `bits` bits. */
export function mpfr(f: 'exp' | 'log' | 'sqrt', x: Dyadic, bits: number): { low: Dyadic; high: Dyadic } {
  return withNumbers([x], bits, ([a], result, rounding) => g[`mpfr_${f}`](result, a!, rounding));
}

/** x op y rounded down and up to `bits` bits. */
export function mpfr2(op: 'add' | 'sub' | 'mul' | 'div', x: Dyadic, y: Dyadic, bits: number): { low: Dyadic; high: Dyadic } {
  return withNumbers([x, y], bits, ([a, b], result, rounding) => g[`mpfr_${op}`](result, a!, b!, rounding));
}

/** x^n rounded down and up to `bits` bits. */
export function mpfrPower(x: Dyadic, n: number, bits: number): { low: Dyadic; high: Dyadic } {
  return withNumbers([x], bits, ([a], result, rounding) => g.mpfr_pow_si(result, a!, n, rounding));
}

function withNumbers(numbers: readonly Dyadic[], bits: number, f: (args: readonly number[], result: number, rounding: number) => void): { low: Dyadic; high: Dyadic } {
  const args = numbers.map(set);
  const result = g.mpfr_t();
  g.mpfr_init2(result, bits);
  const ends = [DOWN, UP].map((rounding) => {
    f(args, result, rounding);
    return get(result);
  });
  for (const t of [...args, result]) {
    g.mpfr_clear(t);
    g.mpfr_t_free(t);
  }
  return { low: ends[0]!, high: ends[1]! };
}

function set({ m, e }: Dyadic): number {
  const z = g.mpz_t();
  g.mpz_init(z);
  g.mpz_set_string(z, m.toString(16), 16);
  const t = g.mpfr_t();
  g.mpfr_init2(t, Math.max(64, m.toString(16).length * 4));
  g.mpfr_set_z_2exp(t, z, e, 0);
  g.mpz_clear(z);
  g.mpz_t_free(z);
  return t;
}

function get(t: number): Dyadic {
  // MPFR writes zero, NaN and infinities as 0 with an exponent of its own.
  if (g.mpfr_zero_p(t) !== 0) return { m: 0n, e: 0 };
  if (g.mpfr_number_p(t) === 0) throw new RangeError('mpfr: the result left its range');
  const z = g.mpz_t();
  g.mpz_init(z);
  const e = g.mpfr_get_z_2exp(z, t);
  const text = g.mpz_to_string(z, 16);
  g.mpz_clear(z);
  g.mpz_t_free(z);
  const negative = text.startsWith('-');
  const m = BigInt(`0x${negative ? text.slice(1) : text}`);
  return { m: negative ? -m : m, e };
}
