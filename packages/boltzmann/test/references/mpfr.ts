/**
 * Reference values of the Boltzmann operator and its companions, from the definitions with MPFR (gmp-wasm) at 4400 bits.
 * Run `node test/references/mpfr.ts` to write mpfr.json again.
 */
import { writeFileSync } from 'node:fs';
import { init } from 'gmp-wasm';
import { cases } from './cases.ts';

/** The part of gmp-wasm's Float that is used; its own recursive type comes out empty. */
interface Mpfr {
  add(x: Mpfr | number): Mpfr;
  sub(x: Mpfr | number): Mpfr;
  mul(x: Mpfr | number): Mpfr;
  div(x: Mpfr): Mpfr;
  neg(): Mpfr;
  exp(): Mpfr;
  ln(): Mpfr;
  isZero(): boolean;
  toNumber(): number;
  toString(): string;
}

/** What the definitions give for `z`: numbers are rounded once, to the nearest float64; strings hold 170 bits. */
export interface Reference {
  name: string;
  z: number[];
  softmax: number[];
  logPartition: number;
  entropy: number;
  boltz: number;
  gradient: number[];
  second: number[];
  digits: { logPartition: string; entropy: string; boltz: string };
}

// The spread of the largest float64 scores is a multiple of 2^-1074 below 2^1025; beside it the weights keep 2200 bits.
const BITS = 4400;
const DIGITS_BITS = 170;

/** The references of all cases. */
export async function references(): Promise<Reference[]> {
  const { calculate } = await init();
  const all: Reference[] = [];
  for (const [name, z] of Object.entries(cases)) {
    calculate(
      (g) => {
        const float = g.Float as unknown as (x: Mpfr | number, options?: { precisionBits: number }) => Mpfr;
        const scores = z.map((x) => float(x));
        const top = float(Math.max(...z));
        const weights = scores.map((s) => s.sub(top).exp());
        const total = weights.reduce((a, b) => a.add(b));
        const p = weights.map((w) => w.div(total));
        const log = top.add(total.ln());
        const boltz = scores.map((s, i) => s.mul(p[i]!)).reduce((a, b) => a.add(b));
        // A p below MPFR's range is 0, and 0 ln 0 counts as 0.
        const entropy = p.filter((x) => !x.isZero()).map((x) => x.mul(x.ln())).reduce((a, b) => a.add(b)).neg();
        const slopes = scores.map((s) => s.sub(boltz).add(1));
        const second = p.map((x, i) => float(1).sub(x.mul(2)).mul(slopes[i]!).add(1).mul(x));
        const digits = (x: Mpfr): string => float(x, { precisionBits: DIGITS_BITS }).toString();
        all.push({
          name,
          z,
          softmax: p.map((x) => x.toNumber()),
          logPartition: log.toNumber(),
          entropy: entropy.toNumber(),
          boltz: boltz.toNumber(),
          gradient: p.map((x, i) => x.mul(slopes[i]!).toNumber()),
          second: second.map((x) => x.toNumber()),
          digits: { logPartition: digits(log), entropy: digits(entropy), boltz: digits(boltz) },
        });
        return '';
      },
      { precisionBits: BITS },
    );
  }
  return all;
}

if (process.argv[1]?.endsWith('references/mpfr.ts')) {
  writeFileSync(new URL('mpfr.json', import.meta.url), `${JSON.stringify(await references(), null, 1)}\n`);
}
