import { InvalidArgumentError } from 'commander';

/** A parser for commander: an integer from `low` to `high`. */
export function integer(low: number, high: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value) || value < low || value > high) {
      const range = high === Number.MAX_SAFE_INTEGER ? `an integer of at least ${low}` : `an integer from ${low} to ${high}`;
      throw new InvalidArgumentError(`It must be ${range}.`);
    }
    return value;
  };
}

/** A parser for commander: a finite number above `low` and at most `high`. */
export function numberAbove(low: number, high: number = Number.MAX_VALUE): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (!(value > low && value <= high)) {
      throw new InvalidArgumentError(`It must be a number above ${low}${high === Number.MAX_VALUE ? '' : ` and at most ${high}`}.`);
    }
    return value;
  };
}
