import type { AttentionProblem } from '@prompt-limits/attention';
import { normalTokens, tokens, uniformTokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';

/** A kind of data on which certificates are checked. */
export interface Family {
  /** What the table calls it. */
  readonly name: string;
  /** Draws a problem in float64; the suite rounds it to the precision of the kernels. */
  draw(random: RandomSource): AttentionProblem<Float64Array>;
}

type Problem = AttentionProblem<Float64Array>;

const between = (random: RandomSource, low: number, high: number): number => low + (high - low) * random.uniform();
const sizes = (random: RandomSource): { d: number; dv: number; n: number } => ({ d: 1 + random.integer(6), dv: 1 + random.integer(5), n: 40 + random.integer(260) });
const scaled = (t: Tokens<Float64Array>, factor: number): Tokens<Float64Array> => tokens(t.d, t.data.map((x) => x * factor));

/** Factor on normal queries and keys that puts |q . k| near `halfWidth` at the far end. */
function problemOf(random: RandomSource, halfWidth: number, draw: typeof uniformTokens | typeof normalTokens = uniformTokens): Problem {
  const { d, dv, n } = sizes(random);
  const any = (columns: number): Tokens<Float64Array> => (draw === normalTokens ? normalTokens(random, d, columns) : uniformTokens(random, d, columns, -1, 1));
  const spread = Math.sqrt(halfWidth / d) / (draw === normalTokens ? 2 : 1);
  const shift = random.integer(2) * between(random, -1, 1);
  const moved = (t: Tokens<Float64Array>): Tokens<Float64Array> => tokens(d, t.data.map((x) => x * spread + shift));
  return { queries: moved(any(n)), keys: moved(any(n)), values: uniformTokens(random, dv, n, -1, 1), scale: random.integer(2) ? 1 : -1 };
}

/** Keys in a few clusters. */
function clustered(random: RandomSource): Problem {
  const { d, dv, n } = sizes(random);
  const centres = normalTokens(random, d, 5);
  const keys = tokens(d, normalTokens(random, d, n).data.map((x, at) => 0.05 * x + 0.3 * centres.data[((Math.floor(at / d) * 7) % 5) * d + (at % d)]!));
  return { queries: scaled(normalTokens(random, d, n), 0.5), keys, values: normalTokens(random, dv, n), scale: 1 / Math.sqrt(d) };
}

/** Key spectrum 0.5^i. */
function decaying(random: RandomSource): Problem {
  const d = 8;
  const n = 300 + random.integer(100);
  const decayed = (t: Tokens<Float64Array>): Tokens<Float64Array> => tokens(d, t.data.map((x, at) => x * 0.5 ** (at % d)));
  return { queries: scaled(normalTokens(random, d, n), 0.35), keys: scaled(decayed(normalTokens(random, d, n)), 0.5), values: uniformTokens(random, 3, n, -1, 1), scale: 1 };
}

/** Large values that nearly cancel in every output. */
function cancelling(random: RandomSource): Problem {
  const problem = problemOf(random, between(random, 0.1, 1));
  const values = tokens(problem.values.d, problem.values.data.map((x, at) => (Math.floor(at / problem.values.d) % 2 === 0 ? 1e4 : -1e4) + x));
  return { ...problem, values };
}

const causal = (random: RandomSource): Problem => ({ ...problemOf(random, between(random, 0.2, 1.5)), causal: random.integer(3) === 0 ? random.integer(20) - 10 : true });

function grouped(random: RandomSource): Problem {
  const [d, dv, n, m] = [3, 2, 150 + random.integer(100), 100 + random.integer(100)];
  const spread = between(random, 0.2, 0.6);
  const any = (width: number, columns: number): Tokens<Float64Array> => uniformTokens(random, width, columns, -spread, spread);
  return { queries: any(4 * d, m), keys: any(2 * d, n), values: any(2 * dv, n), scale: 1, heads: 4, keyHeads: 2, causal: random.integer(2) === 0 };
}

/** Many keys, few queries. */
function long(random: RandomSource): Problem {
  const d = 4;
  const any = (columns: number): Tokens<Float64Array> => uniformTokens(random, d, columns, -0.5, 0.5);
  return { queries: any(200), keys: any(20_000), values: any(20_000), scale: 1 };
}

/** One to three keys, seen by other numbers of queries. */
function fewKeys(random: RandomSource): Problem {
  const [d, n] = [1 + random.integer(4), 1 + random.integer(3)];
  const any = (columns: number): Tokens<Float64Array> => uniformTokens(random, d, columns, -1, 1);
  return { queries: any(1 + random.integer(60)), keys: any(n), values: any(n), scale: 0.5 };
}

/** Values far from 1, normal numbers of Float32. */
function extremeValues(random: RandomSource): Problem {
  const problem = problemOf(random, between(random, 0.1, 1));
  return { ...problem, values: scaled(problem.values, 10 ** between(random, -30, 30)) };
}

/** Values below the normal numbers of Float32, which it rounds by up to 2^-150 however small they are. */
function subnormalValues(random: RandomSource): Problem {
  const problem = problemOf(random, between(random, 0.1, 1));
  return { ...problem, values: scaled(problem.values, 2 ** between(random, -146, -128)) };
}

/** Large queries on small keys, and the other way round. */
function unequal(random: RandomSource): Problem {
  const problem = problemOf(random, between(random, 0.1, 1));
  const factor = 10 ** between(random, -12, 12);
  return { ...problem, queries: scaled(problem.queries, factor), keys: scaled(problem.keys, 1 / factor) };
}

/** A few queries and keys far from the others, which blocks of a head leave to exact attention. */
function farTokens(random: RandomSource): Problem {
  const problem = problemOf(random, between(random, 0.1, 1));
  const stretched = (t: Tokens<Float64Array>): Tokens<Float64Array> => {
    const data = Float64Array.from(t.data);
    for (let count = random.integer(4); count > 0; count--) {
      const at = random.integer(t.n) * t.d;
      const factor = 10 ** between(random, 0.5, 1.8);
      for (let c = 0; c < t.d; c++) data[at + c]! *= factor;
    }
    return tokens(t.d, data);
  };
  return { ...problem, queries: stretched(problem.queries), keys: stretched(problem.keys) };
}

/** What is drawn, in the order of the table. */
export const families: readonly Family[] = [
  { name: 'uniform', draw: (random) => problemOf(random, between(random, 0.05, 2)) },
  { name: 'normal', draw: (random) => problemOf(random, between(random, 0.05, 2), normalTokens) },
  { name: 'clustered keys', draw: clustered },
  { name: 'key spectrum 0.5^i', draw: decaying },
  { name: 'cancelling values', draw: cancelling },
  { name: 'scores to the edge of 8', draw: (random) => problemOf(random, between(random, 2, 4)) },
  { name: 'causal', draw: causal },
  { name: 'grouped heads', draw: grouped },
  { name: 'one to three keys', draw: fewKeys },
  { name: 'extreme values', draw: extremeValues },
  { name: 'subnormal values', draw: subnormalValues },
  { name: 'unequal sizes', draw: unequal },
  { name: 'a few tokens far out', draw: farTokens },
  { name: '20,000 keys', draw: long },
];
