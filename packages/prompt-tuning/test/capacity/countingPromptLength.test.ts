import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { countingPromptLength } from '../../src/capacity/countingPromptLength.ts';

describe('countingPromptLength', () => {
  test.prop([
    fc.record({
      L: fc.integer({ min: 1, max: 12 }), vocabularySize: fc.integer({ min: 1, max: 40 }),
      d: fc.integer({ min: 1, max: 5 }), bitsPerValue: fc.integer({ min: 1, max: 4 }),
    }),
  ])('is the first length with as many prompts as texts, counted one by one', ({ L, vocabularySize, d, bitsPerValue }) => {
    let texts = 1n;
    for (let i = 0; i < L; i++) texts *= BigInt(vocabularySize);
    let length = 0;
    for (let prompts = 1n; prompts < texts; length++) for (let i = 0; i < d; i++) prompts *= 1n << BigInt(bitsPerValue);
    expect(countingPromptLength({ L, vocabularySize, d, bitsPerValue })).toBe(length);
  });

  test('decides ties between powers exactly', () => {
    expect(countingPromptLength({ L: 1000, vocabularySize: 8, d: 3, bitsPerValue: 1 })).toBe(1000);
    // log2(2^52 + 1) is 52 in float64, but one text too many is one text too many.
    expect(countingPromptLength({ L: 1, vocabularySize: 2 ** 32 + 1, d: 1, bitsPerValue: 32 })).toBe(2);
    expect(countingPromptLength({ L: 1, vocabularySize: 2 ** 52 + 1, d: 1, bitsPerValue: 52 })).toBe(2);
    expect(countingPromptLength({ L: 1, vocabularySize: 2 ** 52, d: 1, bitsPerValue: 52 })).toBe(1);
  });

  test('a vocabulary of one token needs no prompt', () => {
    expect(countingPromptLength({ L: 9, vocabularySize: 1, d: 1, bitsPerValue: 1 })).toBe(0);
  });

  test('takes fractions of a bit', () => {
    expect(countingPromptLength({ L: 10, vocabularySize: 2, d: 1, bitsPerValue: 0.5 })).toBe(20);
  });

  test('refuses what cannot be counted', () => {
    const good = { L: 1, vocabularySize: 2, d: 1, bitsPerValue: 1 };
    expect(() => countingPromptLength({ ...good, L: 0 })).toThrow('countingPromptLength: L must be at least 1, got 0');
    expect(() => countingPromptLength({ ...good, vocabularySize: 2.5 })).toThrow(RangeError);
    expect(() => countingPromptLength({ ...good, d: -1 })).toThrow(RangeError);
    expect(() => countingPromptLength({ ...good, bitsPerValue: 0 })).toThrow('countingPromptLength: bitsPerValue must be above 0, got 0');
  });
});
