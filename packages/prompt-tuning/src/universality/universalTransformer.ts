import { gridContextMapping, tightGridMapping, type GridContextMapping, type SingleAttentionNetwork, type TightGridMapping } from '@prompt-limits/attention';
import { assertFinite, assertInRange, assertInteger, assertOneOf, describe, gridDigits, gridTokens, quantiseToGrid, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { valueMapCost } from '@prompt-limits/ffn-constructions';
import { lazyEvaluator, tightEvaluator, type Evaluator } from './evaluators.ts';
import { tableOf, type FunctionTable, type TableOptions } from './functionTable.ts';
import { frontQuantiser, leastRamps, LARGEST_STEP, narrowRamps } from './quantiseTokens.ts';
import { dictionarySurrogate, fixedSurrogate, tableSurrogate, type GridProblem, type Surrogate } from './surrogate.ts';
import type { TargetFunction } from './targetFunction.ts';
import { universalCost, type UniversalCost } from './universalCost.ts';

/** How a transformer is built around a surrogate. */
export interface ConstructionOptions {
  /** 'deep': $\mathcal T_A^{1,1,4}$, one layer of at most 4 neurons for every cell and every context ID. 'wide': $\mathcal T_B^{1,1,r}$, two feed-forward layers. */
  readonly form: 'deep' | 'wide';
  /**
   * 'compact' (the default): about $d \log_2 m + 4$ bits a token. 'lemma': the scores spaced by $4 \ln n$ as Lemma 2.2 wants. 'tight': float64, for at most 65,536
   * contexts.
   */
  readonly mode?: 'tight' | 'lemma' | 'compact';
  /** 'lazy' (the default): of the value map only the neurons that can be non-zero. 'full': all of them, in mode 'tight' alone. */
  readonly evaluator?: 'full' | 'lazy';
  /** Width of a ramp of the quantiser, at most 1/(4m); about as narrow as float64 allows unless given. */
  readonly theta?: number;
  /** Mode 'compact': largest step between positions, as for `gridContextMapping`; 4 unless given, which keeps ramps narrow. */
  readonly largestStep?: number;
}

/** What `buildUniversal` builds. */
export interface UniversalOptions extends GridProblem, ConstructionOptions {
  /** 'table' (the default): prompts hold whole functions. 'dictionary': prompts hold `examples` pairs of an input and its label. */
  readonly layout?: 'table' | 'dictionary';
  /** Entries of a dictionary, N >= 1. */
  readonly examples?: number;
}

/** A transformer whose function is chosen by its prompt. */
export interface UniversalTransformer extends GridProblem {
  /** Tokens of a prompt. */
  readonly Lp: number;
  /** Deep or wide. */
  readonly form: 'deep' | 'wide';
  /** How contexts are told apart. */
  readonly mode: 'tight' | 'lemma' | 'compact';
  /** How it is evaluated. */
  readonly evaluator: 'full' | 'lazy';
  /** The function of prompt and input that it computes on the grid. */
  readonly surrogate: Surrogate;
  /** The attention layer, with what is proven of it. */
  readonly mapping: GridContextMapping | TightGridMapping;
  /** Bits of precision that its context IDs need; 53 in mode 'tight'. */
  readonly bits: number;
  /** Width of a ramp. */
  readonly theta: number;
  /** At least the share of $[0,1]^{d \times L}$ where an entry is within 4 theta below a grid point, so that nothing but `largestOutput` is promised: 4 d L m theta, at most 1. */
  readonly rampMeasure: number;
  /** Bound on the magnitude of every entry of an output, and on its distance from [0, 1], on that set too: 1 and rounding in the wide form; in the deep form a token on no hat stays where it is, below $\rho n + 2$. */
  readonly largestOutput: number;
  /** Bound on the difference of an output entry from its grid value off that set, by float64 rounding; 0 for the lazy evaluation of 'lemma' and 'compact'. */
  readonly labelError: number;
  /** Layers, neurons, parameters, operations, beside the paper's; null where they have more than 2^20 bits. */
  readonly cost: UniversalCost | null;
  /** Every weight, in mode 'tight'. */
  network?(): SingleAttentionNetwork;
  /** Reads the prompt once, for many inputs. */
  load(P: Tokens): (Z: Tokens) => Tokens<Float64Array>;
  /** The last L columns of $\tau([P, Z])$. */
  run(P: Tokens, Z: Tokens): Tokens<Float64Array>;
}

/**
 * One transformer with a single one-head attention layer of size 1 that imitates **every** function
 * $\bar f: G_{\delta,L} \to G_{\delta,L}$, $\delta = 1/m$: $\tau([P, Z])_{:,L_p:} = \bar f(Z)$ on the grid, with P = `promptOfTable` of $\bar f$ (or `promptFor` of any f).
 *
 * [P, Z] gets its positions $\rho j$, j = 1, 2, ..., after entries of Z above 1 - 4 theta are lowered to it, which keeps 1 itself off the next position; feed-forward layers quantise it; the attention gives each read token a scalar ID of the whole context; the layers after
 * it send each ID to its label $h([P, Z])$. So off the ramps $\tau([P, Z])_{:,L_p:} = h([\bar P, \bar Z])$ within `labelError`, where
 * $\bar Z$ is the grid point below Z (of Float32 tokens, k/m as Float32 rounds it counts as k/m): proven by the gap of the IDs (`mapping.gap`, `gapProven`), the quantiser's bit-exactness and the hats that do not meet.
 *
 * @param options - sizes; form, mode, evaluator; layout of the prompts
 * @returns the transformer: `run(P, Z)`, or `load(P)` once and many Z
 *
 * Paper: Theorem 2.3 (deep, with Lemmas 2.3, 2.4) and Theorem 2.4 (wide, with Lemma F.2), with errata rows 1, 5 to 13 repaired.
 *
 * @throws RangeError if a size is out of range, the prompt would have more than $2^{24}$ tokens, the full form would not fit (with the number of neurons),
 * or theta is out of range
 * @example
 * const tau = buildUniversal({ d: 1, L: 1, m: 4, form: 'deep', mode: 'tight', evaluator: 'full' });
 * const reverse = promptOfTable({ d: 1, L: 1, m: 4, digits: Int32Array.of(3, 2, 1, 0) });
 * tau.run(reverse, { d: 1, n: 1, data: Float64Array.of(0.25) }).data; // => new Float64Array([0.5])
 * // Any other function: another prompt, the same transformer.
 * tau.run(promptOfTable({ d: 1, L: 1, m: 4, digits: Int32Array.of(1, 3, 0, 2) }), { d: 1, n: 1, data: Float64Array.of(0.25) }).data; // => new Float64Array([0.75])
 * [tau.cost?.layersAfter, tau.cost?.width]; // => [1024n, 4n]
 */
export function buildUniversal({ layout = 'table', examples, ...options }: UniversalOptions): UniversalTransformer {
  const fn = 'buildUniversal';
  assertOneOf(fn, 'layout', layout, ['table', 'dictionary']);
  if (layout === 'table') return construct(fn, tableSurrogate(options), options);
  assertInteger(fn, 'examples', examples, 1);
  return construct(fn, dictionarySurrogate({ ...options, examples }), options);
}

/** What `buildApproximator` builds. */
export interface ApproximatorOptions extends TableOptions, ConstructionOptions {}

/** A transformer for one function, without a prompt. */
export interface Approximator extends Omit<UniversalTransformer, 'load' | 'network' | 'run'> {
  /** The quantised function that it computes on the grid. */
  readonly table: FunctionTable;
  /** Every weight, in mode 'tight'. */
  network?(): SingleAttentionNetwork;
  /** $\tau(Z)$. */
  run(Z: Tokens): Tokens<Float64Array>;
}

/**
 * The transformer of Theorem B.1: one function, no prompt. The feed-forward layers behind the attention hold the labels themselves.
 *
 * @param f - function on $[0,1]^{d \times L}$, evaluated once per cell
 * @param options - sizes, form, mode and evaluator; `at` and `round` as for `tableOf`
 *
 * Paper: Theorem B.1, with the repairs of `buildUniversal` (errata rows 5, 6).
 *
 * @throws RangeError, TypeError as `tableOf` and `buildUniversal`
 * @example
 * import { tokens, type Tokens } from '@prompt-limits/core-linalg';
 * // Two tokens change places.
 * const swap = (z: Tokens) => tokens(1, Float64Array.of(z.data[1]!, z.data[0]!));
 * const tau = buildApproximator(swap, { d: 1, L: 2, m: 4, form: 'wide' });
 * tau.run(tokens(1, Float64Array.of(0.3, 0.9))).data; // => new Float64Array([0.75, 0.25])
 */
export function buildApproximator(f: TargetFunction, options: ApproximatorOptions): Approximator {
  const table = tableOf(f, options);
  const { load, run: _, ...tau } = construct('buildApproximator', fixedSurrogate(table), options);
  const run = load(tokens(table.d, new Float64Array(0)));
  return { ...tau, table, run };
}

function construct(fn: string, surrogate: Surrogate, options: ConstructionOptions): UniversalTransformer {
  const { form, mode = 'compact', evaluator = 'lazy', largestStep = LARGEST_STEP } = options;
  const { d, L, m, Lp } = surrogate;
  const n = Lp + L;
  assertOneOf(fn, 'form', form, ['deep', 'wide']);
  assertOneOf(fn, 'mode', mode, ['tight', 'lemma', 'compact']);
  assertOneOf(fn, 'evaluator', evaluator, ['full', 'lazy']);
  assertSmall(fn, { form, d, L, n, m }, mode, evaluator);
  const mapping = mode === 'tight' ? tightGridMapping({ d, m, n, reads: L }) : gridContextMapping({ d, m, n, reads: L, mode, largestStep });
  const { rho } = mapping.codes;
  const least = leastRamps({ form, m, n, rho });
  if (least > 1 / (4 * m)) {
    throw new RangeError(`${fn}: ramps must be at most 1/(4m) = ${1 / (4 * m)} wide, but in float64 the ${form} form needs ${least} for Lp + L = ${n} tokens${form === 'wide' ? '; the deep form needs less' : ''}`);
  }
  const theta = options.theta ?? narrowRamps({ form, m, n, rho });
  assertInRange(fn, 'theta', theta, least, 1 / (4 * m));
  const front = frontQuantiser({ form, d, m, n, rho, theta });
  const parts = { surrogate, front, theta };
  const evaluate: Evaluator = mapping.mode === 'tight' ? tightEvaluator(parts, mapping, evaluator) : lazyEvaluator(parts, mapping);
  const load = (P: Tokens): ((Z: Tokens) => Tokens<Float64Array>) => {
    const run = evaluate.load(promptOnGrid(surrogate, P));
    return (Z) => run(inputInCube(surrogate, Z));
  };
  return {
    d, L, m, Lp, form, mode, evaluator, surrogate, mapping, theta,
    bits: mapping.mode === 'tight' ? 53 : mapping.bits,
    rampMeasure: Math.min(1, 4 * d * L * m * theta),
    largestOutput: evaluate.largestOutput,
    labelError: evaluate.labelError,
    cost: universalCost(front, { form, hat: evaluate.hat, d, L, n, m }),
    ...(evaluate.network && { network: evaluate.network }),
    load,
    run: (P, Z) => load(P)(Z),
  };
}

// Context IDs that tight mode lists.
const MAX_CONTEXTS = 2 ** 16;

function assertSmall(fn: string, size: { form: 'deep' | 'wide'; d: number; L: number; n: number; m: number }, mode: string, evaluator: string): void {
  const { d, n, m } = size;
  const small = d * n * Math.log2(m) <= 16 && m ** (d * n) <= MAX_CONTEXTS;
  if (evaluator === 'lazy' ? mode !== 'tight' || small : mode === 'tight' && small) return;
  const neurons = d * n * Math.log2(m) <= 2 ** 16 ? brief(valueMapCost(size).neurons) : `more than 2^${Math.floor(d * n * Math.log2(m))}`;
  if (small) throw new RangeError(`${fn}: evaluator 'full' needs mode 'tight', whose weights are float64 numbers, got mode '${mode}'`);
  throw new RangeError(`${fn}: ${evaluator === 'full' ? "evaluator 'full'" : "mode 'tight'"} needs at most ${MAX_CONTEXTS} contexts m^(d (Lp + L)), got ${m}^${d * n}, whose value map has ${neurons} neurons; evaluator 'lazy' with mode 'compact' or 'lemma' stores none of them`);
}

function brief(x: bigint): string {
  const digits = x.toString();
  return digits.length <= 24 ? digits : `about 10^${digits.length - 1}`;
}

function assertColumns(name: string, t: Tokens, d: number, n: number): void {
  const data: unknown = (t as Partial<Tokens> | null | undefined)?.data;
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) throw new TypeError(`run: ${name} must be Tokens, got ${describe(t)}`);
  if (t.d !== d || t.n !== n || data.length !== d * n) throw new RangeError(`run: ${name} must be ${d} x ${n}, got ${t.d} x ${t.n}`);
}

/** The prompt as grid tokens in Float64; a Float32 prompt holds every k/m as Float32 rounds it. */
function promptOnGrid({ d, m, Lp }: Surrogate, P: Tokens): Tokens<Float64Array> {
  assertColumns('P', P, d, Lp);
  return Lp === 0 ? tokens(d, new Float64Array(0)) : gridTokens(gridDigits(P, m), { d, m });
}

function inputInCube({ d, L, m }: Surrogate, Z: Tokens): Tokens<Float64Array> {
  assertColumns('Z', Z, d, L);
  assertFinite('run', 'Z', Z.data);
  const outside = Z.data.findIndex((x) => x < 0 || x > 1);
  if (outside >= 0) throw new RangeError(`run: Z must lie in [0, 1], got ${Z.data[outside]} at coordinate ${outside % d} of token ${Math.floor(outside / d)}`);
  if (Z.data instanceof Float64Array) return tokens(d, Z.data.slice());
  // As in a prompt: Float32's k/m may lie below the grid point, where a cell's ramp is.
  const cells = quantiseToGrid(Z, m);
  return tokens(d, Float64Array.from(Z.data, (x, at) => (Math.fround(cells[at]! / m) === x ? cells[at]! / m : x)));
}
