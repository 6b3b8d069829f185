/** Which block degrees are kept, and what is missing then. */
export interface BlockDegrees {
  /** Multi-degrees (m_1, ..., m_B), downward closed, in the order in which they were taken. */
  readonly degrees: readonly (readonly number[])[];
  /** Monomials in all. */
  readonly rank: number;
  /** At least max |P / e^x - 1|; see `truncationError`. */
  readonly error: number;
}

/** C(s + m - 1, m): monomials of degree m in s variables. */
export function blockMonomials(s: number, m: number): number {
  let count = 1;
  for (let i = 1; i <= m; i++) count = (count * (s + i - 1)) / i;
  return Math.round(count);
}

/**
 * A bound on $\max |P / e^x - 1|$ for $x = \sum_b x_b$ and the truncated product
 * $P = \sum_{m \in S} \prod_b \Delta_{b, m_b}(x_b)$, $\Delta_{b,k} = p_{b,k} - p_{b,k-1}$, $p_{b,-1} = 0$, where $p_{b,k}$ has
 * relative error at most `errors[b][k]` for $e^{x_b}$.
 *
 * Proof. With slices $S(k) = \lbrace (m_2, \ldots) : (k, m_2, \ldots) \in S \rbrace$, K the last that is not empty, and
 * $E_k = e^{x_2 + \ldots} - P_{S(k)}$: $e^x - P = (e^{x_1} - p_{1,K}) e^{x_2 + \ldots} + \sum_{k \le K} \Delta_{1,k} E_k$. Slices that are
 * the same from s to t share $\sum_k \Delta_{1,k} = p_{1,t} - p_{1,s-1}$, at most `errors[t] + errors[s-1]` of $e^{x_1}$
 * (1 + errors[t] for s = 0). The same again for each E_k.
 */
export function truncationError(errors: readonly ArrayLike<number>[], degrees: readonly (readonly number[])[]): number {
  const within = (set: readonly (readonly number[])[], b: number): number => {
    if (set.length === 0) return 1;
    if (b === errors.length) return 0;
    const own = errors[b]!;
    const slices: (readonly number[])[][] = [];
    for (const m of set) (slices[m[b]!] ??= []).push(m);
    let sum = own[slices.length - 1]!;
    let from = 0;
    for (let k = 0; k < slices.length; k++) {
      // Slices of a downward closed set only shrink, so those of the same size are the same.
      if (slices[k + 1]?.length === slices[k]!.length) continue;
      sum += (own[k]! + (from === 0 ? 1 : own[from - 1]!)) * within(slices[k]!, b + 1);
      from = k + 1;
    }
    return sum;
  };
  // Sums and products of nonnegative numbers, far fewer than 2^12 in a row.
  return within(degrees, 0) * (1 + 2 ** -40);
}

/**
 * A downward closed set of multi-degrees with `truncationError` at most `tolerance` and few monomials: by value for cost, the value of
 * m the largest size of $\prod_b \Delta_{b,m_b}$, its cost $\prod_b \binom{s_b + m_b - 1}{m_b}$.
 *
 * @param sizes - s_b
 * @param errors - per block the relative errors of degrees 0, 1, 2, ...; what lies beyond the last is not taken
 * @param mostRank - gives up where more monomials would be needed
 */
export function blockDegrees(sizes: readonly number[], errors: readonly ArrayLike<number>[], tolerance: number, mostRank: number): BlockDegrees | null {
  const value = (m: readonly number[]): number => m.reduce((v, k, b) => v * (errors[b]![k]! + (k === 0 ? 1 : errors[b]![k - 1]!)), 1);
  const cost = (m: readonly number[]): number => m.reduce((c, k, b) => c * blockMonomials(sizes[b]!, k), 1);
  const zero = sizes.map(() => 0);
  const taken: (readonly number[])[] = [];
  const names = new Set<string>();
  let frontier: { m: readonly number[]; cost: number; merit: number }[] = [{ m: zero, cost: 1, merit: 0 }];
  let rank = 0;
  let next = 1;
  for (;;) {
    if (taken.length === next) {
      if (truncationError(errors, taken) <= tolerance) break;
      next = Math.ceil(next * 1.25);
    }
    let best = 0;
    for (let i = 1; i < frontier.length; i++) if (frontier[i]!.merit > frontier[best]!.merit) best = i;
    const found = frontier[best];
    // The last steps overshoot by a quarter at most before they are taken back.
    if (found === undefined || rank + found.cost > 2 * mostRank + 64) return null;
    frontier[best] = frontier[frontier.length - 1]!;
    frontier.pop();
    taken.push(found.m);
    names.add(found.m.join());
    rank += found.cost;
    for (let b = 0; b < sizes.length; b++) {
      const m = found.m.map((k, i) => (i === b ? k + 1 : k));
      if (m[b]! >= errors[b]!.length) continue;
      const closed = m.every((k, i) => k === 0 || names.has(m.map((l, j) => (i === j ? l - 1 : l)).join()));
      if (closed) frontier.push({ m, cost: cost(m), merit: value(m) / cost(m) });
    }
  }
  // The shortest beginning of the list that is enough, found by halving.
  let [low, high] = [Math.max(0, Math.floor(taken.length / 1.25) - 1), taken.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (truncationError(errors, taken.slice(0, middle)) <= tolerance) high = middle;
    else low = middle;
  }
  const kept = taken.slice(0, high);
  return pruned(kept, cost, errors, tolerance, mostRank);
}

/** Takes back the dearest multi-degrees that are not needed. */
function pruned(kept: readonly (readonly number[])[], cost: (m: readonly number[]) => number, errors: readonly ArrayLike<number>[], tolerance: number, mostRank: number): BlockDegrees | null {
  let degrees = kept;
  for (const m of [...kept].sort((a, b) => cost(b) - cost(a)).slice(0, 24)) {
    const divides = degrees.some((other) => other !== m && other.every((k, b) => k >= m[b]!));
    if (divides || degrees.length === 1) continue;
    const without = degrees.filter((other) => other !== m);
    if (truncationError(errors, without) <= tolerance) degrees = without;
  }
  const rank = degrees.reduce((sum, m) => sum + cost(m), 0);
  return rank > mostRank ? null : { degrees, rank, error: truncationError(errors, degrees) };
}
