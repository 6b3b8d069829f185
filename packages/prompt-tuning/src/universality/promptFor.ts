import type { Tokens } from '@prompt-limits/core-linalg';
import { promptOfTable, tableOf, type TableOptions } from './functionTable.ts';
import type { TargetFunction } from './targetFunction.ts';
import type { UniversalTransformer } from './universalTransformer.ts';

/**
 * The prompt with which a universal transformer imitates f: the table of the quantised f, $P \in G_{\delta,L_p}$.
 *
 * For C-Lipschitz f, $d_\alpha(\tau([P, \cdot])_{:,L_p:}, f) \le (C + 1)\, \delta\, (dL)^{1/\alpha}$ plus what the ramps add (`errorBudget`); `universalityError` measures it.
 *
 * @param tau - from `buildUniversal` with layout 'table'
 * @param f - function on $[0,1]^{d \times L}$, evaluated once per cell
 * @param options - where f is evaluated and how it is rounded, as for `tableOf`
 * @returns d x $L_p$ Float64 tokens with entries k/m
 *
 * Paper: the P of Theorems 2.3 and 2.4.
 *
 * @throws RangeError if tau's prompts are no tables, or f has the wrong shape or leaves [0, 1]
 * @throws TypeError if f is no function or returns no Tokens
 * @example
 * import { tokens, type Tokens } from '@prompt-limits/core-linalg';
 * const tau = buildUniversal({ d: 1, L: 1, m: 10, form: 'wide' });
 * const P = promptFor(tau, (z: Tokens) => tokens(1, z.data.map((x) => x * x)));
 * tau.run(P, tokens(1, Float64Array.of(0.85))).data; // => new Float64Array([0.6])
 */
export function promptFor(tau: UniversalTransformer, f: TargetFunction, { at, round }: Pick<TableOptions, 'at' | 'round'> = {}): Tokens<Float64Array> {
  const { d, L, m, surrogate } = tau;
  if (surrogate.layout !== 'table') throw new RangeError(`promptFor: tau's prompts must be tables, got layout '${surrogate.layout}'`);
  return promptOfTable(tableOf(f, { d, L, m, ...(at && { at }), ...(round && { round }) }));
}
