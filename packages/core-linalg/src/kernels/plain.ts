import { assertOneOf } from '../checks/checks.ts';
import type { FloatArray, Precision } from '../tokens/tokens.ts';
import { checkedKernels } from './checkedKernels.ts';
import type { Kernels } from './kernels.ts';
import { plainAttention, plainAttentionVjp } from './plainAttention.ts';
import { plainGemmNT, transposed } from './plainGemm.ts';
import { plainMonomials } from './plainMonomials.ts';
import { plainRows } from './plainRows.ts';
import { plainTokens } from './plainTokens.ts';
import { plainTokensVjp } from './plainTokensVjp.ts';

/** Options of `createPlainKernels`. */
export interface PlainKernelsOptions {
  /** Precision of every array; 'float32' unless given. */
  readonly precision?: Precision;
}

/**
 * Kernels in plain TypeScript: the Float64 reference of every layer, and the path where WASM is missing.
 *
 * Every sum runs in float64 in index order and is rounded once to `precision` when stored: a sum of k products
 * has error at most k u sum |a_p b_p| with u = 2^-53 (plus one rounding to float32). Attention holds one block
 * of scores of one query, never a matrix of them. RMS norm squares its input: float64 entries beyond 1e154 overflow
 * there. One thread; arrays from `allocate` are ordinary typed arrays that the garbage collector frees.
 *
 * @throws RangeError if precision is neither 'float32' nor 'float64'
 * @example
 * const plain = createPlainKernels({ precision: 'float64' });
 * const c = new Float64Array(1);
 * plain.gemm('NN', 1, 1, 2, 1, Float64Array.of(1, 2), Float64Array.of(3, 4), 0, c);
 * c[0]; // => 11
 */
export function createPlainKernels(options: PlainKernelsOptions = {}): Kernels {
  const { precision = 'float32' } = options;
  assertOneOf('createPlainKernels', 'precision', precision, ['float32', 'float64']);
  const allocate = (length: number): FloatArray => {
    try {
      return precision === 'float64' ? new Float64Array(length) : new Float32Array(length);
    } catch (cause) {
      throw new RangeError(`allocate: length must fit into a typed array, got ${length}`, { cause });
    }
  };
  return checkedKernels({
    ...plainRows,
    ...plainMonomials,
    ...plainTokens,
    ...plainTokensVjp,
    build: 'plain',
    precision,
    threads: 1,
    allocate,
    scratch: (body) => body(),
    gemm(form, m, n, k, alpha, a, b, beta, c) {
      // Sums over contiguous rows of both operands are the fastest in scalar code, so 'NN' and 'TN' transpose first.
      plainGemmNT(m, n, k, alpha, form === 'TN' ? transposed(k, m, a) : a, form === 'NT' ? b : transposed(k, n, b), beta, c);
    },
    pack(form, k, n, b) {
      return { k, n, data: form === 'T' ? b.slice(0, k * n) : transposed(k, n, b) };
    },
    gemmPacked(m, a, b, c, accumulate) {
      plainGemmNT(m, b.n, b.k, 1, a, b.data, accumulate ? 1 : 0, c);
    },
    attention: plainAttention,
    attentionVjp: plainAttentionVjp,
    close() {},
  });
}
