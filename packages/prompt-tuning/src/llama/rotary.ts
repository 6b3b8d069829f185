import type { FloatArray } from '@prompt-limits/core-linalg';
import type { LlamaConfig } from './config.ts';

/**
 * Angle per position of each rotated pair, $\theta_i = \mathrm{ropeTheta}^{-2i/s}$ for i = 0, ..., s/2 - 1, after
 * `ropeScaling`.
 *
 * @returns s/2 angles in radians per position
 */
export function rotaryFrequencies({ headSize, ropeTheta, ropeScaling }: Pick<LlamaConfig, 'headSize' | 'ropeTheta' | 'ropeScaling'>): Float64Array {
  const frequencies = new Float64Array(headSize / 2);
  for (let i = 0; i < frequencies.length; i++) {
    const frequency = ropeTheta ** ((-2 * i) / headSize);
    if (ropeScaling === null) {
      frequencies[i] = frequency;
    } else if (ropeScaling.type === 'linear') {
      frequencies[i] = frequency / ropeScaling.factor;
    } else {
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength } = ropeScaling;
      // Turns that the pair makes over the original context: above `high` it is kept, below `low` divided, between blended.
      const turns = (originalContextLength * frequency) / (2 * Math.PI);
      const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
      frequencies[i] = kept * frequency + ((1 - kept) * frequency) / factor;
    }
  }
  return frequencies;
}

/** Rotary position embedding of one model; its tables grow to the longest sequence seen. */
export interface Rotary {
  /**
   * Turns each pair (a, b) of every head of tokens `from`, ..., `from + n - 1` by its angle, in place:
   * (a cos - b sin, b cos + a sin).
   *
   * @param x - n tokens of heads * s values
   * @param from - position of the first token
   * @param backwards - turn back: the inverse, which is also the transpose, so the vector-Jacobian product
   */
  rotate(x: FloatArray, n: number, heads: number, from: number, backwards: boolean): void;
}

/** Rotary position embedding for a config, with tables of cosines and sines in float64. */
export function createRotary(config: Pick<LlamaConfig, 'headSize' | 'ropeTheta' | 'ropeScaling' | 'ropePairing'>): Rotary {
  const { headSize, ropePairing } = config;
  const half = headSize / 2;
  const frequencies = rotaryFrequencies(config);
  let known = 0;
  let cosines = new Float64Array(0);
  let sines = new Float64Array(0);

  function grow(positions: number): void {
    known = Math.max(positions, 2 * known);
    cosines = new Float64Array(known * half);
    sines = new Float64Array(known * half);
    for (let position = 0; position < known; position++) {
      for (let i = 0; i < half; i++) {
        const angle = position * frequencies[i]!;
        cosines[position * half + i] = Math.cos(angle);
        sines[position * half + i] = Math.sin(angle);
      }
    }
  }

  // 'half' pairs i with i + s/2; 'interleaved' pairs 2i with 2i + 1.
  const step = ropePairing === 'half' ? 1 : 2;
  const gap = ropePairing === 'half' ? half : 1;
  return {
    rotate(x, n, heads, from, backwards) {
      if (from + n > known) grow(from + n);
      const sign = backwards ? -1 : 1;
      for (let k = 0; k < n; k++) {
        const row = (from + k) * half;
        for (let head = 0; head < heads; head++) {
          let at = (k * heads + head) * headSize;
          for (let i = row; i < row + half; i++, at += step) {
            const cos = cosines[i]!;
            const sin = sign * sines[i]!;
            const a = x[at]!;
            const b = x[at + gap]!;
            x[at] = a * cos - b * sin;
            x[at + gap] = b * cos + a * sin;
          }
        }
      }
    },
  };
}
