// What every kernel shares. Pointers are byte addresses; counts are in values unless a name says bytes.

/** a b + c, rounded once in the relaxed build where the machine has FMA, twice otherwise. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c - a b, rounded like `madd`. */
// @ts-ignore: decorator
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** Sum of the four lanes. */
// @ts-ignore: decorator
@inline
export function sumOf(a: v128): f32 {
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3));
}

/** Largest of the four lanes; NaN where one is NaN. */
// @ts-ignore: decorator
@inline
export function maxOf(a: v128): f32 {
  return max(max(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1)), max(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3)));
}

// Four lanes of ones and four of zeros: 16 bytes from (4 - r) * 4 keep the first r lanes.
const MASKS: usize = memory.data<u32>([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0, 0, 0, 0], 16);

/** All ones in the first `count` lanes (0 to 4), zeros in the rest. */
// @ts-ignore: decorator
@inline
export function firstLanes(count: usize): v128 {
  return v128.load(MASKS + 16 - (count << 2));
}

/**
 * Stores the first `count` lanes (1 to 3). Loads at the end of an array may read a few bytes too many, which the
 * memory always has; stores may not write them, since another thread can own them.
 */
// @ts-ignore: decorator
@inline
export function storeFirst(to: usize, value: v128, count: usize): void {
  if (count == 1) {
    v128.store32_lane(to, value, 0);
  } else {
    v128.store64_lane(to, value, 0);
    if (count == 3) v128.store32_lane(to, value, 2, 8);
  }
}
