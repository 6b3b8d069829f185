import { assertGrid, log2Of, type GridOfSequences } from './countQuantisedFunctions.ts';
import { countLipschitzFunctions } from './countLipschitzFunctions.ts';
import { lipschitzRelation } from './lipschitzRelation.ts';

/** Functions with a Lipschitz constant between grid points. */
export interface LipschitzClass {
  /** The constant, >= 0. */
  readonly C: number;
  /** Index of the norm, an integer from 1 to 64. */
  readonly alpha: number;
}

/** Which functions a prompt shall select from. */
export interface NecessaryPromptLengthOptions extends GridOfSequences {
  /** Only the functions that are Lipschitz with this constant between grid points; all functions of the grid unless given. */
  readonly lipschitz?: LipschitzClass;
}

/**
 * Necessary length of prompts on the grid, by counting: the smallest $L_p$ with $m^{d L_p} \ge$ the number of functions
 * $G_{\delta,L} \to G_{\delta,L}$ to tell apart, all of them or only the C-Lipschitz ones.
 *
 * Statement: whatever the model, if every one of these functions is its map Z -> output for some prompt in
 * $G_{\delta,L_p}$, then $L_p$ is at least this long, since a prompt gives one function. For all functions it equals
 * the length of the table, $L m^{dL}$, so the table is optimal for them; for the C-Lipschitz ones it is shorter.
 *
 * @returns the length; exact where the count is (`countLipschitzFunctions`), else from its lower bound and so perhaps too
 * small, never too large; 0 if there is one function
 *
 * Paper: the step from $n^n$ functions to $L_p \ge L (1/\delta)^{dL}$ in Lemma E.1. Theorem 2.5 calls the table's length a lower
 * bound; it is one for all functions of the grid, not for the C-Lipschitz ones (errata rows 20, 21).
 *
 * @throws RangeError if an option is out of range, or the grid has more than $2^{1000}$ points
 * @example
 * necessaryPromptLength({ d: 1, L: 1, m: 8 }); // => 8n
 * necessaryPromptLength({ d: 1, L: 1, m: 8, lipschitz: { C: 1, alpha: 1 } }); // => 5n
 */
export function necessaryPromptLength({ d, L, m, lipschitz }: NecessaryPromptLengthOptions): bigint {
  assertGrid('necessaryPromptLength', { d, L, m });
  if (d * L * Math.log2(m) > 1000) throw new RangeError(`necessaryPromptLength: the grid must have at most 2 ** 1000 points, got ${m} ** ${d * L}`);
  const table = BigInt(L) * BigInt(m) ** BigInt(d * L); // m^(d table) = N^N
  if (lipschitz === undefined) return table;
  const { exact, log2Lower } = countLipschitzFunctions({ d, L, m, ...lipschitz });
  if (lipschitzRelation(lipschitz.C, lipschitz.alpha).holdsAlways(m, d * L)) return table;
  const bitsPerToken = d * Math.log2(m);
  if (exact === null) return BigInt(Math.ceil((log2Lower / bitsPerToken) * (1 - 2 ** -48)));
  // The logarithms are off by far less than half a token; the powers decide.
  let length = BigInt(Math.max(0, Math.round(log2Of(exact) / bitsPerToken) - 1));
  while (BigInt(m) ** (BigInt(d) * length) < exact) length++;
  return length;
}
