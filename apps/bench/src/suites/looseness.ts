/** Errors against the bounds that were promised for them. */
export class Looseness {
  rows = 0;
  violations = 0;
  #approximate = 0;
  #ratios: number[] = [];

  /** One row: its error, already less what the reference itself may err, its bound, and whether it counts for the looseness. */
  add(error: number, bound: number, approximate: boolean, counts: boolean = approximate): void {
    this.rows++;
    if (approximate) this.#approximate++;
    if (!(error <= bound)) this.violations++; // NaN too
    if (error > 0 && counts) this.#ratios.push(bound / error);
  }

  /** A statement that is true or false as a whole. */
  statement(holds: boolean, approximate: boolean): void {
    this.rows++;
    if (approximate) this.#approximate++;
    if (!holds) this.violations++;
  }

  /** The columns of the table. */
  summary(): { rows: number; polynomial: number; violations: number; medianLooseness: number | null; maxLooseness: number | null } {
    const sorted = Float64Array.from(this.#ratios).sort();
    return {
      rows: this.rows,
      polynomial: this.#approximate / this.rows,
      violations: this.violations,
      medianLooseness: sorted.length === 0 ? null : sorted[sorted.length >> 1]!,
      maxLooseness: sorted.length === 0 ? null : sorted.at(-1)!,
    };
  }
}
