import { assertInteger, describe, type Tokens } from '@prompt-limits/core-linalg';

/**
 * A sequence-to-sequence function $f: [0,1]^{d \times L} \to [0,1]^{d \times L}$, the f of Definition 2.3. It may return its argument or a
 * buffer of its own; its result is read before it is called again.
 */
export type TargetFunction = (z: Tokens<Float64Array>) => Tokens;

/** The widths of a function's input and output. */
export interface SequenceShape {
  /** Width of a token, d >= 1. */
  readonly d: number;
  /** Tokens of the input and of the output, L >= 1. */
  readonly L: number;
}

/** Checks d and L. */
export function assertShape(fn: string, { d, L }: SequenceShape): void {
  assertInteger(fn, 'd', d, 1);
  assertInteger(fn, 'L', L, 1);
  assertInteger(fn, 'd * L', d * L, 1, 2 ** 32);
}

/** A target function with its kind checked, and each of its values: d x L, entries in [0, 1]. */
export function checkedTarget(fn: string, f: TargetFunction, shape: SequenceShape): TargetFunction {
  if (typeof f !== 'function') throw new TypeError(`${fn}: f must be a function from Tokens to Tokens, got ${describe(f)}`);
  return (z) => {
    const where = (): string => (z.data.length <= 8 ? `for the input [${[...z.data].join(', ')}]` : `for an input that begins [${[...z.data.subarray(0, 8)].join(', ')}, ...`);
    const y = f(z);
    assertValue(fn, 'f', y, shape, where);
    for (let i = 0; i < y.data.length; i++) {
      if (!(y.data[i]! >= 0 && y.data[i]! <= 1)) {
        throw new RangeError(`${fn}: f must have values in [0, 1], got ${y.data[i]} at coordinate ${i % shape.d} of token ${Math.floor(i / shape.d)} ${where()}`);
      }
    }
    return y;
  };
}

/** Checks that `y` is d x L tokens. */
export function assertValue(fn: string, name: string, y: Tokens, { d, L }: SequenceShape, where: () => string): void {
  const data: unknown = (y as Partial<Tokens> | null | undefined)?.data;
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) throw new TypeError(`${fn}: ${name} must return Tokens, got ${describe(y)} ${where()}`);
  if (y.d !== d || y.n !== L || data.length !== d * L) {
    throw new RangeError(`${fn}: ${name} must return ${d} x ${L} tokens, got ${y.d} x ${y.n} with ${data.length} values ${where()}`);
  }
}
