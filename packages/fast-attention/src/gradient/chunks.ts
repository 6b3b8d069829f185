/** Queries `from` to `to - 1` that read keys 0 to `prefix` - 1 through sums, and keys `prefix` to `seen` - 1 exactly, as far as each sees them. */
export interface Chunk {
  readonly from: number;
  readonly to: number;
  readonly prefix: number;
  readonly seen: number;
  /** Query i - from sees the keys j - prefix <= i - from + causal of the exact part. */
  readonly causal: number;
}

const clamp = (x: number, n: number): number => Math.max(0, Math.min(n, x));

/**
 * The work of one head in the order of its queries: without a mask all queries read all keys through the sums; with the bound
 * j <= i + c each chunk of `length` queries has the keys that its first query sees behind it, and the few in between exactly.
 */
export function chunksOf(queries: number, keys: number, causal: number | null, length: number): Chunk[] {
  if (causal === null) return [{ from: 0, to: queries, prefix: keys, seen: keys, causal: 0 }];
  const chunks: Chunk[] = [];
  for (let from = 0; from < queries; from += length) {
    const to = Math.min(queries, from + length);
    const prefix = clamp(from + causal + 1, keys);
    chunks.push({ from, to, prefix, seen: clamp(to + causal, keys), causal: from + causal - prefix });
  }
  return chunks;
}
