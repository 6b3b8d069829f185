import { binary as relaxed } from './generated/relaxed.ts';
import { binary as simd } from './generated/simd.ts';
import type { KernelBuild } from './kernels.ts';

/** The raw functions of the kernel module: numbers in, a number or nothing out. */
export type RawKernels = Readonly<Record<string, (...args: readonly number[]) => number>>;

/** A module of one function that returns a v128 and whose body is `code`: valid only where its instructions are known. */
function probe(code: readonly number[]): Uint8Array<ArrayBuffer> {
  const body = [0, ...code, 0x0b];
  return Uint8Array.of(
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // magic, version 1
    1, 5, 1, 0x60, 0, 1, 0x7b, // one type: () -> v128
    3, 2, 1, 0, // one function of that type
    10, body.length + 2, 1, body.length, ...body,
  );
}

// i32.const 0, i32x4.splat
const zero = [0x41, 0, 0xfd, 0x11];
const probes: Readonly<Record<Exclude<KernelBuild, 'plain'>, readonly number[]>> = {
  'relaxed-simd': [...zero, ...zero, ...zero, 0xfd, 0x85, 0x02], // f32x4.relaxed_madd
  simd128: zero,
};

/** The builds that run here, fastest first; 'plain' is always the last. */
export function supportedBuilds(): KernelBuild[] {
  const builds: KernelBuild[] = ['plain'];
  if (typeof WebAssembly !== 'object') return builds;
  if (WebAssembly.validate(probe(probes.simd128))) builds.unshift('simd128');
  if (WebAssembly.validate(probe(probes['relaxed-simd']))) builds.unshift('relaxed-simd');
  return builds;
}

/**
 * The kernel module of a build. The binary declares its one import, `env.memory`, as shared; where it is not to be,
 * that bit of the declaration is cleared: bit 1 of the limits byte after the import's name and kind.
 */
export async function kernelModule(build: Exclude<KernelBuild, 'plain'>, shared: boolean): Promise<WebAssembly.Module> {
  const bytes = Uint8Array.from(atob(build === 'relaxed-simd' ? relaxed : simd), (character) => character.charCodeAt(0));
  if (!shared) {
    const declaration = [...'\x03env\x06memory\x02\x03'].map((character) => character.charCodeAt(0));
    const at = bytes.findIndex((_, i) => declaration.every((byte, j) => bytes[i + j] === byte));
    bytes[at + declaration.length - 1] = 1;
  }
  return await WebAssembly.compile(bytes);
}
