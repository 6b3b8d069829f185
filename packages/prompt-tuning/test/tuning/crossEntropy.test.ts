import { createPlainKernels, normalTokens, randomSource } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { crossEntropy } from '../../src/tuning/crossEntropy.ts';
import { finiteDifferences, relativeError } from '../support/differences.ts';

const kernels = createPlainKernels({ precision: 'float64' });

describe('crossEntropy', () => {
  test('by hand', () => {
    // probabilities 1/8, 2/8, 5/8 and 1/3 each
    const logits = Float64Array.from([1, 2, 5, 7, 7, 7], Math.log);
    const [first, second] = crossEntropy(kernels, 3, logits, [1, 2], 4);
    expect(first!.loss).toBeCloseTo(Math.log(4), 14);
    expect(first!.probability).toBeCloseTo(1 / 4, 14);
    expect(first!.margin).toBeCloseTo(Math.log(2 / 5), 14);
    expect(first).toMatchObject({ predicted: 2, size: Math.log(5) });
    // A tie is no lead: greedy decoding takes the first of equals.
    expect(second).toMatchObject({ predicted: 0, margin: 0 });
    [0.5, -3, 2.5, 4 / 3, 4 / 3, -8 / 3].forEach((g, i) => expect(logits[i]).toBeCloseTo(g, 14));
  });

  test('the gradient agrees with central differences', () => {
    const [V, targets] = [7, [0, 6, 3]] as const;
    const x = normalTokens(randomSource(3), V, 3).data as Float64Array;
    const loss = (at: Float64Array): number => crossEntropy(kernels, V, at.slice(), targets as unknown as number[], 1).reduce((sum, s) => sum + 2.5 * s.loss, 0);
    const gradient = x.slice();
    crossEntropy(kernels, V, gradient, targets as unknown as number[], 2.5);
    expect(relativeError(gradient, finiteDifferences(loss, x))).toBeLessThan(1e-10);
  });

  test.each(['float64', 'float32'] as const)('stays exact where the probability underflows, %s', (precision) => {
    const own = createPlainKernels({ precision });
    const logits = own.allocate(3);
    logits.set([5000, -5000, 4999]);
    const [score] = crossEntropy(own, 3, logits, [1], 1);
    expect(score!.probability).toBe(0);
    // 10000 + ln(1 + 1/e)
    expect(score!.loss).toBeCloseTo(10_000 + Math.log1p(Math.exp(-1)), precision === 'float64' ? 11 : 6);
    expect(score!.size).toBe(5000);
  });

  test('NaN is not hidden', () => {
    expect(crossEntropy(kernels, 3, Float64Array.of(1, Number.NaN, 2), [0], 1)[0]!.loss).toBeNaN();
  });
});
