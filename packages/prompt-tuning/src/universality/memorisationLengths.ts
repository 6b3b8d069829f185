import { assertInRange, assertInteger, assertPositive, entrywiseNorm, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { sufficientPromptLength, type SufficientPromptLength } from '../capacity/sufficientPromptLength.ts';

/** Prompt lengths for one dataset, side by side. */
export interface MemorisationLengths {
  /** What the construction used. */
  readonly used: number;
  /** What Theorem 2.5 takes (errata rows 7, 20), for the smallest C that any function through the data can have; null for a dataset of one input, or with C = 0. */
  readonly sufficient: SufficientPromptLength | null;
  /** The largest slope $\|Y - Y'\|_\alpha / \|X - X'\|_\alpha$ of two examples: no function through the data is C-Lipschitz for a smaller C. */
  readonly leastLipschitz: number;
  /** What any method needs whose prompts have entries of m values, if it is to memorise these inputs with **any** labels to within epsilon. */
  readonly counting: number;
}

/** What the lengths depend on. */
export interface MemorisationLengthsOptions {
  /** Allowed error of an example. */
  readonly epsilon: number;
  /** Index of the norm. */
  readonly alpha: number;
  /** Values that an entry of a prompt can take. */
  readonly m: number;
  /** Tokens of the prompt that was built. */
  readonly used: number;
}

/**
 * The three prompt lengths of memorisation: Theorem 2.5's sufficient one, the necessary one by counting, and the one used.
 *
 * Counting: N distinct inputs can have $K^{dLN}$ labellings that are pairwise more than 2 epsilon apart, $K = \lceil 1/(2 \epsilon) \rceil$ values more than 2 epsilon apart
 * in [0, 1] per entry (an entry alone already differs by as much as the norm). No prompt serves two of them, and there are $m^{d L_p}$ prompts, so
 * $L_p \ge L N \log K / \log m$.
 *
 * @param dataset - pairs of inputs and labels, d x L each
 *
 * Paper: Theorem 2.5, whose length is sufficient and no lower bound (errata row 20).
 *
 * @throws RangeError if an option is out of range
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const pair = (x: number, y: number) => ({ input: tokens(1, Float64Array.of(x)), label: tokens(1, Float64Array.of(y)) });
 * const { sufficient, counting, leastLipschitz } = memorisationLengths([pair(0, 0), pair(0.5, 1)], { epsilon: 0.125, alpha: 1, m: 4, used: 4 });
 * leastLipschitz; // => 2
 * sufficient?.exact; // => 48n
 * counting; // => 2
 */
export function memorisationLengths(dataset: readonly { readonly input: Tokens; readonly label: Tokens }[], { epsilon, alpha, m, used }: MemorisationLengthsOptions): MemorisationLengths {
  assertPositive('memorisationLengths', 'epsilon', epsilon);
  assertInRange('memorisationLengths', 'alpha', alpha, 1, Number.MAX_VALUE);
  assertInteger('memorisationLengths', 'm', m, 2);
  assertInteger('memorisationLengths', 'used', used);
  assertInteger('memorisationLengths', 'examples', dataset.length, 1);
  const { d, n: L } = dataset[0]!.input;
  const norm = (a: Tokens, b: Tokens): number => entrywiseNorm(tokens(d, Float64Array.from(a.data, (x, at) => x - b.data[at]!)), alpha);
  let leastLipschitz = 0;
  const distinct: Tokens[] = [];
  for (const [j, { input, label }] of dataset.entries()) {
    let repeated = false;
    for (let i = 0; i < j; i++) {
      const distance = norm(input, dataset[i]!.input);
      if (distance === 0) repeated = true;
      else leastLipschitz = Math.max(leastLipschitz, norm(label, dataset[i]!.label) / distance);
    }
    if (!repeated) distinct.push(input);
  }
  const sufficient = leastLipschitz === 0 || leastLipschitz > Number.MAX_VALUE / 4 ? null : sufficientPromptLength({ d, L, C: leastLipschitz, epsilon, alpha });
  const values = Math.ceil((1 / (2 * epsilon)) * (1 - 2 ** -50)); // a tie is not more than 2 epsilon
  const counting = values < 2 ? 0 : Math.ceil(((L * distinct.length * Math.log(values)) / Math.log(m)) * (1 - 2 ** -48));
  return { used, sufficient, leastLipschitz, counting };
}
