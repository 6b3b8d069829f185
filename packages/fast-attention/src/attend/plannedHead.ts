import type { AttentionProblem } from '@prompt-limits/attention';
import type { Kernels } from '@prompt-limits/core-linalg';
import { unitRoundoff } from '../certificate/rounding.ts';
import { splitHead, worthLooking, type SplitHead } from '../blocks/splitHead.ts';
import { costsFor, knownCosts } from '../plan/calibrate.ts';
import { timesOf, type CostModel, type TimedSizes } from '../plan/costModel.ts';
import { nominalExact, notWorthPlanning } from '../plan/firstLook.ts';
import { centredHead, type CentredHead } from './centredHead.ts';
import { exactBounds, type HeadBounds } from './headBounds.ts';
import { ifRoom } from './kernelMemory.ts';
import { exactPlan, planHead, type Planned } from './planHead.ts';
import { headVectors, type CheckedProblem } from './problem.ts';
import { storageFraction, valueColumns, type ValueColumns } from './valueColumns.ts';

/** What decides how the heads of a problem are planned. */
export interface PlanningOptions {
  readonly tolerance: number;
  readonly method: 'exact' | 'polynomial' | 'auto';
  readonly truncation: 'isotropic' | 'adaptive' | 'auto';
  readonly costs: CostModel | undefined;
  readonly degree: number | undefined;
  /** From the largest entries alone. */
  readonly box: boolean;
  readonly perQuery: boolean;
  readonly kernels: Kernels;
}

/** One key head, planned. */
export interface PlannedHead {
  readonly planned: Planned;
  /** null where the head is exact before it is centred. */
  readonly centred: CentredHead | null;
  /** The head in blocks where that is faster: `planned` is then its plan, and nothing else of it runs. */
  readonly split: SplitHead | null;
  /** What runs where kernel memory has no room for the blocks: `planned` without them. */
  readonly undivided: Planned;
  readonly columns: ValueColumns;
  /** What exact attention certifies, and the largest of it. */
  readonly exactly: HeadBounds;
  readonly exactBound: number;
  readonly costs: CostModel;
  readonly sizes: Omit<TimedSizes, 'rank'>;
}

/** Pairs whose exact attention takes a few microseconds. */
const fewPairs = 4096;

/** Pairs of a query and a key it sees. */
function visiblePairs(queries: number, keys: number, causal: number | null): number {
  if (causal === null) return queries * keys;
  const [first, last] = [Math.max(0, -causal), Math.min(queries, Math.max(0, keys - causal))];
  // Queries first to last - 1 see i + causal + 1 keys, later ones all.
  const growing = Math.max(0, last - first);
  return growing * causal + (growing * (first + last - 1)) / 2 + growing + Math.max(0, queries - Math.max(first, last)) * keys;
}

/** Plans one key head and the queries that read it. */
export function plannedHead(problem: AttentionProblem, checked: CheckedProblem, head: number, options: PlanningOptions): PlannedHead {
  const { tolerance, method, truncation, degree, box, kernels } = options;
  const { shape, group } = checked;
  const { d, dv, keys, scale } = shape;
  const columns = valueColumns(checked.values, shape.keyHeads * dv, head * dv, dv, box);
  const pairs = group * visiblePairs(shape.queries, keys, shape.causal);
  const exactly = exactBounds(checked, head, columns, kernels, options.perQuery);
  const exactBound = Math.max(...exactly.perColumn);
  const vectors = headVectors(problem, checked, head);
  const sizes = { queries: group * shape.queries, keys, pairs, d, dv };
  // So few pairs that deciding would show in the time.
  const few = options.costs === undefined && method === 'auto' && degree === undefined && pairs <= fewPairs && exactBound <= tolerance;
  const costs = options.costs ?? (method === 'auto' && !few ? costsFor(kernels, nominalExact(kernels, sizes)) : knownCosts(kernels));
  // Where only the polynomial can certify the tolerance there is no choice.
  const refused = method === 'exact' ? 'asked for'
    : few ? 'exact attention over so few pairs takes no longer than centring and packing the tokens'
    : method === 'auto' && degree === undefined && exactBound <= tolerance ? notWorthPlanning({ ...vectors, scale, tolerance, costs, sizes }) : null;
  const centred = refused === null ? centredHead(vectors, checked, { box, reach: shape.causal === null ? Infinity : 8, kernels }) : null;
  const storage = storageFraction(columns, unitRoundoff(kernels));
  const question = { kernels, tolerance, dv, causal: shape.causal !== null, pairs, storage, exactBound, box, truncation, costs };
  const planned: Planned = centred === null || method === 'exact'
    ? { plan: exactPlan(refused ?? 'queries and keys differ too far in size'), run: null, least: null }
    : planHead({ ...question, head: centred, method, ...(degree === undefined ? {} : { degree }) });
  const whole = planned.run !== null ? planned.plan.predicted!.polynomial
    : method === 'polynomial' ? Infinity : few ? 0 : timesOf(costs, { ...sizes, rank: 0 }).exact;
  // Where the whole head has no polynomial and one is asked for, the time does not count.
  const worth = whole === Infinity || (whole > worthLooking && timesOf(costs, { ...sizes, rank: 0 }).exact > worthLooking);
  const split = method === 'exact' || !worth || degree !== undefined || box || shape.causal !== null ? null : ifRoom(() => splitHead({
    vectors, checked, sizes, costs, tolerance, whole, question: { ...question, method },
    values: { data: problem.values.data, n: keys, stride: shape.keyHeads * dv, offset: head * dv, per: 1, d: dv },
  }));
  return { planned: split === null ? planned : { plan: split.plan, run: split.run, least: null }, centred, split, undivided: planned, columns, exactly, exactBound, costs, sizes };
}
