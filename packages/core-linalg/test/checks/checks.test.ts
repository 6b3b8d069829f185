import { describe as group, expect, test } from 'vitest';
import {
  assertFinite,
  assertFiniteNumber,
  assertInRange,
  assertInteger,
  assertLength,
  assertNonEmpty,
  assertNumber,
  assertOneOf,
  assertPositive,
  describe,
} from '../../src/index.ts';

/** The error that `body` throws, as "Name: message". */
function errorOf(body: () => void): string {
  try {
    body();
  } catch (error) {
    return String(error);
  }
  return 'nothing was thrown';
}

group('checks: each refusal names function, requirement and what came', () => {
  const refusals: [() => void, string][] = [
    [() => assertNumber('f', 'x', '1'), 'TypeError: f: x must be a number, got "1"'],
    [() => assertFiniteNumber('f', 'x', NaN), 'RangeError: f: x must be finite, got NaN'],
    [() => assertFiniteNumber('f', 'x', -Infinity), 'RangeError: f: x must be finite, got -Infinity'],
    [() => assertFiniteNumber('f', 'x', null), 'TypeError: f: x must be a number, got null'],
    [() => assertPositive('f', 'x', 0), 'RangeError: f: x must be above 0, got 0'],
    [() => assertInRange('f', 'x', 2.5, 0, 2), 'RangeError: f: x must lie in [0, 2], got 2.5'],
    [() => assertInRange('f', 'x', NaN, 0, 2), 'RangeError: f: x must lie in [0, 2], got NaN'],
    [() => assertInteger('f', 'n', 1.5), 'RangeError: f: n must be an integer, got 1.5'],
    [() => assertInteger('f', 'n', 2 ** 53), 'RangeError: f: n must be an integer below 2^53, got 9007199254740992'],
    [() => assertInteger('f', 'n', Infinity), 'RangeError: f: n must be an integer, got Infinity'],
    [() => assertInteger('f', 'n', -1), 'RangeError: f: n must be at least 0, got -1'],
    [() => assertInteger('f', 'n', 8, 1, 7), 'RangeError: f: n must be an integer from 1 to 7, got 8'],
    [() => assertInteger('f', 'n', 1n), 'TypeError: f: n must be a number, got 1n'],
    [() => assertNonEmpty('f', 'z', []), 'RangeError: f: z must hold at least one value, got none'],
    [() => assertLength('f', 'z', [1, 2], 3), 'RangeError: f: z must have length 3, got 2'],
    [() => assertLength('f', 'z', [1, 2], 3, 'd'), 'RangeError: f: z must have length 3 (d), got 2'],
    [() => assertFinite('f', 'z', [1, NaN]), 'RangeError: f: z must be finite, got NaN at index 1'],
    [() => assertFinite('f', 'z', Float32Array.of(Infinity)), 'RangeError: f: z must be finite, got Infinity at index 0'],
    [() => assertFinite('f', 'z', ['1'] as unknown as number[]), 'TypeError: f: z must hold numbers, got "1" at index 0'],
    [() => assertFinite('f', 'z', null as unknown as number[]), 'TypeError: f: z must be an array of numbers, got null'],
    [() => assertNonEmpty('f', 'z', undefined as unknown as number[]), 'TypeError: f: z must be an array, got undefined'],
    [() => assertOneOf('f', 'form', 'XX', ['NN', 'NT']), 'RangeError: f: form must be one of NN, NT, got "XX"'],
    [() => assertOneOf('f', 'form', 7, ['NN', 'NT']), 'TypeError: f: form must be a string, got 7'],
  ];
  test.each(refusals)('%s', (body, message) => {
    expect(errorOf(body)).toBe(message);
  });
});

test('checks: what meets the requirement passes, ends of ranges included', () => {
  const passes = () => {
    assertNumber('f', 'x', NaN);
    assertFiniteNumber('f', 'x', -Number.MAX_VALUE);
    assertPositive('f', 'x', Number.MIN_VALUE);
    assertInRange('f', 'x', 0, 0, 2);
    assertInRange('f', 'x', 2, 0, 2);
    assertInteger('f', 'n', 0);
    assertInteger('f', 'n', Number.MAX_SAFE_INTEGER);
    assertInteger('f', 'n', -3, -3, -3);
    assertNonEmpty('f', 'z', [0]);
    assertLength('f', 'z', [], 0);
    assertFinite('f', 'z', []);
    assertOneOf('f', 'form', 'NT', ['NN', 'NT']);
  };
  expect(passes).not.toThrow();
});

test('describe: values as they read, containers by kind and length', () => {
  const cases: [unknown, string][] = [
    ['x'.repeat(100), `"${'x'.repeat(77)}..."`],
    [1n, '1n'],
    [-0, '0'],
    [undefined, 'undefined'],
    [new Float32Array(3), 'Float32Array(3)'],
    [new DataView(new ArrayBuffer(5)), 'DataView(5 bytes)'],
    [[1, 2], 'Array(2)'],
    [{}, 'Object'],
    [Object.create(null), 'Object'],
    [new Map(), 'Map'],
    [() => 1, 'function'],
    [Symbol('s'), 'symbol'],
  ];
  for (const [value, text] of cases) expect(describe(value)).toBe(text);
});
