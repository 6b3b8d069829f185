/** A rank-1 lattice: point k of n has the coordinates k z_j / n mod 1. */
export interface Lattice {
  readonly n: number;
  /** z_0 = 1, z_1 = a, z_2 = a^2 mod n, ... */
  readonly generator: Float64Array;
}

const CANDIDATES = 32;

/** Largest number of points whose products stay exact. */
export const LARGEST_LATTICE: number = 2 ** 26;

/**
 * A Korobov lattice of n points in `dimensions` coordinates: of 32 factors a the one with the least
 * $P_2 = -1 + \frac1n \sum_k \prod_j \bigl(1 + 2 \pi^2 B_2(\lbrace k z_j / n \rbrace) / (j + 1)^2\bigr)$, the squared worst-case error for smooth periodic
 * functions whose coordinates matter less and less. Any a gives an unbiased estimate once shifted at random.
 */
export function korobovLattice(n: number, dimensions: number): Lattice {
  let best: Lattice = { n, generator: powers(1, n, dimensions) };
  let least = Infinity;
  for (let i = 1; i <= CANDIDATES; i++) {
    const a = 1 + Math.floor((n - 1) * ((i * 0.6180339887498949) % 1)); // spread by the golden ratio
    if (gcd(a, n) !== 1) continue; // every coordinate takes all n values
    const lattice = { n, generator: powers(a, n, dimensions) };
    const error = worstCase(lattice);
    if (error < least) [best, least] = [lattice, error];
  }
  return best;
}

/** Coordinate j of point k, shifted, in [0, 1). */
export function latticeEntry({ n, generator }: Lattice, k: number, j: number, shift: number): number {
  const x = ((k * generator[j]!) % n) / n + shift; // below 2^52: exact product
  return x < 1 ? x : x - 1;
}

function powers(a: number, n: number, count: number): Float64Array {
  const z = new Float64Array(count).fill(1 % n);
  for (let j = 1; j < count; j++) z[j] = (z[j - 1]! * a) % n;
  return z;
}

function worstCase(lattice: Lattice): number {
  const { n, generator } = lattice;
  let sum = 0;
  for (let k = 0; k < n; k++) {
    let product = 1;
    for (let j = 0; j < generator.length; j++) {
      const x = latticeEntry(lattice, k, j, 0);
      product *= 1 + (2 * Math.PI ** 2 * (x * x - x + 1 / 6)) / (j + 1) ** 2;
    }
    sum += product;
  }
  return sum / n - 1;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
