import type { AttentionShape, FloatArray, Kernels } from '@prompt-limits/core-linalg';
import { unitRoundoff } from '../certificate/rounding.ts';
import { expOperations } from '../criterion/attentionCost.ts';
import { exactHead, type ExactForward } from './exactHead.ts';
import type { GradientPlan, PerInput } from './attendVjp.ts';
import { headGradient } from './headGradient.ts';
import { headFrame, type GradientInputs, type HeadFrame } from './headInputs.ts';
import { planPolynomial, type HeadPlan } from './headPlan.ts';
import type { HeadGradient, HeadRows } from './headRows.ts';
import type { RelativeErrors } from './rowErrors.ts';

/** What a gradient is computed from, all checked. */
export interface GradientQuestion {
  readonly shape: AttentionShape;
  readonly inputs: GradientInputs;
  readonly forward: ExactForward | null;
  /** Only the first tokens' gradients are wanted. */
  readonly wanted: { readonly queries: number; readonly keys: number };
  readonly tolerance: number;
  /** Whether a tolerance was asked for: where that cannot be met is an error. */
  readonly asked: boolean;
  readonly method: 'exact' | 'polynomial' | 'auto';
  readonly kernels: Kernels;
}

/** Gradients of all heads, tokens as in the inputs, and what is known of them. */
export interface HeadResult<A extends FloatArray = FloatArray> extends PerInput<A> {
  readonly bounds: PerInput<Float64Array>;
  readonly relative: RelativeErrors;
  readonly plan: readonly GradientPlan[];
}

/** Most bytes of the moments, weights and exponents of one head. */
const stateBytes = 2 ** 26;

const short = (x: number): string => String(Number(x.toPrecision(3)));

/** Pairs of one of the first `queries` queries and one of the first `keys` keys that it sees. */
function pairs(queries: number, keys: number, causal: number | null): number {
  if (causal === null) return queries * keys;
  let sum = 0;
  for (let i = 0; i < queries; i++) sum += Math.max(0, Math.min(keys, i + causal + 1));
  return sum;
}

/** Counted operations of one head's gradient, exact and by `rank` features of which p' has `lower`, the forward pass included where it has to run. */
function costs({ shape, wanted, forward }: GradientQuestion, rank: number, lower: number): { exact: number; polynomial: number } {
  const { queries: m, keys: n, d, dv, causal } = shape;
  // A pair costs its score and its exponential, and in the gradient dz . v and three rows added to; forward one.
  const first = forward === null ? pairs(m, n, causal) * (2 * d + 2 * dv + expOperations) : 0;
  const each = 6 * d + 4 * dv + expOperations;
  const whole = wanted.queries === m && wanted.keys === n;
  const exact = first + each * (whole ? pairs(m, n, causal) : pairs(m, wanted.keys, causal) + pairs(wanted.queries, n, causal));
  const c = dv + 1;
  const [sums, bounds, gradient] = [2 * c + 1, 2 * (c + 2) + 1, 2 * c + 5];
  return { exact, polynomial: rank * ((n + m) * sums + wanted.queries * gradient + m * bounds + wanted.keys * gradient) + lower * wanted.keys * bounds };
}

type Chosen = { readonly run: HeadPlan | null; readonly plan: GradientPlan };

const exact = (reason: string, halfWidth: number | null): Chosen => ({ run: null, plan: { method: 'exact', degree: null, rank: null, halfWidth, reason } });

function choose(fn: string, question: GradientQuestion, frame: HeadFrame | null): Chosen {
  const { shape, method, tolerance, asked, kernels, inputs } = question;
  if (method === 'exact' || frame === null) return exact('asked for', null);
  const maxRank = Math.floor(stateBytes / (24 * (shape.dv + 3) + shape.d + 16));
  const found = planPolynomial(inputs, frame, kernels, tolerance, maxRank);
  if (found.plan === null) {
    if (method === 'polynomial' && asked && found.least < Infinity) {
      throw new RangeError(`${fn}: tolerance must be at least ${Number((found.least * 1.001).toPrecision(3))}, the smallest that ${kernels.precision} certifies for this input, got ${tolerance}`);
    }
    return exact(found.why, frame.halfWidth);
  }
  const { rank, degree } = found.plan.set;
  if (method === 'auto') {
    const cost = costs(question, rank, found.plan.lower.rank);
    if (cost.polynomial >= 0.8 * cost.exact) {
      return exact(`by count of operations the exact gradient is no dearer: ${short(cost.exact)} against ${short(cost.polynomial)}`, frame.halfWidth);
    }
  }
  const reason = `degree ${degree}, rank ${rank} for scores within ${short(frame.halfWidth)} of their centre`;
  return { run: found.plan, plan: { method: 'polynomial', degree, rank, halfWidth: frame.halfWidth, reason } };
}

/** The gradient of every head, each by its plan. */
export function gradientOf<A extends FloatArray>(fn: string, question: GradientQuestion): HeadResult<A> {
  // Heads whose sums overflowed in spite of their plan are exact in the next round; each round adds one.
  const overflowed = new Set<number>();
  for (;;) {
    const result = round<A>(fn, question, overflowed);
    if (typeof result !== 'number') return result;
    overflowed.add(result);
  }
}

/** One attempt; the number of a head that overflowed if one did. */
function round<A extends FloatArray>(fn: string, question: GradientQuestion, overflowed: ReadonlySet<number>): HeadResult<A> | number {
  const { shape, kernels, wanted, forward, inputs } = question;
  const { heads, keyHeads, d, dv } = shape;
  const Storage = question.inputs.q.constructor as new (length: number) => A;
  const sums = {
    queries: new Storage(wanted.queries * heads * d), keys: new Storage(wanted.keys * keyHeads * d), values: new Storage(wanted.keys * keyHeads * dv),
  };
  const bounds = {
    queries: new Float64Array(heads * wanted.queries), keys: new Float64Array(keyHeads * wanted.keys), values: new Float64Array(keyHeads * wanted.keys),
  };
  const plan: GradientPlan[] = [];
  const relative = { queries: 0, keys: 0, values: 0 };
  // Tokens of one head are the result's own; of several they lie apart until the head is done.
  const target = (name: 'queries' | 'keys' | 'values', tokens: number, width: number, per: number, head: number): HeadRows => ({
    data: per === 1 ? sums[name] : new Storage(tokens * width), bounds: bounds[name].subarray(head * tokens, (head + 1) * tokens),
  });
  for (let keyHead = 0; keyHead < keyHeads; keyHead++) {
    const keys = target('keys', wanted.keys, d, keyHeads, keyHead);
    const values = target('values', wanted.keys, dv, keyHeads, keyHead);
    const group = heads / keyHeads;
    for (let head = keyHead * group; head < (keyHead + 1) * group; head++) {
      const into: HeadGradient = { queries: target('queries', wanted.queries, d, heads, head), keys, values, u: unitRoundoff(kernels) };
      const { run, plan: chosen } = overflowed.has(head) ? exact('the sums of this input overflow', null)
        : choose(fn, question, question.method === 'exact' ? null : headFrame(inputs, head, kernels));
      if (run === null) exactHead(inputs, head, kernels, forward, into);
      else {
        if (!headGradient(inputs, run, kernels, into)) return head;
        for (const name of ['queries', 'keys', 'values'] as const) relative[name] = Math.max(relative[name], run.relative[name]);
      }
      plan.push(chosen);
      spread(into.queries.data, d, sums.queries, heads, head);
    }
    spread(keys.data, d, sums.keys, keyHeads, keyHead);
    spread(values.data, dv, sums.values, keyHeads, keyHead);
  }
  return { ...sums, bounds, relative, plan };
}

/** Puts one head's tokens where they belong among those of `per` heads. */
function spread(x: FloatArray, width: number, into: FloatArray, per: number, head: number): void {
  if (x === into) return;
  for (let at = 0, o = head * width; at < x.length; at += width, o += per * width) for (let c = 0; c < width; c++) into[o + c] = x[at + c]!;
}
