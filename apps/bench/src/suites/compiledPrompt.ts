import { attend } from '@prompt-limits/attention';
import { interleave, median } from '@prompt-limits/bench';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { createKernels, randomSource, sliceColumns, tokens, uniformTokens, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { compilePrompt, saveCompiledPrompt, type CompiledPrompt, type PromptBlock } from '@prompt-limits/fast-attention';
import type { Row } from '../cli/table.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

/** A prompt with entries uniform within `entries`, scale 1 / sqrt(d), compiled for queries of the same entries. */
interface Case {
  readonly d: number;
  readonly entries: number;
  readonly degree: number;
}

const CASES: readonly Case[] = [{ d: 8, entries: 0.5, degree: 3 }, { d: 8, entries: 0.5, degree: 4 }, { d: 16, entries: 0.4, degree: 3 }];
const LENGTHS = [1e3, 1e4, 1e5, 1e6];
const QUICK_LENGTHS = [1e3, 1e4, 1e5];

/** Queries of one call. */
const QUERIES = 4096;

/** Queries whose outputs are compared with exact attention in float64, and on which exact attention is timed. */
const SAMPLED = 16;
const SEED = 1;

/** A loose tolerance: the degree is given, and the certificate says what it gives. */
const TOLERANCE = 0.1;

/** Prompts compiled to moments of constant size. */
export const compiledPrompt: Suite = {
  name: 'compiled-prompt',
  claim:
    'A query of a compiled prompt takes the same time, within 10 %, for 10^3 and for 10^6 prompt tokens; a head of width 8 takes at most 20 KB; no output leaves its certificate.',
  columns: {
    promptLength: 'prompt tokens',
    d: 'width of a head',
    degree: 'degree of the polynomial',
    rank: 'monomials up to that degree',
    halfWidth: 'largest score relative to both centres',
    stateBytes: 'bytes of the compiled head',
    fileBytes: 'bytes of its file, certificate included',
    kvBytes: 'bytes of the keys and values in Float32',
    threads: 'threads that share the work',
    compileMs: 'milliseconds to compile',
    nsPerQuery: `median nanoseconds a query, certificate of each query included, ${QUERIES} at once`,
    ratioToShortest: 'nsPerQuery over that of the shortest prompt in the same rounds',
    exactNsPerQuery: `nanoseconds a query by exact attention in WASM on as many threads, ${SAMPLED} at once, best of three`,
    maxError: `largest difference from exact attention in float64 over ${SAMPLED} queries, as a fraction of the range of V`,
    certified: 'the bound of the certificate on it for these queries',
    certifiedRadius: 'the bound for every query within the radius',
  },
  run,
};

interface Prepared {
  readonly block: PromptBlock;
  readonly compiled: CompiledPrompt;
  readonly compileMs: number;
}

async function run({ quick, threads, signal, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const kernels = await createKernels({ threads });
  try {
    const rows: Row[] = [];
    for (const [i, c] of CASES.entries()) {
      const step = (f: number): void => onProgress((i + f) / CASES.length, `d = ${c.d}, degree ${c.degree}`);
      rows.push(...(await measure(c, kernels, { quick, threads, signal, onProgress: step })));
    }
    return { machine: describeNodeMachine(kernels), rows };
  } finally {
    kernels.close();
  }
}

async function measure(c: Case, kernels: Kernels, { quick, signal, onProgress }: Omit<SuiteOptions, 'onProgress'> & { onProgress: (f: number) => void }): Promise<readonly Row[]> {
  const { d, entries, degree } = c;
  const random = randomSource(SEED);
  const scale = 1 / Math.sqrt(d);
  const queries = uniformTokens(random, d, QUERIES, -entries, entries, 'float32');
  let queryRadius = 0;
  for (let i = 0; i < QUERIES; i++) queryRadius = Math.max(queryRadius, Math.hypot(...queries.data.subarray(i * d, (i + 1) * d)));
  const prepared: Prepared[] = [];
  for (const n of quick ? QUICK_LENGTHS : LENGTHS) {
    signal.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
    const block = { keys: uniformTokens(random, d, n, -entries, entries, 'float32'), values: uniformTokens(random, d, n, -entries, entries, 'float32') };
    const start = performance.now();
    const compiled = compilePrompt({ ...block, scale, queryRadius: queryRadius * 1.001, degree, tolerance: TOLERANCE, kernels });
    prepared.push({ block, compiled, compileMs: performance.now() - start });
  }
  const samples = await interleave(
    prepared.map(({ compiled }) => ({ name: String(compiled.tokens), run: () => compiled.attend(queries, kernels) })),
    { rounds: quick ? 7 : 31, minMilliseconds: quick ? 20 : 50, signal, onProgress },
  );
  const times = samples.map(({ milliseconds }) => (median(milliseconds) * 1e6) / QUERIES);
  const sampled = sliceColumns(queries, 0, SAMPLED);
  return prepared.map(({ block, compiled, compileMs }, k) => {
    const { keyRadius } = compiled.parts[0]!;
    const exactMs = bestOf(3, () => attend({ queries: sampled, ...block, scale } as Parameters<typeof attend>[0], kernels));
    const { maxError, certified } = errorOf(compiled, block, sampled, kernels);
    return {
      promptLength: compiled.tokens, d, degree, rank: compiled.rank,
      halfWidth: scale * queryRadius * keyRadius,
      stateBytes: compiled.stateBytes,
      fileBytes: saveCompiledPrompt(compiled).length,
      kvBytes: 8 * d * compiled.tokens,
      threads: kernels.threads,
      compileMs,
      nsPerQuery: times[k]!,
      ratioToShortest: times[k]! / times[0]!,
      exactNsPerQuery: (exactMs * 1e6) / SAMPLED,
      maxError, certified,
      certifiedRadius: compiled.certificate.relative,
    };
  });
}

function bestOf(times: number, call: () => void): number {
  let best = Infinity;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    call();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Against exact attention in float64, whose own error is of the order of 10^-10 at these lengths. */
function errorOf(compiled: CompiledPrompt, { keys, values }: PromptBlock, queries: Tokens<Float32Array>, kernels: Kernels): { maxError: number; certified: number } {
  const wide = (t: Tokens): Tokens<Float64Array> => tokens(t.d, Float64Array.from(t.data));
  const exact = attend({ queries: wide(queries), keys: wide(keys), values: wide(values), scale: compiled.scale }).output.data;
  const { output, certificate } = compiled.attend(queries, kernels);
  const { low, high } = compiled.parts[0]!;
  const maxError = output.data.reduce((most, z, at) => Math.max(most, Math.abs(z - exact[at]!) / (high[at % compiled.dv]! - low[at % compiled.dv]!)), 0);
  return { maxError, certified: certificate.relative };
}
