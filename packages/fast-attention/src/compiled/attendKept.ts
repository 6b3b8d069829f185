import { attend } from '@prompt-limits/attention';
import { tokens, type Tokens } from '@prompt-limits/core-linalg';
import { outputBound } from '../certificate/outputBound.ts';
import { exactRounding } from '../certificate/rounding.ts';
import type { PromptReading } from './attendCompiled.ts';
import type { CompiledPrompt } from './compiledPrompt.ts';
import { distanceUp } from './promptTokens.ts';

/** Longest vector among tokens. */
export function longestToken(t: Tokens): number {
  const zero = new Float64Array(t.d);
  let longest = 0;
  for (let j = 0; j < t.n; j++) longest = Math.max(longest, distanceUp(t.data, j * t.d, zero));
  return longest;
}

/** Rows `from` to `from + rows - 1` of some tokens, in Float64. */
export function headRows(t: Tokens, from: number, rows: number, list?: readonly number[]): Tokens<Float64Array> {
  const n = list?.length ?? t.n;
  const data = new Float64Array(rows * n);
  for (let j = 0; j < n; j++) {
    const at = (list?.[j] ?? j) * t.d + from;
    for (let c = 0; c < rows; c++) data[j * rows + c] = t.data[at + c]!;
  }
  return tokens(rows, data);
}

/**
 * Overwrites the queries at `outside` (head * n + i, ascending) by exact attention over the kept prompt in Float64.
 *
 * @returns the error of every entry, (heads n) x dv; 0 for the others
 */
export function attendKept(compiled: CompiledPrompt, queries: Tokens, outside: readonly number[], reading: Omit<PromptReading, 'exact'>): Float64Array {
  const { heads, keyHeads, d, dv, scale, parts } = compiled;
  const kept = compiled.kept!;
  const { n } = queries;
  const errors = new Float64Array(heads * n * dv);
  for (let a = 0; a < heads; a++) {
    const places = outside.filter((place) => Math.floor(place / n) === a);
    if (places.length === 0) continue;
    const head = Math.floor((a * keyHeads) / heads);
    const { low, high } = parts[head]!;
    const [Q, K, V] = [headRows(queries, a * d, d, places.map((place) => place - a * n)), headRows(kept.keys, head * d, d), headRows(kept.values, head * dv, dv)];
    const { output, logPartition } = attend({ queries: Q, keys: K, values: V, scale });
    const rounding = exactRounding({ precision: 'float64' }, K.n, d, Math.abs(scale) * longestToken(Q) * longestToken(K));
    const moved = outputBound(Math.exp(-rounding.eta), Math.exp(rounding.eta));
    places.forEach((place, i) => {
      for (let c = 0; c < dv; c++) {
        reading.output[(place - a * n) * heads * dv + a * dv + c] = Math.min(high[c]!, Math.max(low[c]!, output.data[i * dv + c]!));
        // Sums of both kinds err by `sums` of their absolute values, so the quotient by at most (2 sums / (1 - sums)) max |v|.
        errors[place * dv + c] = (moved * (high[c]! - low[c]!) + 2.01 * rounding.sums * Math.max(Math.abs(low[c]!), Math.abs(high[c]!))) * (1 + 2 ** -40);
      }
      reading.log[place] = logPartition[i]!;
      reading.logRatio[place] = 0;
      reading.logRounding[place] = (rounding.eta + 1.01 * rounding.sums + rounding.log) * (1 + 2 ** -40);
      reading.denominators[place] = NaN;
    });
  }
  return errors;
}
