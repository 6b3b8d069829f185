import { monomialRounding, type FloatArray, type Kernels, type MonomialSet } from '@prompt-limits/core-linalg';
import { unitRoundoff } from '../certificate/rounding.ts';
import { degrees, multinomials, scoreFactor, stateNorms, type CompiledHead } from './compiledHead.ts';
import { compounded } from './headBounds.ts';
import { distanceUp, type PromptBlock } from './promptTokens.ts';

/** A head before anything is folded into it. */
export type HeadFrame = Omit<CompiledHead, 'state' | 'errors' | 'low' | 'high'>;

/** Moments of some tokens with their errors, in Float64. */
export interface FoldedTokens {
  /** rank x (dv + 1), weighted as a state is. */
  readonly weighted: Float64Array;
  /** (g + 1) x (dv + 1), as `CompiledHead.errors`, without the storage of a state. */
  readonly errors: Float64Array;
}

/** Tokens that one call of the kernels takes: their sums are added in float64. */
const blockTokens = 8192;

const unit = 2 ** -53;

/** c_m s^m for every degree. */
function powersOf(coefficients: Float64Array, s: number): Float64Array {
  let power = 1;
  return coefficients.map((c, m) => c * (m === 0 ? 1 : (power *= s)));
}

/** Length of a vector, for bounds with room. */
const length = (x: Float64Array): number => distanceUp(x, 0, new Float64Array(x.length));

/**
 * Folds tokens into moments: per block x = (k - c) / r and the rows of y = omega [(v - middle) / width, 1], rounded to the kernels'
 * precision, and one call of `monomialMoments`.
 *
 * Errors, relative to the sums of absolute values $|c_m s^m| t^m \sum_j |y_{jc}|$ (the k^ have length at most 1 and `slack`, so
 * $\sum_{|a| = m} \frac{m!}{a!} |\hat q^a| |\hat k^a| \le t^m$): the kernel's own; each coordinate of k^ by 2 u + u_s, m times; y by its
 * roundings and those of omega, whose exponent, d products of at most kappa = |scale| |q0| r in all, errs by (2 d + 12) u kappa; one
 * addition a block; the weights by 6 g + 8 roundings. What vanishes in an underflow is bounded beside that, times at most d^m monomials.
 */
export class TokenFolder {
  private readonly columns: number;
  private readonly acc: Float64Array;
  private readonly absolute: Float64Array;
  private readonly x: FloatArray;
  private readonly y: FloatArray;
  private readonly moments: FloatArray;
  private filled = 0;
  private calls = 0;
  private tokens = 0;
  private readonly capacity: number;
  private readonly frame: HeadFrame;
  private readonly set: MonomialSet;
  private readonly scale: number;
  private readonly kernels: Kernels;

  constructor(set: MonomialSet, scale: number, frame: HeadFrame, kernels: Kernels, expected: number) {
    [this.set, this.scale, this.frame, this.kernels] = [set, scale, frame, kernels];
    this.columns = frame.middle.length + 1;
    this.capacity = Math.max(1, Math.min(blockTokens, expected));
    const Storage = kernels.precision === 'float32' ? Float32Array : Float64Array;
    this.acc = new Float64Array(set.rank * this.columns);
    this.absolute = new Float64Array(this.columns);
    this.x = new Storage(this.capacity * set.d);
    this.y = new Storage(this.capacity * this.columns);
    this.moments = new Storage(set.rank * this.columns);
  }

  /** Adds the tokens of one key head. */
  add({ keys, values }: PromptBlock, head: number): void {
    const { frame, set, scale, columns, x, y } = this;
    const { keyCentre, keyRadius, queryCentre, shift, middle, width } = frame;
    const { d } = set;
    const dv = columns - 1;
    const single = this.kernels.precision === 'float32';
    const centred = queryCentre.some((q) => q !== 0);
    for (let j = 0; j < keys.n; j++) {
      const keyAt = j * keys.d + head * d;
      const valueAt = j * values.d + head * dv;
      let score = 0;
      for (let c = 0; c < d; c++) {
        const k = keys.data[keyAt + c]! - keyCentre[c]!;
        if (centred) score += queryCentre[c]! * k;
        x[this.filled * d + c] = keyRadius === 0 ? 0 : k / keyRadius;
      }
      const omega = centred ? Math.exp(scale * score - shift) : 1;
      const at = this.filled * columns;
      for (let c = 0; c < dv; c++) {
        const entry = width[c] === 0 ? 0 : ((values.data[valueAt + c]! - middle[c]!) / width[c]!) * omega;
        y[at + c] = entry;
        this.absolute[c]! += Math.abs(single ? Math.fround(entry) : entry);
      }
      y[at + dv] = omega;
      this.absolute[dv]! += single ? Math.fround(omega) : omega;
      this.tokens++;
      if (++this.filled === this.capacity) this.flush();
    }
  }

  private flush(): void {
    if (this.filled === 0) return;
    this.moments.fill(0);
    this.kernels.monomialMoments(this.set, this.filled, this.x, this.columns, this.y, this.moments);
    for (let i = 0; i < this.acc.length; i++) this.acc[i]! += this.moments[i]!;
    this.filled = 0;
    this.calls++;
  }

  /** The sums so far. */
  finish(): FoldedTokens {
    this.flush();
    const { set, scale, frame, columns, kernels } = this;
    const { d, degree } = set;
    const single = kernels.precision === 'float32';
    const { moments, underflow } = monomialRounding(set, this.capacity, kernels);
    const u = single ? unitRoundoff(kernels) : 0;
    const kappa = Math.abs(scale) * length(frame.queryCentre) * frame.keyRadius;
    const omega = kappa === 0 ? 0 : (2 * d + 12) * unit * kappa + 8 * unit;
    const terms = powersOf(frame.coefficients, scoreFactor(scale, frame));
    const lost = 4 * underflow + (degree + 4) * (single ? 2 ** -149 : 2 ** -1022);
    const counts = multinomials(set);
    const degreeOf = degrees(set);
    const weighted = this.acc.map((sum, i) => {
      const a = Math.floor(i / columns);
      return sum * terms[degreeOf[a]!]! * counts[a]!;
    });
    const errors = new Float64Array((degree + 1) * columns);
    for (let m = 0; m <= degree; m++) {
      const relative = compounded(moments + m * (u + 2 * unit) + u + 3 * unit + omega + (this.calls + 1) * unit + (6 * degree + 8) * unit);
      for (let c = 0; c < columns; c++) {
        // The sum of absolute values itself has `tokens` roundings; |k^| <= slack, to the power m, costs far less than 2^-36.
        const absolute = this.absolute[c]! * (1 + 2 * this.tokens * unit);
        errors[m * columns + c] = Math.abs(terms[m]!) * (relative * absolute + d ** m * lost * (this.tokens + absolute)) * (1 + 2 ** -36);
      }
    }
    return { weighted, errors };
  }
}

/**
 * A state from moments and errors in Float64: rounding to Float32 errs by u of what is stored, so by u sigma_mc in the sense of `errors`,
 * and by half the smallest Float32 for each of at most d^m monomials where it vanishes.
 *
 * @throws RangeError if a moment does not fit Float32
 */
export function storedState(fn: string, set: MonomialSet, { weighted, errors }: FoldedTokens): Pick<CompiledHead, 'state' | 'errors'> {
  const state = Float32Array.from(weighted);
  const odd = state.findIndex((x) => !Number.isFinite(x));
  if (odd >= 0) throw new RangeError(`${fn}: the folded sums must fit Float32, got ${weighted[odd]}`);
  const columns = weighted.length / set.rank;
  const norms = stateNorms(set, columns, state);
  return { state, errors: errors.map((e, i) => (e + storageError(set.d, Math.floor(i / columns), norms[i]!)) * (1 + 4 * unit)) };
}

/** What storing a state in Float32, after one rounding in float64, costs at least: no honest state has a smaller error. */
export function storageError(d: number, m: number, norm: number): number {
  return (2 ** -24 + 2 ** -52) * norm + d ** m * 2 ** -150;
}
