import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { assertInteger } from '../checks/checks.ts';

/** A stream of random values. It is always an argument, never global, so the same seed gives the same run. */
export interface RandomSource {
  /** Uniform in [0, 1): a multiple of $2^{-53}$, each equally likely. */
  uniform(): number;
  /** Standard normal; at most 13 in absolute value. */
  normal(): number;
  /**
   * Uniform among 0, 1, ..., bound - 1 without bias.
   *
   * @throws RangeError unless bound is an integer from 1 to $2^{53} - 1$
   */
  integer(bound: number): number;
  /** An independent stream. It advances this one, so two forks differ; what the fork draws leaves this one alone. */
  fork(): RandomSource;
}

type Generator = ReturnType<typeof xoroshiro128plusFromState>;

// sqrt(8 / e): the width of the box that holds the ratio-of-uniforms region of the normal density
// (Kinderman and Monahan, ACM TOMS 3, 1977).
const BOX = 1.7155277699214135;

function normal(generator: Generator): number {
  // u is uniform on (0, 1], v on [-BOX / 2, BOX / 2); given v^2 <= -4 u^2 ln u, v / u is standard normal.
  // The value passes only through exactly rounded operations. The logarithm, whose last bit may differ from one
  // engine to another, only decides whether the pair is taken.
  // As u >= 2^-53, |x| <= sqrt(4 * 53 ln 2) < 13.
  for (;;) {
    const u = 1 - uniformFloat64(generator);
    const x = (BOX * (uniformFloat64(generator) - 0.5)) / u;
    if (x * x <= -4 * Math.log(u)) return x;
  }
}

function fork(generator: Generator): Generator {
  // Jumping ahead by 2^64 would make a fork of a fork meet its grandparent, so a fork starts at a random state:
  // 128 bits of this stream, scrambled by a generator of another kind so that the two streams share no recurrence.
  const scramble = mersenne(generator.next());
  return xoroshiro128plusFromState(Array.from({ length: 4 }, () => generator.next() ^ scramble.next()));
}

function source(generator: Generator): RandomSource {
  return {
    uniform: () => uniformFloat64(generator),
    normal: () => normal(generator),
    integer(bound) {
      assertInteger('integer', 'bound', bound, 1);
      return uniformInt(generator, 0, bound - 1);
    },
    fork: () => source(fork(generator)),
  };
}

/**
 * Seeded random source: xoroshiro128+ of pure-rand, its 128-bit state filled by a Mersenne twister,
 * so that neighbouring seeds give unrelated streams.
 *
 * @param seed - an integer from 0 to $2^{32} - 1$
 * @returns a source whose values are the same on every platform. For `normal` that holds unless an engine's
 * `Math.log` differs in its last bits just where a draw is decided: probability below $10^{-14}$ a draw
 *
 * @throws RangeError unless seed is an integer from 0 to $2^{32} - 1$
 * @example
 * const random = randomSource(1);
 * random.uniform(); // => 0.5034988430400765
 * random.integer(6); // => 1
 */
export function randomSource(seed: number): RandomSource {
  assertInteger('randomSource', 'seed', seed, 0, 2 ** 32 - 1);
  const scramble = mersenne(seed | 0);
  return source(xoroshiro128plusFromState(Array.from({ length: 4 }, () => scramble.next())));
}
