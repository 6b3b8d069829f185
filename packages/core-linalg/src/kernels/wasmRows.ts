import type { FloatArray } from '../tokens/tokens.ts';
import type { Kernels } from './kernels.ts';
import { ranges, type Tasks } from './tasks.ts';

type RowKernels = Pick<Kernels, 'exp' | 'softmaxRows' | 'softmaxRowsVjp' | 'rmsNorm' | 'rmsNormVjp' | 'silu' | 'siluVjp' | 'swiglu' | 'swigluVjp'>;
type Operand = readonly [array: FloatArray, use: 'in' | 'out' | 'inout'];

/** The kernels that work value by value or row by row; threads share the values or the rows. */
export function wasmRows(tasks: Tasks): RowKernels {
  const { memory } = tasks;

  /** fn(count, ...operands) on pieces of 16 values: whole cache lines, which no two threads write. */
  function elementwise(fn: string, length: number, ...operands: readonly Operand[]): void {
    memory.call(() => {
      const places = operands.map(([array, use]) => memory.place(fn, array, length, use));
      tasks.run(fn, ranges(length, tasks.pieces(length), 16).map(([from, to]) => [to - from].concat(places.map((at) => at + from * 4))));
    });
  }

  /** fn(rows, ...parameters, ...operands) on pieces of whole rows; `fixed` arrays of one row are the same for all. */
  function rowwise(
    fn: string, rows: number, columns: number, parameters: readonly number[], operands: readonly (Operand | { fixed: Operand })[], split: boolean = true,
  ): void {
    memory.call(() => {
      const places = operands.map((operand) =>
        'fixed' in operand
          ? ([memory.place(fn, operand.fixed[0], columns, operand.fixed[1]), 0] as const)
          : ([memory.place(fn, operand[0], rows * columns, operand[1]), columns * 4] as const));
      const pieces = split ? tasks.pieces(rows * columns) : 1;
      tasks.run(fn, ranges(rows, pieces).map(([from, to]) => [to - from].concat(parameters, places.map(([at, step]) => at + from * step))));
    });
  }

  return {
    exp: (length, x, y) => elementwise('exp', length, [x, 'in'], [y, 'out']),
    softmaxRows: (rows, columns, x, y) => rowwise('softmaxRows', rows, columns, [columns], [[x, 'in'], [y, 'out']]),
    softmaxRowsVjp: (rows, columns, y, dy, dx) => rowwise('softmaxRowsVjp', rows, columns, [columns], [[y, 'in'], [dy, 'in'], [dx, 'inout']]),
    rmsNorm: (n, d, epsilon, x, gain, y) => rowwise('rmsNorm', n, d, [d, epsilon], [[x, 'in'], { fixed: [gain, 'in'] }, [y, 'out']]),
    rmsNormVjp(n, d, epsilon, x, gain, dy, dx, dgain) {
      const operands = [[x, 'in'], { fixed: [gain, 'in'] }, [dy, 'in'], [dx, 'inout']] as const;
      if (dgain === undefined) {
        rowwise('rmsNormVjpInput', n, d, [d, epsilon], operands);
      } else {
        // Every row adds to the same dgain, so one thread does them all.
        rowwise('rmsNormVjp', n, d, [d, epsilon], [...operands, { fixed: [dgain, 'inout'] }], false);
      }
    },
    silu: (length, x, y) => elementwise('silu', length, [x, 'in'], [y, 'out']),
    siluVjp: (length, x, dy, dx) => elementwise('siluVjp', length, [x, 'in'], [dy, 'in'], [dx, 'inout']),
    swiglu: (length, gate, up, y) => elementwise('swiglu', length, [gate, 'in'], [up, 'in'], [y, 'out']),
    swigluVjp: (length, gate, up, dy, dgate, dup) =>
      elementwise('swigluVjp', length, [gate, 'in'], [up, 'in'], [dy, 'in'], [dgate, 'out'], [dup, 'out']),
  };
}
