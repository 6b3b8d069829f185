import type { FloatArray } from '../tokens/tokens.ts';

/** Bytes of a page of WASM memory. */
const page = 65536;

/** Allocations start on cache lines, so that threads that write neighbouring arrays share none. */
const line = 64;

const mebibytes = (bytes: number): string => `${(bytes / 1048576).toFixed(1)} MiB`;

/**
 * One WASM memory of fixed size and its allocator: a pointer that moves up, and back at the end of a scope.
 * The first page belongs to the constants of the module; the last line stays free, because kernels may read up to
 * 12 bytes behind an array.
 */
export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  readonly #buffer: ArrayBufferLike;
  readonly #end: number;
  #top = page;
  /** Bytes from here on were never handed out and are still zero. */
  #clean = page;
  /** Foreign arrays that the running call has yet to copy out, with their places. */
  readonly #outputs: { readonly array: FloatArray; readonly at: number; readonly length: number }[] = [];

  /** @throws RangeError if the machine does not grant the address space */
  constructor(size: number, shared: boolean) {
    const pages = (size * 1048576) / page;
    try {
      this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
    } catch (cause) {
      throw new RangeError(`createKernels: memoryMiB must be memory that the machine grants, got ${size}`, { cause });
    }
    this.#buffer = this.memory.buffer;
    this.#end = this.#buffer.byteLength - line;
  }

  /** The address of `bytes` fresh bytes, not cleared. */
  reserve(fn: string, bytes: number): number {
    const at = this.#top;
    const top = at + Math.ceil(bytes / line) * line;
    if (top > this.#end) {
      throw new RangeError(
        `${fn}: kernel memory must have room for ${mebibytes(bytes)}, got ${mebibytes(this.#end - at)} free of ${mebibytes(this.#buffer.byteLength)} (option memoryMiB)`,
      );
    }
    this.#top = top;
    return at;
  }

  /** Fills with zeros; the module that runs on this memory has a faster way. */
  clear: (at: number, bytes: number) => void = (at, bytes) => void new Uint8Array(this.#buffer, at, bytes).fill(0);

  /** `length` values at `at`. */
  view(at: number, length: number): Float32Array {
    return new Float32Array(this.#buffer, at, length);
  }

  /** `length` zeros. */
  allocate(length: number): Float32Array {
    const at = this.reserve('allocate', length * 4);
    if (at < this.#clean) this.clear(at, length * 4);
    this.#clean = Math.max(this.#clean, this.#top);
    return this.view(at, length);
  }

  /** Runs `body` and frees what it reserved. */
  scope<T>(body: () => T): T {
    const mark = this.#top;
    try {
      return body();
    } finally {
      this.#clean = Math.max(this.#clean, this.#top);
      this.#top = mark;
    }
  }

  /** `scope` for one kernel call: at its end the placed outputs reach their foreign arrays. */
  call(body: () => void): void {
    this.scope(() => {
      try {
        body();
        for (const { array, at, length } of this.#outputs) array.set(this.view(at, length));
      } finally {
        this.#outputs.length = 0;
      }
    });
  }

  /**
   * The address of the first `length` values of `array`: where they lie if they are in this memory, else a copy
   * that lasts until the end of the call. `use` says which way foreign values are copied.
   */
  place(fn: string, array: FloatArray, length: number, use: 'in' | 'out' | 'inout'): number {
    if (array.buffer === this.#buffer) return array.byteOffset;
    const at = this.reserve(fn, length * 4);
    if (use !== 'out') this.view(at, length).set(array.length === length ? array : array.subarray(0, length));
    if (use !== 'in') this.#outputs.push({ array, at, length });
    return at;
  }

  /** The address of a copy of `values` that lasts until the end of the call. */
  placeIntegers(fn: string, values: Int32Array): number {
    const at = this.reserve(fn, values.byteLength);
    new Int32Array(this.#buffer, at, values.length).set(values);
    return at;
  }

  /** The address of a copy of `values` in float64 and a few values more, so that vectors of four may be read; it lasts until the end of the call. */
  placeDoubles(fn: string, values: ArrayLike<number>): number {
    const at = this.reserve(fn, (values.length + 4) * 8);
    new Float64Array(this.#buffer, at, values.length).set(values);
    return at;
  }

  /** `length` float64 values at `at`. */
  doubles(at: number, length: number): Float64Array {
    return new Float64Array(this.#buffer, at, length);
  }
}
