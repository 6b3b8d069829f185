import { assertFinite, assertInteger, assertLength, assertOneOf, describe, type Precision, type Tokens } from '@prompt-limits/core-linalg';

/** Where the tuning of a prompt began. PEFT calls these RANDOM, SAMPLE_VOCAB and TEXT. */
export type PromptInitialisation =
  | {
      /** Random values, or embeddings of random tokens. */
      readonly from: 'random' | 'vocabulary';
    }
  | {
      /** Embeddings of a text's tokens. */
      readonly from: 'text';
      /** That text. */
      readonly text: string;
    };

/** A soft prompt: the P of Definition 1.1, put in front of the embedded input. */
export interface SoftPrompt {
  /** d x Lp, d the width of the model's tokens, Lp >= 1; finite. */
  readonly embeddings: Tokens;
  /** Name or path of the model that it was tuned on, if known. */
  readonly baseModel: string | null;
  /** Revision of that model, if known. */
  readonly revision: string | null;
  /** Where the tuning began. */
  readonly initialisation: PromptInitialisation;
}

/** What is known of a soft prompt beside its values, and how they are stored. */
export interface SoftPromptOptions extends Partial<Omit<SoftPrompt, 'embeddings'>> {
  /**
   * Precision of the stored values, 'float32' unless given: what PEFT and every model here read. 'float64' is for constructed
   * prompts, whose values are exact; PEFT rounds such an adapter when it loads it.
   */
  readonly precision?: Precision;
}

/**
 * A soft prompt with a copy of these values, rounded to the precision.
 *
 * @param embeddings - d x Lp, Lp >= 1
 * @throws RangeError if there is no token, or a value is not finite or too large for Float32; TypeError for other kinds
 * @example
 * softPrompt({ d: 2, n: 1, data: Float64Array.of(0.5, 2) }).initialisation; // => { from: 'random' }
 */
export function softPrompt(
  embeddings: Tokens,
  { baseModel = null, revision = null, initialisation = { from: 'random' }, precision = 'float32' }: SoftPromptOptions = {},
): SoftPrompt {
  const { d, n, data } = embeddings;
  assertInteger('softPrompt', 'd', d, 1);
  assertInteger('softPrompt', 'Lp', n, 1);
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) {
    throw new TypeError(`softPrompt: embeddings must hold a Float32Array or a Float64Array, got ${describe(data)}`);
  }
  assertLength('softPrompt', 'embeddings', data, d * n, `d Lp = ${d} * ${n}`);
  assertOneOf('softPrompt', 'precision', precision, ['float32', 'float64']);
  const values = precision === 'float64' ? Float64Array.from(data) : Float32Array.from(data);
  assertFinite('softPrompt', `embeddings in ${values instanceof Float64Array ? 'Float64' : 'Float32'}`, values);
  return { embeddings: { d, n, data: values }, baseModel, revision, initialisation };
}
