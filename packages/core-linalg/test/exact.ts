/** `x` in units of 2^-1074, of which every finite float64 is an integer multiple. */
export function units(x: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  const word = bits.getBigUint64(0);
  const exponent = (word >> 52n) & 0x7ffn;
  const fraction = word & ((1n << 52n) - 1n);
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return word >> 63n ? -magnitude : magnitude;
}

/** Whether $(1 - tolerance)\, root \le total^{1/power} \le (1 + tolerance)\, root$ exactly; total in units of 2^(-1074 power). */
export function isRootOf(root: number, power: number, total: bigint, tolerance: number): boolean {
  // Tolerances are multiples of 2^-64 here: widen root by them in integers.
  const one = 1n << 64n;
  const slack = BigInt(Math.ceil(tolerance * 2 ** 64));
  const raised = (factor: bigint) => (units(root) * factor) ** BigInt(power);
  const scaled = total * one ** BigInt(power);
  return raised(one - slack) <= scaled && scaled <= raised(one + slack);
}

/** Rank of an integer matrix by fraction-free elimination (Bareiss), exact. */
export function exactRank(rows: readonly (readonly number[])[]): number {
  const m = rows.map((row) => row.map(BigInt));
  let rank = 0;
  let previous = 1n;
  for (let column = 0; column < (m[0]?.length ?? 0) && rank < m.length; column++) {
    const pivot = m.findIndex((row, i) => i >= rank && row[column] !== 0n);
    if (pivot < 0) continue;
    [m[rank], m[pivot]] = [m[pivot]!, m[rank]!];
    const lead = m[rank]!;
    for (let i = rank + 1; i < m.length; i++) {
      const row = m[i]!;
      const head = row[column]!;
      for (let j = column; j < row.length; j++) row[j] = (row[j]! * lead[column]! - head * lead[j]!) / previous;
    }
    previous = lead[column]!;
    rank++;
  }
  return rank;
}
