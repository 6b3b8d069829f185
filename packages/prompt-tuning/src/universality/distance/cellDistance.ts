import { assertInRange, assertInteger, assertPositive, describe, gridTokens, tokens, type Tokens } from '@prompt-limits/core-linalg';
import type { Ramps } from '../errorBudget.ts';
import { advance, applyTable, type FunctionTable } from '../functionTable.ts';
import { assertShape, checkedTarget, type SequenceShape, type TargetFunction } from '../targetFunction.ts';
import { assertNorm, checkedValues, powerSum, rootEnclosure, type CellIntegral, type Distance, type MeasuredTarget } from './distance.ts';

/** How `cellDistance` measures. */
export interface CellDistanceOptions extends SequenceShape {
  /** Cells per entry, an integer >= 1. */
  readonly m: number;
  /** Index of the norm, finite and >= 1. */
  readonly alpha: number;
  /** Lipschitz constant of f in $\|\cdot\|_\alpha$, known and not estimated: the result is then certified. */
  readonly lipschitz?: number;
  /** Wanted high - low with a Lipschitz constant, above 0; as narrow as `maxEvaluations` allows unless given. */
  readonly width?: number;
  /** Most values of f, $2^{16}$ unless given. */
  readonly maxEvaluations?: number;
  /** Where the function meant is not g: see below. */
  readonly ramps?: Ramps;
}

/** The value of a function on each cell, by the cell's digits, token after token; or a table. */
export type CellValues = ((cell: Int32Array) => Tokens) | FunctionTable;

type Measured = Omit<Distance, 'low' | 'high'> & { readonly low: number; readonly high: number; readonly shift: number };

/**
 * $d_\alpha(g, f) = \bigl(\int_{[0,1]^{d \times L}} \|g - f\|_\alpha^\alpha\bigr)^{1/\alpha}$ for a g that is constant on each of the $m^{dL}$ cells of edge $\delta = 1/m$.
 *
 * - f has `cellIntegral`: their sum, certified if they are those of a function within $2^{-51}$ of f (the rounding of the sum is included).
 * - `lipschitz` is given: every cell is cut into $q^{dL}$ parts, and f is read at their centres. With $f_c$ the function that is constant on the parts,
 *   Minkowski's inequality gives $|d_\alpha(g, f) - d_\alpha(g, f_c)| \le d_\alpha(f, f_c) \le C \eta\, (dL / (\alpha + 1))^{1/\alpha}$, $\eta = 1/(2 m q)$ half an edge of
 *   a part: $\int \|Z - c\|_\alpha^\alpha$ over a part is dL times the mean of $|t|^\alpha$ over $[-\eta, \eta]$, which is $\eta^\alpha / (\alpha + 1)$. Certified
 *   if the computed values of f are within $2^{-51}$ of a C-Lipschitz function's.
 * - else: tensor Gauss-Legendre rules of 5 points per entry, and the difference to those of 3 points as error indicator. **Not certified**: where an
 *   entry of f crosses g's value the integrand has a kink.
 *
 * `ramps` is for a network $\tau$ that equals g off a set of that measure, with $\|\tau - f\|_\alpha$ and $\|g - f\|_\alpha$ at most `error` on it: [low, high] then
 * is of $d_\alpha(\tau, f)$, whose integral differs by at most $\mathrm{measure} \cdot \mathrm{error}^\alpha$ either way.
 *
 * @param g - the values of g, asked once per cell, or a table
 * @param f - target function
 *
 * Paper: Eq. (E.1), (1.2).
 *
 * @throws RangeError if an option is out of range, f leaves [0, 1], a value has the wrong shape or is not finite, or more than `maxEvaluations`
 * values of f would be needed
 * @throws TypeError if g or f is of another kind
 * @example
 * import { tokens, type Tokens } from '@prompt-limits/core-linalg';
 * const f = (z: Tokens) => tokens(1, z.data.map((x) => x * x));
 * const table = tableOf(f, { d: 1, L: 1, m: 4 });
 * const { low, high, certified } = cellDistance(table, f, { d: 1, L: 1, m: 4, alpha: 1, lipschitz: 2 });
 * [low, high, certified]; // => [0.14583, 0.14584, true]
 * 1 / 3 - (0 + 0 + 0.25 + 0.5) / 4; // => 0.1458333333333
 */
export function cellDistance(g: CellValues, f: MeasuredTarget, options: CellDistanceOptions): Distance {
  const { d, L, m, alpha, lipschitz, width, maxEvaluations = 2 ** 16, ramps = { measure: 0, error: 0 } } = options;
  assertShape('cellDistance', { d, L });
  assertInteger('cellDistance', 'm', m, 1, 2 ** 31);
  assertNorm('cellDistance', alpha, ramps);
  if (lipschitz !== undefined) assertInRange('cellDistance', 'lipschitz', lipschitz, 0, Number.MAX_VALUE);
  if (width !== undefined) assertPositive('cellDistance', 'width', width);
  assertInteger('cellDistance', 'maxEvaluations', maxEvaluations, 1, 2 ** 32);
  const target = checkedTarget('cellDistance', f, { d, L });
  const cells = Math.round(m ** (d * L)); // an integer, which ** need not hit
  if (cells > maxEvaluations) {
    throw new RangeError(`cellDistance: m ** (d * L) must be at most maxEvaluations = ${maxEvaluations}, got ${m} ** ${d * L}; sampledDistance needs no cells`);
  }
  const values = checkedValues('cellDistance', valuesOf(g, { d, L, m }), { d, L });
  const problem: Problem = { d, L, m, alpha, cells, values, target };
  const found = f.cellIntegral !== undefined ? byIntegrals(problem, f.cellIntegral)
    : lipschitz !== undefined ? byLipschitz(problem, lipschitz, width ?? 0, maxEvaluations)
    : byGauss(problem, maxEvaluations);
  const onRamps = ramps.measure === 0 ? 0 : ramps.measure * ramps.error ** alpha * (1 + (alpha + 8) * 2 ** -52);
  const { value, low, high, shift, ...rest } = found;
  if (!Number.isFinite(high + onRamps)) throw new RangeError(`cellDistance: the errors to the power alpha = ${alpha} must be finite, got their mean ${high + onRamps}`);
  // With a shift the enclosure is one of roots: back to integrals only where ramps are to be added.
  const ends = rootEnclosure(low, high, alpha, { d, L }, rest.evaluations);
  const shifted = { low: Math.max(0, ends.low - shift), high: ends.high + shift };
  if (onRamps === 0) return { value, ...shifted, ...rest };
  const withRamps = rootEnclosure(Math.max(0, shifted.low ** alpha * (1 - (alpha + 8) * 2 ** -52) - onRamps), shifted.high ** alpha + onRamps, alpha, { d, L }, 0);
  return { value, ...withRamps, ...rest };
}

/** What values of f that are off by 2^-51 can change: the norm of that many such errors, rounded upwards. */
const valueRounding = (entries: number, alpha: number): number => entries ** (1 / alpha) * 1.01 * 2 ** -51;

interface Problem extends SequenceShape {
  readonly m: number;
  readonly alpha: number;
  readonly cells: number;
  readonly values: (cell: Int32Array) => Tokens;
  readonly target: TargetFunction;
}

function valuesOf(g: CellValues, { d, L, m }: SequenceShape & { readonly m: number }): (cell: Int32Array) => Tokens {
  if (typeof g === 'function') return (cell) => g(cell.slice());
  if (!((g as Partial<FunctionTable> | null | undefined)?.digits instanceof Int32Array)) {
    throw new TypeError(`cellDistance: g must be a FunctionTable or a function from digits to Tokens, got ${describe(g)}`);
  }
  if (g.d !== d || g.L !== L || g.m !== m) throw new RangeError(`cellDistance: g must have d = ${d}, L = ${L}, m = ${m} as asked, got d = ${g.d}, L = ${g.L}, m = ${g.m}`);
  return (cell) => gridTokens(applyTable(g, cell), g);
}

/** Calls `visit` with every cell's digits and g's value there, copied. */
function eachCell({ d, L, m, cells, values }: Problem, visit: (cell: Int32Array, y: Float64Array) => void): void {
  const cell = new Int32Array(d * L);
  for (let i = 0; i < cells; i++, advance(cell, m)) visit(cell, Float64Array.from(values(cell).data));
}

function byIntegrals(problem: Problem, integral: CellIntegral): Measured {
  const { d, L, m, alpha, cells } = problem;
  let sum = 0;
  eachCell(problem, (cell, y) => {
    const part = integral(Float64Array.from(cell, (k) => k / m), 1 / m, y, alpha);
    assertInRange('cellDistance', 'a value of f.cellIntegral', part, 0, Number.MAX_VALUE);
    sum += part;
  });
  return { value: sum ** (1 / alpha), low: sum, high: sum, shift: valueRounding(d * L, alpha), method: 'cell integrals', certified: true, evaluations: cells };
}

/** The sum over cells of a rule's value there: `points` and `weights` on [0, 1] in each entry. */
function tensorRule(problem: Problem, points: (k: number, j: number) => number, weights: readonly number[]): number {
  const { d, L, alpha, target } = problem;
  const node = new Int32Array(d * L);
  let sum = 0;
  eachCell(problem, (cell, y) => {
    let inside = 0;
    for (let i = 0; i < weights.length ** node.length; i++, advance(node, weights.length)) {
      const z = tokens(d, Float64Array.from(cell, (k, entry) => points(k, node[entry]!)));
      inside += powerSum(target(z).data, y, alpha) * node.reduce((w, j) => w * weights[j]!, 1);
    }
    sum += inside;
  });
  return sum / problem.cells;
}

function byLipschitz(problem: Problem, C: number, wanted: number, most: number): Measured {
  const { d, L, m, alpha } = problem;
  const entries = d * L;
  // 2^-53 for a centre's rounding, per entry; the factor covers the roundings of this line.
  const shiftOf = (q: number): number => C * (1 + 2 ** -40) * ((0.5 / (m * q)) * (entries / (alpha + 1)) ** (1 / alpha) + entries ** (1 / alpha) * 2 ** -53) + valueRounding(entries, alpha);
  const goal = C === 0 ? Infinity : wanted; // a constant needs one point a cell
  let q = 1;
  while ((m * (q + 1)) ** entries <= most && 2 * shiftOf(q) > goal) q++;
  const mean = tensorRule(problem, (k, j) => (k * q + j + 0.5) / (m * q), Array.from({ length: q }, () => 1)) / q ** entries;
  return { value: mean ** (1 / alpha), low: mean, high: mean, shift: shiftOf(q), method: 'lipschitz', certified: true, evaluations: Math.round((m * q) ** entries) };
}

// Nodes and weights on [0, 1] of the Gauss-Legendre rules of 3 and 5 points.
const gauss = (half: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] =>
  half.flatMap(([x, w]): readonly (readonly [number, number])[] => (x === 0 ? [[0.5, w / 2]] : [[(1 - x) / 2, w / 2], [(1 + x) / 2, w / 2]]));
const GAUSS_3 = gauss([[0, 8 / 9], [Math.sqrt(3 / 5), 5 / 9]]);
const GAUSS_5 = gauss([
  [0, 128 / 225],
  [Math.sqrt(5 - 2 * Math.sqrt(10 / 7)) / 3, (322 + 13 * Math.sqrt(70)) / 900],
  [Math.sqrt(5 + 2 * Math.sqrt(10 / 7)) / 3, (322 - 13 * Math.sqrt(70)) / 900],
]);

function byGauss(problem: Problem, most: number): Measured {
  const { d, L, m, alpha, cells } = problem;
  const evaluations = cells * (3 ** (d * L) + 5 ** (d * L));
  if (evaluations > most) {
    throw new RangeError(`cellDistance: the rules of 3 and 5 points must need at most maxEvaluations = ${most} values of f, got ${evaluations}; give lipschitz, or use sampledDistance`);
  }
  const by = (rule: readonly (readonly [number, number])[]): number => tensorRule(problem, (k, j) => (k + rule[j]![0]) / m, rule.map(([, w]) => w));
  const [coarse, fine] = [by(GAUSS_3), by(GAUSS_5)];
  const indicator = Math.abs(fine - coarse);
  return { value: fine ** (1 / alpha), low: Math.max(0, fine - indicator), high: fine + indicator, shift: 0, method: 'gauss', certified: false, evaluations };
}
