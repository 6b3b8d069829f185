import type { Kernels } from './kernels.ts';

// Column by column within a run of tokens that stays in the first-level cache, so that a column's constants stay in registers.
const run = 256;

/** The kernels on whole tokens around the sums over monomials. */
export const plainTokens: Pick<Kernels, 'tokenRanges' | 'furthestSquare' | 'centreTokens' | 'tokenQuotients' | 'holdTokens'> = {
  tokenRanges(n, d, x, low, high) {
    low.fill(Infinity, 0, d);
    high.fill(-Infinity, 0, d);
    let finite = true;
    for (let first = 0; first < n; first += run) {
      const end = Math.min(n, first + run) * d;
      for (let c = 0; c < d; c++) {
        let [least, most] = [low[c]!, high[c]!];
        for (let at = first * d + c; at < end; at += d) {
          const value = x[at]!;
          if (value < least) least = value;
          // NaN is neither above nor at most anything.
          if (!(value <= most)) {
            if (value > most) most = value;
            else finite = false;
          }
        }
        [low[c], high[c]] = [least, most];
      }
    }
    for (let c = 0; c < d; c++) if (low[c] === -Infinity || high[c] === Infinity) finite = false;
    return finite;
  },

  furthestSquare(n, d, stride, x, centre, factor) {
    let largest = 0;
    for (let t = 0; t < n; t++) {
      let sum = 0;
      for (let c = 0, at = t * stride; c < d; c++, at++) {
        const value = (x[at]! - centre[c]!) * factor;
        sum += value * value;
      }
      if (sum > largest) largest = sum;
    }
    return largest;
  },

  centreTokens(n, d, stride, x, centre, factor, w, width, out) {
    for (let first = 0; first < n; first += run) {
      const last = Math.min(n, first + run);
      for (let c = 0; c < d; c++) {
        const [middle, by] = [centre[c]!, factor[c]!];
        let [at, o] = [first * stride + c, first * width + c];
        if (w === null) for (let t = first; t < last; t++, at += stride, o += width) out[o] = (x[at]! - middle) * by;
        else for (let t = first; t < last; t++, at += stride, o += width) out[o] = (x[at]! - middle) * by * w[t]!;
      }
      if (width > d) for (let t = first, o = first * width + d; t < last; t++, o += width) out[o] = w === null ? 1 : w[t]!;
    }
  },

  tokenQuotients(n, d, sums, centre, factor, low, high, z) {
    let least = Infinity;
    for (let t = 0, s = 0, o = 0; t < n; t++, s++) {
      const total = sums[s + d]!;
      least = Math.min(least, total);
      const inverse = 1 / total;
      for (let c = 0; c < d; c++, s++, o++) {
        const value = centre[c]! + sums[s]! * inverse * factor[c]!;
        z[o] = total === 0 ? 0 : value < low[c]! ? low[c]! : value > high[c]! ? high[c]! : value;
      }
    }
    return least;
  },

  holdTokens(n, d, x, low, high) {
    for (let first = 0; first < n; first += run) {
      const end = Math.min(n, first + run) * d;
      for (let c = 0; c < d; c++) {
        const [bottom, top] = [low[c]!, high[c]!];
        for (let at = first * d + c; at < end; at += d) {
          if (x[at]! < bottom) x[at] = bottom;
          if (x[at]! > top) x[at] = top;
        }
      }
    }
  },
};
