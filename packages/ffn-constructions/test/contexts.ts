import { randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';

/** Read tokens after an attention of rank 1 that never were: grid tokens at positions 2 to n with a context share on coordinate 0, labels on the grid. */
export function contexts(seed: number, { d, m, n, count }: { d: number; m: number; n: number; count: number }): { direction: number[]; ids: Tokens; labels: Tokens } {
  const random = randomSource(seed);
  const digit = () => Math.floor(random.uniform() * m);
  const ids = new Float64Array(d * count);
  const labels = new Float64Array(d * count);
  for (let k = 0; k < count; k++) {
    const position = 2 + Math.floor(random.uniform() * (n - 1));
    for (let i = 0; i < d; i++) {
      ids[k * d + i] = (position * m + digit()) / m;
      labels[k * d + i] = digit() / m;
    }
    ids[k * d]! += random.uniform() / (4 * m);
  }
  return { direction: Array.from({ length: d }, (_, i) => m ** i), ids: tokens(d, ids), labels: tokens(d, labels) };
}
