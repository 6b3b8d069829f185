import type { AttentionProblem } from '@prompt-limits/attention';
import { createPlainKernels, describe, tokens, type FloatArray, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { inPlace } from './views.ts';

/**
 * The kernels given, or plain ones of the precision of `data`.
 *
 * @internal
 */
export function usedKernels(fn: string, data: FloatArray, kernels: Kernels | undefined): Kernels {
  const precision = data instanceof Float64Array ? 'float64' : 'float32';
  if (kernels === undefined) return createPlainKernels({ precision });
  if (kernels.precision !== precision) {
    throw new TypeError(`${fn}: kernels must compute in the precision of the tokens (${precision}), got ${describe(kernels.precision)}`);
  }
  return kernels;
}

/** Fewest and most values of a problem that are copied into kernel memory, to be read there by one pass after the other. */
const placedValues = [2 ** 12, 2 ** 23] as const;

/**
 * Runs with the problem in kernel memory if there is room; where that left too little room for the rest, again without.
 *
 * @internal
 */
export function whereKernelsReach<A extends FloatArray, T>(problem: AttentionProblem<A>, kernels: Kernels, run: (placed: AttentionProblem<A>) => T): T {
  let placed = problem;
  try {
    return kernels.scratch(() => {
      placed = inKernelMemory(problem, kernels);
      return run(placed);
    });
  } catch (error) {
    // The copies may have left too little room; what else is wrong is wrong again. Without copies nothing would be different.
    if (!(error instanceof RangeError) || placed === problem) throw error;
    return run(problem);
  }
}

/** The problem in kernel memory if there is room, else as it is. */
function inKernelMemory<A extends FloatArray>(problem: AttentionProblem<A>, kernels: Kernels): AttentionProblem<A> {
  const { queries, keys, values } = problem;
  const total = queries.data.length + keys.data.length + values.data.length;
  if (kernels.build === 'plain' || total < placedValues[0] || total > placedValues[1]) return problem;
  if (inPlace(kernels, queries.data) && inPlace(kernels, keys.data) && inPlace(kernels, values.data)) return problem;
  // All at once: where there is no room for all, none is taken.
  const memory = ifRoom(() => kernels.allocate(total + 48));
  if (memory === null) return problem;
  let at = 0;
  const place = ({ d, data }: Tokens<A>): Tokens<A> => {
    const copy = memory.subarray(at, at + data.length) as A;
    copy.set(data);
    at += Math.ceil(data.length / 16) * 16; // on to the next cache line
    return tokens(d, copy);
  };
  return { ...problem, queries: place(queries), keys: place(keys), values: place(values) };
}

/** What `run` returns, or null where kernel memory has no room for it. */
export function ifRoom<T>(run: () => T): T | null {
  try {
    return run();
  } catch (error) {
    // Kernels refuse nothing else: their arguments are right.
    if (!(error instanceof RangeError)) throw error;
    return null;
  }
}
