import { attend, type AttentionProblem, type AttentionResult } from '@prompt-limits/attention';
import { tokens, type FloatArray, type Kernels } from '@prompt-limits/core-linalg';
import { rowRanges } from '../attend/views.ts';
import { noTerms, type Certificate, type ErrorTerms } from '../certificate/certificate.ts';
import { outputBound } from '../certificate/outputBound.ts';
import { exactRounding } from '../certificate/rounding.ts';
import { readingKernels, readPrompt } from './attendCompiled.ts';
import { headRows, longestToken } from './attendKept.ts';
import { insideOf, type CompiledPrompt } from './compiledPrompt.ts';
import { intervalOf, polynomialAt } from './headBounds.ts';

/** The user's tokens beside a compiled prompt; heads and the scale are those of the prompt. */
export interface CompiledProblem<A extends FloatArray = FloatArray> extends Pick<AttentionProblem<A>, 'queries' | 'keys' | 'values' | 'causal'> {
  /** Refused where it is not the scale of the prompt. */
  readonly scale?: number;
}

/** Attention over [P, X]. */
export interface MergedCompiled<A extends FloatArray = FloatArray> extends AttentionResult<A> {
  /** The error of the output, with `perQuery`; fractions are of the range over the prompt's and the user's values together. */
  readonly certificate: Certificate;
  /** At least the error of each log partition, at `head * queries + i`. */
  readonly logPartitionError: Float64Array;
  /** The share of the prompt, $\Psi(P, x) / \Psi([P, X], x)$, at `head * queries + i`. */
  readonly promptShare: Float64Array;
}

const unit = 2 ** -53;

/**
 * Attention over [P, X], the prompt P compiled and the user's tokens X given: the mean of both parts of Eq. (I.2),
 * $z = \psi z_P + (1 - \psi) z_X$ with $\psi = 1 / (1 + e^{\ell_X - \ell_P})$ from the log partitions.
 *
 * Error. p in place of e^x changes the weights of P by factors in [low, high] and leaves those of X: the mean moves by at most
 * outputBound(min(low, 1), max(high, 1)) of the range of all values. Beside that the parts err by e_P and e_X and
 * $\ell_X - \ell_P$ by $\lambda$, so $\psi$ by at most $\hat\psi (1 - \hat\psi)(e^\lambda - 1)$, and the mean by
 * $\hat\psi e_P + (1 - \hat\psi) e_X + \hat\psi (1 - \hat\psi)(e^\lambda - 1)(|\hat z_P - \hat z_X| + e_P + e_X)$.
 *
 * @param compiled - P
 * @param problem - Q (heads d x n), K and V of X (they may be empty), and the mask among them: every query sees all of P
 * @param kernels - in the precision of the queries; plain ones unless given
 * @returns output, log partition and share, with certificates against exact attention over the concatenation
 *
 * Paper: Eq. (I.2), its prompt part at a cost that does not depend on the prompt's length.
 *
 * @throws TypeError, RangeError as `attend` of @prompt-limits/attention for X; RangeError for a query outside the radius where the prompt was
 * not kept, or another scale
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const prompt = { keys: tokens(1, Float64Array.of(-0.5, 0.5)), values: tokens(1, Float64Array.of(0, 2)) };
 * const compiled = compilePrompt({ ...prompt, scale: 1, queryRadius: 1, tolerance: 1e-6 });
 * const X = tokens(1, Float64Array.of(0));
 * const { output, promptShare } = attendWithCompiled(compiled, { queries: X, keys: X, values: tokens(1, Float64Array.of(4)) });
 * output.data[0]; // => 2.00000
 * promptShare[0]; // => 0.66667
 */
export function attendWithCompiled<A extends FloatArray>(compiled: CompiledPrompt, problem: CompiledProblem<A>, kernels?: Kernels): MergedCompiled<A> {
  const fn = 'attendWithCompiled';
  const { boundsFor } = insideOf(fn, compiled);
  const { queries, keys, values, causal = false, scale = compiled.scale } = problem;
  const { heads, keyHeads, d, dv } = compiled;
  if (scale !== compiled.scale) throw new RangeError(`${fn}: scale must be that of the prompt (${compiled.scale}), got ${scale}`);
  const used = readingKernels(fn, compiled, queries, kernels);
  const user = attend({ queries, keys, values, scale, heads, keyHeads, causal }, used);
  if (user.output.d !== heads * dv) throw new RangeError(`${fn}: values must have keyHeads dv = ${keyHeads * dv} rows, got ${values.d}`);
  const reading = readPrompt(fn, compiled, queries, used);
  const all = boundsFor(used);
  const { n } = queries;
  const single = used.precision === 'float32';
  const u = single ? 2 ** -24 : unit;
  const ranges = rowRanges(values.data, values.d);
  const Storage = queries.data.constructor as new (from: ArrayLike<number>) => A;

  const output = new Float64Array(heads * dv * n);
  const [log, logPartitionError, promptShare, perQuery] = Array.from({ length: 4 }, () => new Float64Array(heads * n)) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const perRow = new Float64Array(heads * dv);
  let worst: ErrorTerms = noTerms;
  for (let a = 0; a < heads; a++) {
    const keyHead = Math.floor((a * keyHeads) / heads);
    const bounds = all[keyHead]!;
    const { head } = bounds;
    const S = Math.abs(scale) * longestToken(headRows(queries, a * d, d)) * longestToken(headRows(keys, keyHead * d, d));
    const rounding = exactRounding(used, keys.n, d, S);
    // Scale free, and 1 as far as float64 shows long before e^eta overflows.
    const moved = outputBound(Math.exp(-2 * Math.min(rounding.eta, 300)), 1);
    // Ranges over the user's values and over all; the user's part errs as in `attendKept`, its log partition is stored once.
    const rows = Array.from({ length: dv }, (_, c) => {
      const [low, high] = [ranges.low[keyHead * dv + c]!, ranges.high[keyHead * dv + c]!];
      const own = low <= high ? high - low : 0;
      const [bottom, top] = [Math.min(low, head.low[c]!), Math.max(high, head.high[c]!)];
      const largest = Math.max(-bottom, top, 0);
      return {
        range: (top - bottom) * (1 + unit),
        user: low <= high ? (moved * own + 2.01 * rounding.sums * Math.max(-low, high, 0) + u * Math.max(-low, high, 0)) * (1 + 2 ** -40) : 0,
        storage: (8 * unit + (single ? u : 0)) * largest + (single ? 2 ** -149 : 0),
      };
    });
    for (let i = 0; i < n; i++) {
      const place = a * n + i;
      const [lp, lx] = [reading.log[place]!, user.logPartition[place]!];
      const share = 1 / (1 + Math.exp(lx - lp));
      const other = lx === -Infinity ? 0 : 1 / (1 + Math.exp(lp - lx));
      const userLog = lx === -Infinity ? 0 : rounding.eta + 1.01 * rounding.sums + rounding.log + u * Math.abs(lx);
      // The difference of the log partitions and e^{...} add a few roundings.
      const lambda = reading.logRounding[place]! + userLog + (4 * (Math.abs(lp) + (lx === -Infinity ? 0 : Math.abs(lx))) + 16) * unit;
      // psi never moves by more than 1. A share that vanishes, as where e^709 overflows, is below 2^-1022; where e^lambda would overflow nothing is known.
      const swing = !(lambda <= 700) ? 1 : Math.min(1, (share + 2 ** -1022) * (other + 2 ** -1022) * Math.expm1(lambda) * (1 + 2 ** -40));
      const t = reading.lengths[place]!;
      const denominator = reading.denominators[place]!;
      const k = Number.isNaN(denominator) ? 0 : intervalOf(head, t);
      const polynomial = Number.isNaN(denominator) ? 0 : outputBound(Math.min(1, head.ratio.low[k]!), Math.max(1, head.ratio.high[k]!));
      const terms = { polynomial, input: 0, sums: 0, storage: 0 };
      for (let c = 0; c < dv; c++) {
        const at = i * heads * dv + a * dv + c;
        const [zp, zx] = [reading.output[at]!, user.output.data[at]!];
        const mixed = share * zp + other * zx;
        output[at] = other === 0 ? zp : Math.min(Math.max(zp, zx), Math.max(Math.min(zp, zx), mixed));
        const { range, user: eX, storage } = rows[c]!;
        const input = Number.isNaN(denominator) ? 0 : polynomialAt(bounds.input[c]!, t) / denominator;
        const steps = 6 * unit * (Math.abs(head.middle[c]!) + 2 * head.reach[c]! * head.width[c]!);
        const eP = Number.isNaN(denominator) ? reading.exact![place * dv + c]! : input + polynomialAt(bounds.sums[c]!, t) / denominator + steps;
        const sum = share * eP + other * eX + (lx === -Infinity ? 0 : swing * (Math.abs(zp - zx) + eP + eX));
        // Both outputs lie in the range; a sum that overflowed says no more.
        const parts = sum <= range ? sum : range;
        const error = (Math.min(range, polynomial * range + parts) + storage) * (1 + 2 ** -40);
        perRow[a * dv + c] = Math.max(perRow[a * dv + c]!, error);
        if (range === 0) continue;
        perQuery[place] = Math.max(perQuery[place]!, (error / range) * (1 + 2 ** -40));
        terms.input = Math.max(terms.input, (share * input) / range);
        terms.sums = Math.max(terms.sums, ((parts - share * input) / range) * (1 + 2 ** -30));
        terms.storage = Math.max(terms.storage, (storage / range) * (1 + 2 ** -30));
      }
      worst = {
        polynomial: Math.max(worst.polynomial, terms.polynomial), input: Math.max(worst.input, terms.input),
        sums: Math.max(worst.sums, terms.sums), storage: Math.max(worst.storage, terms.storage),
      };
      promptShare[place] = share;
      const top = Math.max(lp, lx);
      log[place] = top + Math.log1p(Math.exp(-Math.abs(lp - lx)));
      // ln(e^a + e^b) moves by no more than the larger of what a and b move by.
      logPartitionError[place] = Math.max(reading.logRatio[place]! + reading.logRounding[place]!, userLog)
        + 8 * unit * (Math.abs(log[place]!) + 1) + (single ? u * Math.abs(log[place]!) + 2 ** -149 : 0);
    }
  }
  const bound = perRow.reduce((m, e) => Math.max(m, e), 0);
  const relative = perQuery.reduce((m, e) => Math.max(m, e), 0);
  return {
    output: tokens(heads * dv, new Storage(output)),
    logPartition: new Storage(log),
    logPartitionError, promptShare,
    certificate: {
      kind: 'a-posteriori', bound, relative, perRow, perQuery, terms: worst,
      says: [`No output is off by more than ${relative.toPrecision(3)} of the range of its row of all values: ${compiled.tokens} prompt tokens from ${compiled.rank} moments, ${keys.n} tokens exactly.`],
    },
  };
}
