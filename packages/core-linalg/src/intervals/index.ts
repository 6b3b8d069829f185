/**
 * Intervals that hold the true value whatever happens: arbitrary precision on BigInt, and float64.
 *
 * @module intervals
 */
export { absolute, add, multiply, negate, round, scaleByPowerOfTwo, subtract } from './arithmetic.ts';
export { compare, sign } from './compare.ts';
export { decimal } from './decimal.ts';
export { divide } from './divide.ts';
export { dot, sum } from './dot.ts';
export {
  addDyadic,
  compareDyadic,
  dyadicFromNumber,
  multiplyDyadic,
  negateDyadic,
  subtractDyadic,
  type Dyadic,
} from './dyadic.ts';
export { exp } from './exp.ts';
export {
  absoluteFloat64,
  addFloat64,
  compareFloat64,
  divideFloat64,
  dotFloat64,
  expFloat64,
  float64Interval,
  logFloat64,
  multiplyFloat64,
  negateFloat64,
  signFloat64,
  squareRootFloat64,
  subtractFloat64,
  sumFloat64,
  type Float64Interval,
} from './float64Interval.ts';
export { nextDown, nextUp } from './float64Rounding.ts';
export {
  contains,
  fromDyadic,
  fromNumber,
  fromRational,
  hull,
  intersect,
  log2Size,
  midpoint,
  relativeWidth,
  toFloat64,
  type Interval,
} from './interval.ts';
export { log } from './log.ts';
export { power } from './power.ts';
export { roundDown, roundUp } from './round.ts';
export { squareRoot } from './squareRoot.ts';
