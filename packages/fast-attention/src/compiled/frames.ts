import { enclosingBall } from '../attend/centre.ts';
import { expPolynomial } from '../polynomial/expPolynomial.ts';
import { largestMinimaxHalfWidth } from '../polynomial/minimaxExp.ts';
import { monomialCount } from '../polynomial/monomialCount.ts';
import { outputBound } from '../certificate/outputBound.ts';
import { scoreHalfWidth, slack, smallestScore } from './compiledHead.ts';
import type { HeadFrame } from './foldTokens.ts';
import { distanceUp, perHead, perHeadVectors, type PromptBlock, type PromptSurvey } from './promptTokens.ts';

/** What a frame is made of, beside the prompt. */
export interface FrameOptions {
  readonly scale: number;
  readonly queryRadius: number | ArrayLike<number>;
  readonly queryCentre?: ArrayLike<number>;
  readonly keyCentre?: ArrayLike<number>;
  readonly keyRadius?: number | ArrayLike<number>;
}

/** Where everything of a head is measured from; the polynomial comes later. */
export type Frame = Omit<HeadFrame, 'coefficients'>;

/** Most values of one state: 256 MiB. */
const largestState = 2 ** 26;

/** Beyond this, rounding the exponents of the omega alone would cost 1e-6. */
const largestKappa = 1e8;

/** Frames of all key heads: one pass for the centres has been made (`survey`), this is the one for radii and shifts. */
export function framesOf(fn: string, options: FrameOptions, survey: PromptSurvey, blocks: Iterable<PromptBlock>, keyHeads: number): Frame[] {
  const { scale } = options;
  const { d, dv } = survey;
  const rows = keyHeads * d;
  const queryRadii = perHead(fn, 'queryRadius', options.queryRadius, keyHeads);
  const queryCentres = perHeadVectors(fn, 'queryCentre', options.queryCentre, rows);
  const given = options.keyCentre === undefined ? undefined : perHeadVectors(fn, 'keyCentre', options.keyCentre, rows);
  const givenRadii = options.keyRadius === undefined ? undefined : perHead(fn, 'keyRadius', options.keyRadius, keyHeads);
  const sample = { data: survey.sample, n: survey.sample.length / rows, stride: rows, per: 1, d };
  const heads = Array.from({ length: keyHeads }, (_, a) => {
    const offset = a * d;
    const centre = given?.slice(offset, offset + d) ?? enclosingBall({ ...sample, offset }, { low: survey.keyLow, high: survey.keyHigh, finite: true }).centre;
    return { centre, queryCentre: queryCentres.slice(offset, offset + d), radius: 0, shift: -Infinity };
  });

  let count = 0;
  for (const { keys } of blocks) {
    count += keys.n;
    heads.forEach((head, a) => {
      for (let j = 0; j < keys.n; j++) {
        const at = j * keys.d + a * d;
        head.radius = Math.max(head.radius, distanceUp(keys.data, at, head.centre));
        head.shift = Math.max(head.shift, keyShift(keys.data, at, head.centre, head.queryCentre, scale));
      }
    });
  }
  assertCount(fn, count, survey.tokens);

  return heads.map(({ centre, queryCentre, radius, shift }, a): Frame => {
    const keyRadius = givenRadii?.[a] ?? radius;
    if (!(radius <= keyRadius * slack(d))) throw new RangeError(`${fn}: keyRadius must reach every key, at least ${radius}, got ${keyRadius}`);
    const queryRadius = queryRadii[a]!;
    const kappa = Math.abs(scale) * distanceUp(queryCentre, 0, new Float64Array(d)) * keyRadius;
    if (!(kappa <= largestKappa)) throw new RangeError(`${fn}: |scale| |queryCentre| keyRadius must be at most ${largestKappa}, got ${kappa}`);
    const halfWidth = scoreHalfWidth(scale, d, { queryRadius, keyRadius });
    if (!(halfWidth <= largestMinimaxHalfWidth)) {
      throw new RangeError(`${fn}: |scale| queryRadius keyRadius must be at most ${largestMinimaxHalfWidth}, got ${halfWidth}; a queryRadius of ${((largestMinimaxHalfWidth / halfWidth) * queryRadius * 0.999).toPrecision(3)} would do`);
    }
    const [low, high] = [survey.valueLow.slice(a * dv, (a + 1) * dv), survey.valueHigh.slice(a * dv, (a + 1) * dv)];
    const middle = low.map((x, c) => (x === high[c] ? x : x / 2 + high[c]! / 2));
    return {
      queryCentre, queryRadius, keyCentre: centre, keyRadius, shift, middle,
      width: middle.map((x, c) => Math.max(high[c]! - x, x - low[c]!)),
    };
  });
}

/** scale q0 . (k - c), as the passes over a prompt compute it; exactly 0 for q0 = 0. */
export function keyShift(keys: ArrayLike<number>, at: number, centre: Float64Array, queryCentre: Float64Array, scale: number): number {
  let score = 0;
  for (let c = 0; c < centre.length; c++) {
    const q = queryCentre[c]!;
    if (q !== 0) score += q * (keys[at + c]! - centre[c]!);
  }
  return scale * score;
}

export function assertCount(fn: string, count: number, tokens: number): void {
  if (count !== tokens) {
    throw new RangeError(`${fn}: blocks must give the same tokens in every pass (${tokens}), got ${count}; pass an array, or an object whose iterator starts afresh`);
  }
}

/** Refuses a rank whose moments would not fit, with the number. */
export function assertRank(fn: string, d: number, dv: number, degree: number): void {
  const rank = monomialCount(d, degree);
  if (rank * BigInt(Math.max(d, dv + 1)) > BigInt(largestState)) {
    throw new RangeError(`${fn}: rank max(d, dv + 1) must be at most ${largestState} for a state to fit into memory, got rank ${rank} (d = ${d}, dv = ${dv}, degree ${degree})`);
  }
}

/** The polynomial in place of e^x; the constant 1 where scores are smaller than any rounding. */
export function coefficientsFor(halfWidth: number, degree: number): Float64Array {
  if (halfWidth > smallestScore) return expPolynomial(halfWidth, degree).coefficients;
  const constant = new Float64Array(degree + 1);
  constant[0] = 1;
  return constant;
}

/** The least degree from `first` on whose polynomials move no output by more than `allowed`; null where float64 proves none. */
export function leastDegree(fn: string, widths: readonly number[], d: number, dv: number, allowed: number, first: number): number | null {
  const widest = Math.max(...widths);
  for (let g = first; g <= 64; g++) {
    assertRank(fn, d, dv, g);
    // A wider interval has the larger best error, so the widest decides.
    if (widest === smallestScore) return g;
    const { low, high } = expPolynomial(widest, g).ratio;
    if (outputBound(low.at(-1)!, high.at(-1)!) <= allowed) return g;
  }
  return null;
}
