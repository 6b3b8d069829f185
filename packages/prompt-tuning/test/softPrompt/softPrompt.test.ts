import { describe, expect, test } from 'vitest';
import { softPrompt } from '../../src/softPrompt/softPrompt.ts';

describe('softPrompt', () => {
  test('copies and rounds to Float32', () => {
    const data = Float64Array.of(0.1, 2);
    const prompt = softPrompt({ d: 1, n: 2, data }, { baseModel: 'm' });
    data[1] = 7;
    expect(prompt).toEqual({ embeddings: { d: 1, n: 2, data: Float32Array.of(0.1, 2) }, baseModel: 'm', revision: null, initialisation: { from: 'random' } });
  });

  test('refuses no token, other lengths and values that are not finite in Float32', () => {
    expect(() => softPrompt({ d: 3, n: 0, data: new Float32Array(0) })).toThrow('softPrompt: Lp must be at least 1, got 0');
    expect(() => softPrompt({ d: 0, n: 1, data: new Float32Array(0) })).toThrow('softPrompt: d must be at least 1, got 0');
    expect(() => softPrompt({ d: 3, n: 2, data: new Float32Array(5) })).toThrow('softPrompt: embeddings must have length 6 (d Lp = 3 * 2), got 5');
    expect(() => softPrompt({ d: 1, n: 1, data: Float64Array.of(1e300) })).toThrow('softPrompt: embeddings in Float32 must be finite, got Infinity at index 0');
    expect(() => softPrompt({ d: 1, n: 1, data: [1] as unknown as Float32Array })).toThrow('softPrompt: embeddings must hold a Float32Array or a Float64Array, got Array(1)');
  });
});
