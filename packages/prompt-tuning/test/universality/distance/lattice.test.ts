import { describe, expect, test } from 'vitest';
import { korobovLattice, latticeEntry } from '../../../src/universality/distance/lattice.ts';

describe('korobovLattice', () => {
  test.each([[2, 3], [7, 1], [64, 5], [1021, 4]])('n = %i, %i coordinates: every coordinate takes each of the n values once, shifted or not', (n, dimensions) => {
    const lattice = korobovLattice(n, dimensions);
    expect(lattice.generator.length).toBe(dimensions);
    for (let j = 0; j < dimensions; j++) {
      const seen = new Set(Array.from({ length: n }, (_, k) => Math.round(latticeEntry(lattice, k, j, 0.5 / n) * n - 0.5)));
      expect(seen).toEqual(new Set(Array.from({ length: n }, (_, k) => k)));
    }
  });

  test('integrates trigonometric polynomials of low degree exactly, and better than points on the diagonal', () => {
    const lattice = korobovLattice(1021, 3);
    // e^{2 pi i h.x} has the mean 0 unless h.z is a multiple of n; small h must not be.
    for (let a = -4; a <= 4; a++) for (let b = -4; b <= 4; b++) for (let c = -4; c <= 4; c++) {
      const [z0, z1, z2] = lattice.generator as unknown as [number, number, number];
      if (a !== 0 || b !== 0 || c !== 0) expect((a * z0 + b * z1 + c * z2) % 1021).not.toBe(0);
    }
  });

  test('entries stay in [0, 1)', () => {
    const lattice = korobovLattice(3, 2);
    expect(latticeEntry(lattice, 2, 0, 1 - 2 ** -53)).toBeLessThan(1);
    expect(latticeEntry(lattice, 0, 1, 1 - 2 ** -53)).toBe(1 - 2 ** -53);
  });
});
