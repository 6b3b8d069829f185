import type { Kernels } from './kernels.ts';
import type { Tasks } from './tasks.ts';
import { extent, tokenShares } from './wasmTokens.ts';

/** The kernels on whole tokens in the gradient of sums over monomials; threads share the tokens. */
export function wasmTokensVjp(tasks: Tasks): Pick<Kernels, 'tokenQuotientsVjp' | 'tokenSizes' | 'addTokens'> {
  const { memory } = tasks;
  const doubles = (fn: string, length: number): number => memory.reserve(fn, length * 8);

  return {
    tokenQuotientsVjp(n, d, sums, stride, dz, half, size, facts) {
      if (n === 0) return;
      memory.call(() => {
        const at = memory.place('tokenQuotientsVjp', sums, n * (d + 1), 'inout');
        const g = memory.place('tokenQuotientsVjp', dz, extent(n, d, stride), 'in');
        const by = memory.placeDoubles('tokenQuotientsVjp', half);
        const found = doubles('tokenQuotientsVjp', n * 5);
        tasks.run('tokenQuotientsVjp', tokenShares(tasks, n, d).map(([from, to]) => [
          to - from, d, at + from * (d + 1) * 4, stride, g + from * stride * 4, by, size, found + from * 40,
        ]));
        facts.set(memory.doubles(found, n * 5));
      });
    },

    tokenSizes(n, d, x, square, largest) {
      if (n === 0) return;
      memory.call(() => {
        const at = memory.place('tokenSizes', x, n * d, 'in');
        const [squares, sizes] = [doubles('tokenSizes', n), doubles('tokenSizes', n)];
        tasks.run('tokenSizes', tokenShares(tasks, n, d).map(([from, to]) => [to - from, d, at + from * d * 4, squares + from * 8, sizes + from * 8]));
        square.set(memory.doubles(squares, n));
        largest.set(memory.doubles(sizes, n));
      });
    },

    addTokens(n, d, stride, x, factor, outStride, out, largest) {
      if (n === 0) return;
      memory.call(() => {
        const at = memory.place('addTokens', x, extent(n, d, stride), 'in');
        const to = memory.place('addTokens', out, extent(n, d, outStride), 'inout');
        const by = memory.placeDoubles('addTokens', factor.length === n ? factor : factor.subarray(0, n));
        const sizes = doubles('addTokens', n);
        tasks.run('addTokens', tokenShares(tasks, n, d).map(([from, end]) => [
          end - from, d, stride, at + from * stride * 4, by + from * 8, outStride, to + from * outStride * 4, sizes + from * 8,
        ]));
        largest.set(memory.doubles(sizes, n));
      });
    },
  };
}
