import { startOf, type Vectors } from '../attend/views.ts';

/** Vectors that a glance compares with each other. */
const compared = 9;

/** What a glance says of how far vectors reach from a centre, whichever it is. */
export interface Glance {
  /** Half the largest distance between two of them: no ball around all is smaller. */
  readonly all: number;
  /** Half the median distance: what most vectors lie within is hardly smaller. */
  readonly most: number;
}

/** Distances between nine of the vectors, in a few microseconds whatever their number. */
export function glance(v: Vectors): Glance {
  const total = v.n * v.per;
  const count = Math.min(compared, total);
  const starts = Array.from({ length: count }, (_, i) => startOf(v, Math.floor(((i + 0.5) * total) / count)));
  const squares = new Float64Array((count * (count - 1)) / 2);
  for (let i = 0, at = 0; i < count; i++) {
    for (let j = 0; j < i; j++, at++) {
      let square = 0;
      for (let c = 0; c < v.d; c++) square += (v.data[starts[i]! + c]! - v.data[starts[j]! + c]!) ** 2;
      squares[at] = square;
    }
  }
  squares.sort();
  const half = (place: number): number => Math.sqrt(squares[place] ?? 0) / 2;
  return { all: half(squares.length - 1), most: half(squares.length >> 1) };
}
