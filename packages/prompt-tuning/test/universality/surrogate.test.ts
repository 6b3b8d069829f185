import { randomSource } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { dictionarySurrogate, fixedSurrogate, promptOfTable, tableSurrogate } from '../../src/index.ts';
import { everyDigits, randomDigits, randomTable, valueAt } from './support.ts';

const shapes = [[1, 1, 2], [1, 1, 7], [1, 2, 3], [2, 1, 3], [3, 1, 2], [2, 2, 2], [1, 3, 2]] as const;

describe('Lemma 2.3: prompts select functions', () => {
  test.each(shapes)('d = %i, L = %i, m = %i: h([P, Z]) is the table at Z, with P the table', (d, L, m) => {
    const h = tableSurrogate({ d, L, m });
    const table = randomTable(randomSource(2301), d, L, m);
    expect(h.Lp).toBe(L * m ** (d * L));
    // The digits of the prompt from its values, not from the table's array.
    const P = Array.from(promptOfTable(table).data, (x) => Math.round(x * m));
    const bare = fixedSurrogate(table);
    for (const z of everyDigits(d * L, m)) {
      const value = valueAt(table, z);
      expect([...h.label(Int32Array.of(...P, ...z))]).toEqual(value);
      expect([...bare.label(z)]).toEqual(value);
    }
  });

  test('a fixed surrogate keeps its own copy of the table', () => {
    const table = { d: 1, L: 1, m: 3, digits: Int32Array.of(2, 0, 1) };
    const h = fixedSurrogate(table);
    table.digits[0] = 1;
    expect([...h.label(Int32Array.of(0))]).toEqual([2]);
    expect(h.Lp).toBe(0);
  });
});

describe('dictionaries', () => {
  test.each(shapes)('d = %i, L = %i, m = %i: the label of the first key that equals Z, else 0', (d, L, m) => {
    const random = randomSource(2302);
    const [width, examples] = [d * L, 5];
    const h = dictionarySurrogate({ d, L, m, examples });
    expect(h.Lp).toBe(2 * examples * L);
    for (let trial = 0; trial < 20; trial++) {
      const keys = Array.from({ length: examples }, () => randomDigits(random, width, m));
      const labels = keys.map(() => randomDigits(random, width, m));
      const P = keys.flatMap((key, i) => [...key, ...labels[i]!]);
      for (const z of [...keys, randomDigits(random, width, m)]) {
        const first = keys.map((key) => key.join()).indexOf(z.join());
        expect([...h.label(Int32Array.of(...P, ...z))]).toEqual(first < 0 ? Array.from(z, () => 0) : [...labels[first]!]);
      }
    }
  });
});

test.each<[() => unknown, string]>([
  [() => tableSurrogate({ d: 1, L: 1, m: 1 }), 'tableSurrogate: m must be an integer from 2 to 2147483648, got 1'],
  [() => tableSurrogate({ d: 0, L: 1, m: 2 }), 'tableSurrogate: d must be at least 1, got 0'],
  [() => tableSurrogate({ d: 2, L: 3, m: 20 }), 'tableSurrogate: L m^(dL) must be at most 2^24 prompt tokens, got 192000000'],
  [() => tableSurrogate({ d: 512, L: 45, m: 10 }), 'tableSurrogate: L m^(dL) must be at most 2^24 prompt tokens, got about 2^76543'],
  [() => dictionarySurrogate({ d: 1, L: 1, m: 2, examples: 0 }), 'dictionarySurrogate: examples must be at least 1, got 0'],
  [() => dictionarySurrogate({ d: 1, L: 4, m: 2, examples: 2 ** 22 }), 'dictionarySurrogate: 2 N L must be at most 2^24 prompt tokens, got 33554432'],
  [() => fixedSurrogate({ d: 1, L: 1, m: 3, digits: Int32Array.of(1) }), 'fixedSurrogate: table.digits must have length 3 (d L m^(dL)), got 1'],
  [() => tableSurrogate({ d: 1, L: 1, m: 3 }).label(Int32Array.of(1)), 'label: digits must have length 4 (d (Lp + L)), got 1'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
