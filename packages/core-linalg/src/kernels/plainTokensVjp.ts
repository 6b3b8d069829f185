import type { Kernels } from './kernels.ts';

/** The kernels on whole tokens in the gradient of sums over monomials. */
export const plainTokensVjp: Pick<Kernels, 'tokenQuotientsVjp' | 'tokenSizes' | 'addTokens'> = {
  tokenQuotientsVjp(n, d, sums, stride, dz, half, size, facts) {
    for (let t = 0, s = 0, f = 0; t < n; t++, s += d + 1, f += 5) {
      const at = t * stride;
      const total = sums[s + d]!;
      let [product, spread, largest] = [0, 0, 0];
      for (let c = 0; c < d; c++) {
        const g = dz[at + c]!;
        const absolute = Math.abs(g);
        product += g * sums[s + c]!;
        spread += absolute * half[c]!;
        largest = Math.max(largest, absolute);
      }
      const none = total === 0 || largest === 0;
      const delta = none ? 0 : product * size * (1 / total);
      const unit = Math.max(largest * size, Math.abs(delta));
      facts[f] = total;
      facts[f + 1] = delta;
      facts[f + 2] = spread;
      facts[f + 3] = largest;
      facts[f + 4] = unit;
      const factor = none ? 0 : size / unit;
      for (let c = 0; c < d; c++) sums[s + c] = none ? 0 : dz[at + c]! * factor;
      sums[s + d] = none ? 0 : -delta / unit;
    }
  },

  tokenSizes(n, d, x, square, largest) {
    for (let t = 0, at = 0; t < n; t++) {
      let [sum, most] = [0, 0];
      for (const end = at + d; at < end; at++) {
        const value = x[at]!;
        sum += value * value;
        most = Math.max(most, Math.abs(value));
      }
      square[t] = sum;
      largest[t] = most;
    }
  },

  addTokens(n, d, stride, x, factor, outStride, out, largest) {
    for (let t = 0; t < n; t++) {
      const by = factor[t]!;
      let most = 0;
      for (let at = t * stride, o = t * outStride, end = at + d; at < end; at++, o++) {
        const sum = out[o]! + by * x[at]!;
        out[o] = sum;
        most = Math.max(most, Math.abs(sum));
      }
      largest[t] = most;
    }
  },
};
