import type { GemmForm, Kernels } from './kernels.ts';
import { ranges, type Tasks } from './tasks.ts';

/** Columns of a panel of packed B. */
const panelWidth = 8;
const forms: Readonly<Record<GemmForm, number>> = { NN: 0, NT: 1, TN: 2 };

/** Nanoseconds of a product. */
const work = (m: number, n: number, k: number): number => (2 * m * n * k) / 30;

/** `gemm`, `pack` and `gemmPacked` on raw kernels. */
export function wasmGemm(tasks: Tasks): Pick<Kernels, 'gemm' | 'pack' | 'gemmPacked'> {
  const { memory, raw } = tasks;
  const scratchBytes = (raw['gemmScratchBytes'] as unknown as WebAssembly.Global).value as number;

  /** C = alpha A B + beta C with B packed at `packed`, cut along columns, or along rows where there are more of them. */
  function multiply(turned: 0 | 1, m: number, n: number, k: number, alpha: number, a: number, packed: number, beta: number, c: number): void {
    const panels = Math.ceil(n / panelWidth);
    const pieces = tasks.pieces(work(m, n, k));
    const lda = (turned === 1 ? m : k) * 4;
    const byRows = panels < 4 * pieces && m > n;
    const lines = byRows
      ? ranges(m, pieces, 6).map(([from, to]) =>
          [turned, to - from, n, k, alpha, a + from * (turned === 1 ? 4 : lda), lda, packed, beta, c + from * n * 4, n * 4, 0, panels, 0])
      : ranges(panels, pieces, 4).map(([from, to]) => [turned, m, n, k, alpha, a, lda, packed, beta, c, n * 4, from, to, 0]);
    tasks.run('gemmPanels', lines, 13, scratchBytes);
  }

  return {
    gemm(form, m, n, k, alpha, a, b, beta, c) {
      memory.call(() => {
        const panels = Math.ceil(n / panelWidth);
        const pieces = tasks.pieces(work(m, n, k));
        const at = memory.place('gemm', a, m * k, 'in');
        const bt = memory.place('gemm', b, k * n, 'in');
        const ct = memory.place('gemm', c, m * n, beta === 0 ? 'out' : 'inout');
        const packed = memory.reserve('gemm', panels * panelWidth * k * 4);
        if (panels < 4 * pieces && m > n) {
          raw[form === 'NT' ? 'packT' : 'packN']!(k, n, bt, packed, 0, panels);
          multiply(form === 'TN' ? 1 : 0, m, n, k, alpha, at, packed, beta, ct);
          return;
        }
        // Each task packs the panels that it multiplies by. A transposed A is laid out anew by each task, so there
        // are no more tasks than threads then.
        const count = form === 'TN' ? Math.min(pieces, tasks.threads) : pieces;
        const lines = ranges(panels, count, 4).map(([from, to]) => [forms[form], m, n, k, alpha, at, bt, beta, ct, packed, from, to, 0]);
        tasks.run('gemm', lines, 12, scratchBytes);
      });
    },

    pack(form, k, n, b) {
      const panels = Math.ceil(n / panelWidth);
      const data = memory.view(memory.reserve('pack', panels * panelWidth * k * 4), panels * panelWidth * k);
      memory.call(() => {
        const bt = memory.place('pack', b, k * n, 'in');
        tasks.run(form === 'T' ? 'packT' : 'packN', ranges(panels, tasks.pieces(k * n), 4).map(([from, to]) => [k, n, bt, data.byteOffset, from, to]));
      });
      return { k, n, data };
    },

    gemmPacked(m, a, b, c, accumulate) {
      memory.call(() => {
        const at = memory.place('gemmPacked', a, m * b.k, 'in');
        const ct = memory.place('gemmPacked', c, m * b.n, accumulate ? 'inout' : 'out');
        multiply(0, m, b.n, b.k, 1, at, b.data.byteOffset, accumulate ? 1 : 0, ct);
      });
    },
  };
}
