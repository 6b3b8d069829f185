import { describe, expect, test } from 'vitest';
import { filesFromMap } from '../../src/files/modelFiles.ts';
import { peftAdapter } from '../../src/softPrompt/peftAdapter.ts';
import { readPeftAdapter } from '../../src/softPrompt/readPeftAdapter.ts';
import { softPrompt } from '../../src/softPrompt/softPrompt.ts';

describe('softPrompt', () => {
  test('copies and rounds to Float32', () => {
    const data = Float64Array.of(0.1, 2);
    const prompt = softPrompt({ d: 1, n: 2, data }, { baseModel: 'm' });
    data[1] = 7;
    expect(prompt).toEqual({ embeddings: { d: 1, n: 2, data: Float32Array.of(0.1, 2) }, baseModel: 'm', revision: null, initialisation: { from: 'random' } });
  });

  test('keeps Float64 where it is asked for, through the adapter and back', async () => {
    const data = Float64Array.of(1 / 3, 2 ** -1074, -7);
    const prompt = softPrompt({ d: 3, n: 1, data }, { precision: 'float64' });
    expect(prompt.embeddings.data).toEqual(data);
    expect((await readPeftAdapter(filesFromMap('memory', peftAdapter(prompt)))).embeddings).toEqual({ d: 3, n: 1, data });
    const rounded = softPrompt({ d: 3, n: 1, data });
    expect((await readPeftAdapter(filesFromMap('memory', peftAdapter(rounded)))).embeddings.data).toEqual(Float32Array.from(data));
    expect(() => softPrompt({ d: 3, n: 1, data }, { precision: 'half' as 'float64' })).toThrow('softPrompt: precision must be one of float32, float64, got "half"');
  });

  test('refuses no token, other lengths and values that are not finite in Float32', () => {
    expect(() => softPrompt({ d: 3, n: 0, data: new Float32Array(0) })).toThrow('softPrompt: Lp must be at least 1, got 0');
    expect(() => softPrompt({ d: 0, n: 1, data: new Float32Array(0) })).toThrow('softPrompt: d must be at least 1, got 0');
    expect(() => softPrompt({ d: 3, n: 2, data: new Float32Array(5) })).toThrow('softPrompt: embeddings must have length 6 (d Lp = 3 * 2), got 5');
    expect(() => softPrompt({ d: 1, n: 1, data: Float64Array.of(1e300) })).toThrow('softPrompt: embeddings in Float32 must be finite, got Infinity at index 0');
    expect(() => softPrompt({ d: 1, n: 1, data: [1] as unknown as Float32Array })).toThrow('softPrompt: embeddings must hold a Float32Array or a Float64Array, got Array(1)');
  });
});
