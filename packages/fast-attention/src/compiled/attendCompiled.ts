import type { AttentionResult } from '@prompt-limits/attention';
import { assertFinite, createPlainKernels, describe, tokens, type FloatArray, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { largestTerms, noTerms, type Certificate } from '../certificate/certificate.ts';
import { slack } from './compiledHead.ts';
import { insideOf, type CompiledPrompt } from './compiledPrompt.ts';
import { attendKept } from './attendKept.ts';
import { boundsAt, denominatorError, intervalOf, polynomialAt, type HeadBounds } from './headBounds.ts';

/** Attention over a compiled prompt. */
export interface CompiledAttention<A extends FloatArray = FloatArray> extends AttentionResult<A> {
  /** The error of the output, with `perQuery`. */
  readonly certificate: Certificate;
  /** At least the error of each log partition, at `head * queries + i`. */
  readonly logPartitionError: Float64Array;
}

/** What is read, before it is stored: log partitions and shares at `head * queries + i`. */
export interface PromptReading {
  /** z clamped to the range of V, n x (heads dv). */
  readonly output: Float64Array;
  readonly log: Float64Array;
  /** At least the error of the log partition that p makes, and that rounding makes. */
  readonly logRatio: Float64Array;
  readonly logRounding: Float64Array;
  /** |q^|, rounded up, and D^; D^ is NaN where the kept prompt was used. */
  readonly lengths: Float64Array;
  readonly denominators: Float64Array;
  /** Error of every entry where the kept prompt was used: (heads n) x dv, or null if it was not. */
  readonly exact: Float64Array | null;
}

const unit = 2 ** -53;

/** Queries that are read at once: features and results stay in the cache. */
const blockQueries = 512;

/** Checks queries and finds kernels of their precision. */
export function readingKernels(fn: string, compiled: CompiledPrompt, queries: Tokens, kernels: Kernels | undefined): Kernels {
  const data: unknown = (queries as Partial<Tokens> | null | undefined)?.data;
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) {
    throw new TypeError(`${fn}: queries must be Tokens over a Float32Array or a Float64Array, got ${describe(queries)}`);
  }
  const rows = compiled.heads * compiled.d;
  if (queries.d !== rows) throw new RangeError(`${fn}: queries must have heads d = ${rows} rows, got d = ${queries.d}`);
  if (data.length !== rows * queries.n) throw new RangeError(`${fn}: queries.data must have length d * n = ${rows * queries.n}, got ${data.length}`);
  assertFinite(fn, 'queries', data);
  const precision = data instanceof Float64Array ? 'float64' : 'float32';
  if (kernels !== undefined && kernels.precision !== precision) {
    throw new TypeError(`${fn}: kernels must compute in the precision of the queries (${precision}), got ${describe(kernels.precision)}`);
  }
  return kernels ?? createPlainKernels({ precision });
}

/** Reads the moments of every head for every query. */
export function readPrompt(fn: string, compiled: CompiledPrompt, queries: Tokens, kernels: Kernels): PromptReading {
  const { heads, keyHeads, d, dv } = compiled;
  const { n, data } = queries;
  const { source: { set }, boundsFor } = insideOf(fn, compiled);
  const all = boundsFor(kernels);
  const Storage = kernels.precision === 'float32' ? Float32Array : Float64Array;
  const columns = dv + 1;
  const size = Math.min(n, blockQueries);
  const x = new Storage(size * d);
  const out = new Storage(size * columns);
  const output = new Float64Array(n * heads * dv);
  const [log, logRatio, logRounding, lengths, denominators] = Array.from({ length: 5 }, () => new Float64Array(heads * n)) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const longest = slack(d);
  const outside: number[] = [];

  for (let a = 0; a < heads; a++) {
    const bounds = all[Math.floor((a * keyHeads) / heads)]!;
    const { head } = bounds;
    const { queryCentre, queryRadius, keyCentre, shift, middle, width, low, high } = head;
    const state = kernels.precision === 'float32' ? head.state : Float64Array.from(head.state);
    for (let from = 0; from < n; from += size) {
      const count = Math.min(size, n - from);
      for (let i = 0; i < count; i++) {
        const at = (from + i) * queries.d + a * d;
        let sum = 0;
        for (let c = 0; c < d; c++) {
          const q = (data[at + c]! - queryCentre[c]!) / queryRadius;
          x[i * d + c] = q;
          sum += q * q;
        }
        // Each coordinate has two roundings, the sum d, the root one; squares that vanish leave less than 2^-300.
        const length = Math.sqrt(sum) * (1 + (d + 10) * unit) + 2 ** -300;
        lengths[a * n + from + i] = length;
        if (!(length <= longest)) {
          if (compiled.kept === null) throw outsideError(fn, from + i, a, length * queryRadius, queryRadius);
          outside.push(a * n + from + i);
          x.fill(0, i * d, (i + 1) * d);
        }
      }
      kernels.monomialRead(set, count, x, columns, state, out);
      for (let i = 0; i < count; i++) {
        const place = a * n + from + i;
        const denominator = out[i * columns + dv]!;
        const zAt = (from + i) * heads * dv + a * dv;
        for (let c = 0; c < dv; c++) {
          // N / D is NaN only where nothing is certified; the middle is in the range then, too.
          const z = middle[c]! + width[c]! * (out[i * columns + c]! / denominator || 0);
          output[zAt + c] = Math.min(high[c]!, Math.max(low[c]!, z));
        }
        denominators[place] = denominator;
        let [base, absolute] = [0, 0];
        for (let c = 0; c < d; c++) {
          const product = data[(from + i) * queries.d + a * d + c]! * keyCentre[c]!;
          base += product;
          absolute += Math.abs(product);
        }
        const lnD = Math.log(denominator);
        log[place] = compiled.scale * base + shift + lnD;
        const t = lengths[place]!;
        logRatio[place] = bounds.logRatio[intervalOf(head, Math.min(t, longest))]!;
        // The scalar product has d + 2 roundings, the sum and the logarithm a few each.
        logRounding[place] = denominatorError(bounds, t, denominator)
          + ((d + 4) * Math.abs(compiled.scale) * absolute + 8 * (Math.abs(shift) + Math.abs(lnD) + 1)) * unit + (d + 1) * 2 ** -1022;
      }
    }
  }
  const reading = { output, log, logRatio, logRounding, lengths, denominators };
  return { ...reading, exact: outside.length === 0 ? null : attendKept(compiled, queries, outside, reading) };
}

function outsideError(fn: string, query: number, head: number, distance: number, radius: number): RangeError {
  return new RangeError(`${fn}: every query must lie within queryRadius = ${radius} of the query centre, got ${distance} for query ${query} of head ${head}; compile with keep: true to serve it exactly`);
}

/** `CompiledPrompt.attend`. */
export function attendCompiled<A extends FloatArray>(compiled: CompiledPrompt, queries: Tokens<A>, given?: Kernels): CompiledAttention<A> {
  const fn = 'attend';
  const kernels = readingKernels(fn, compiled, queries, given);
  const { heads, dv } = compiled;
  const { n } = queries;
  const all = insideOf(fn, compiled).boundsFor(kernels);
  const reading = readPrompt(fn, compiled, queries, kernels);
  const Storage = queries.data.constructor as new (from: ArrayLike<number>) => A;
  const single = kernels.precision === 'float32';
  const logPartition = new Storage(reading.log);
  const logPartitionError = reading.logRatio.map((ratio, i) => (ratio + reading.logRounding[i]! + (single ? Math.abs(reading.log[i]!) * 2 ** -24 + 2 ** -149 : 0)) * (1 + 4 * unit));
  return {
    output: tokens(heads * dv, new Storage(reading.output)),
    logPartition,
    logPartitionError,
    certificate: readingCertificate(compiled, all, reading, n, kernels),
  };
}

/** The certificate of a reading, stored in the precision of the kernels. */
function readingCertificate(compiled: CompiledPrompt, all: readonly HeadBounds[], reading: PromptReading, n: number, kernels: Kernels): Certificate {
  const { heads, keyHeads, dv } = compiled;
  const { lengths, denominators, exact } = reading;
  const perQuery = new Float64Array(heads * n);
  const perRow = new Float64Array(heads * dv);
  let terms = noTerms;
  for (let a = 0; a < heads; a++) {
    const bounds = all[Math.floor((a * keyHeads) / heads)]!;
    const { head, polynomial, relative, relativeStorage, range, storage } = bounds;
    let [longest, least] = [0, Infinity];
    for (let place = a * n; place < (a + 1) * n; place++) {
      const denominator = denominators[place]!;
      if (Number.isNaN(denominator)) continue;
      const t = lengths[place]!;
      longest = Math.max(longest, t);
      least = Math.min(least, denominator);
      const error = polynomial[intervalOf(head, t)]! + (denominator > 0 ? polynomialAt(relative, t) / denominator : Infinity);
      perQuery[place] = Math.min(1, error * (1 + 8 * unit)) + relativeStorage;
    }
    if (least < Infinity) {
      const worst = boundsAt(bounds, longest, least);
      terms = largestTerms(terms, worst.terms);
      perRow.set(worst.perRow, a * dv);
    }
    if (exact === null) continue;
    for (let place = a * n; place < (a + 1) * n; place++) {
      if (!Number.isNaN(denominators[place]!)) continue;
      for (let c = 0; c < dv; c++) {
        const error = exact[place * dv + c]! + storage[c]!;
        perRow[a * dv + c] = Math.max(perRow[a * dv + c]!, error);
        if (range[c]! > 0) perQuery[place] = Math.max(perQuery[place]!, (error / range[c]!) * (1 + 8 * unit));
      }
      terms = largestTerms(terms, { ...noTerms, sums: perQuery[place]! });
    }
  }
  const bound = perRow.reduce((m, e) => Math.max(m, e), 0);
  const relative = perQuery.reduce((m, e) => Math.max(m, e), 0);
  return {
    kind: 'a-posteriori', bound, relative, perRow, perQuery, terms,
    says: [
      `No output is off by more than ${relative.toPrecision(3)} of the range of its row of V: attention over ${compiled.tokens} prompt tokens from ${compiled.rank} moments, each query certified by its own distance and denominator.`,
      `Read in ${kernels.precision} by ${kernels.build} kernels${exact === null ? '' : '; queries outside the radius by exact attention over the kept prompt'}.`,
    ],
  };
}
