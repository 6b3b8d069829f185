import { monomialSet, randomSource, uniformTokens, type FloatArray, type GemmForm, type Kernels, type MonomialSet } from '@prompt-limits/core-linalg';

/** One kernel at one shape. */
export interface KernelCase {
  /** The kernel's name. */
  readonly kernel: string;
  /** Its sizes. */
  readonly shape: string;
  /** Floating-point operations of one call. */
  readonly operations: number;
  /** Values that come out of one call. */
  readonly values: number;
  /** Puts the arguments into kernel memory. */
  prepare(kernels: Kernels): { readonly run: () => void; readonly maxError: () => number };
}

/** Operations that a value of these kernels counts as: 16 for an exponential, the rest as written down. */
export const OPERATIONS = { exp: 16, softmax: 19, rmsNorm: 4, silu: 19, swiglu: 20 } as const;

const SEED = 7;

/** Results that are compared with float64. */
const SAMPLES = 997;

/** Tokens, width, hidden neurons, vocabulary of the model whose shapes are measured. */
const [N, D, R, V] = [64, 512, 1408, 6400];

/** Tokens, width, degree, columns of polynomial attention: a head's values and the sum of weights. */
const MONOMIALS = [[16384, 16, 3, 17], [16384, 8, 4, 9]] as const;

/** Moments that are compared with float64: each takes all tokens. */
const MOMENTS = 97;

/** The smallest exponent of the exponentials, as in a softmax: beyond, weights do not count in Float32. */
const LOW = -20;

/** Every case of the suite. */
export function kernelCases(): readonly KernelCase[] {
  return [
    ...(['NN', 'NT', 'TN'] as const).map((form) => gemm(form, 512)),
    packed(N, D, D),
    packed(N, R, D),
    packed(N, D, R),
    packed(N, V, D),
    rowwise('exp', N, 1024, LOW, (k, length, x, y) => k.exp(N * length, x, y), exponential, true),
    rowwise('softmax', N, V, -5, (k, columns, x, y) => k.softmaxRows(N, columns, x, y), softmax, false),
    rowwise('softmax', N, N, -5, (k, columns, x, y) => k.softmaxRows(N, columns, x, y), softmax, false),
    rmsNorm(),
    rowwise('silu', N, R, -5, (k, columns, x, y) => k.silu(N * columns, x, y), silu, false),
    swiglu(),
    ...MONOMIALS.flatMap(([n, d, g, columns]) => [monomialMoments(n, d, g, columns), monomialRead(n, d, g, columns)]),
  ];
}

function random(length: number, low: number, high: number, stream: number): FloatArray {
  return uniformTokens(randomSource(SEED + stream), 1, length, low, high, 'float32').data;
}

/** A copy in kernel memory. */
function place(kernels: Kernels, values: FloatArray): FloatArray {
  const memory = kernels.allocate(values.length);
  memory.set(values);
  return memory;
}

/** Entries spread over `length`, the first and the last among them. */
function sampled(length: number, most: number = SAMPLES): readonly number[] {
  const count = Math.min(most, length);
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / Math.max(1, count - 1)));
}

/** Largest error of sampled entries of C = A B, each over the sum of |a b|. */
function productError(c: FloatArray, m: number, n: number, k: number, a: (i: number, p: number) => number, b: (p: number, j: number) => number, most: number = SAMPLES): number {
  let worst = 0;
  for (const at of sampled(m * n, most)) {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    let size = 0;
    for (let p = 0; p < k; p++) {
      const term = a(i, p) * b(p, j);
      sum += term;
      size += Math.abs(term);
    }
    worst = Math.max(worst, Math.abs(c[at]! - sum) / size);
  }
  return worst;
}

function gemm(form: GemmForm, size: number): KernelCase {
  return {
    kernel: `gemm ${form}`,
    shape: `${size} x ${size} x ${size}`,
    operations: 2 * size ** 3,
    values: size ** 2,
    prepare(kernels) {
      const [a, b] = [place(kernels, random(size ** 2, -1, 1, 0)), place(kernels, random(size ** 2, -1, 1, 1))];
      const c = kernels.allocate(size ** 2);
      return {
        run: () => kernels.gemm(form, size, size, size, 1, a, b, 0, c),
        maxError: () => productError(c, size, size, size, (i, p) => (form === 'TN' ? a[p * size + i]! : a[i * size + p]!), (p, j) => (form === 'NT' ? b[j * size + p]! : b[p * size + j]!)),
      };
    },
  };
}

function packed(m: number, n: number, k: number): KernelCase {
  return {
    kernel: 'gemmPacked',
    shape: `${m} x ${n} x ${k}`,
    operations: 2 * m * n * k,
    values: m * n,
    prepare(kernels) {
      const a = place(kernels, random(m * k, -1, 1, 0));
      const weights = random(n * k, -1, 1, 1);
      const b = kernels.pack('T', k, n, weights);
      const c = kernels.allocate(m * n);
      return { run: () => kernels.gemmPacked(m, a, b, c), maxError: () => productError(c, m, n, k, (i, p) => a[i * k + p]!, (p, j) => weights[j * k + p]!) };
    },
  };
}

type ByRow = (row: Float64Array) => Float64Array;

const exponential: ByRow = (row) => row.map((x) => Math.exp(x));

const silu: ByRow = (row) => row.map((x) => x / (1 + Math.exp(-x)));

const softmax: ByRow = (row) => {
  const e = row.map((x) => Math.exp(x));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((x) => x / sum);
};

function rowwise(kernel: keyof typeof OPERATIONS, rows: number, columns: number, low: number, call: (k: Kernels, columns: number, x: FloatArray, y: FloatArray) => void, exact: ByRow, relative: boolean): KernelCase {
  const values = rows * columns;
  return {
    kernel,
    shape: `${rows} x ${columns}`,
    operations: values * OPERATIONS[kernel],
    values,
    prepare(kernels) {
      const x = place(kernels, random(values, low, kernel === 'exp' ? 0 : -low, 0));
      const y = kernels.allocate(values);
      return {
        run: () => call(kernels, columns, x, y),
        maxError: () => {
          let worst = 0;
          for (let row = 0; row < rows; row++) {
            const input = Float64Array.from(x.subarray(row * columns, (row + 1) * columns));
            const wanted = exact(input);
            for (let j = 0; j < columns; j++) worst = Math.max(worst, Math.abs(y[row * columns + j]! - wanted[j]!) / (relative ? wanted[j]! : 1));
          }
          return worst;
        },
      };
    },
  };
}

function rmsNorm(): KernelCase {
  const epsilon = 1e-5;
  return {
    kernel: 'rmsNorm',
    shape: `${N} x ${D}`,
    operations: N * D * OPERATIONS.rmsNorm,
    values: N * D,
    prepare(kernels) {
      const [x, gain] = [place(kernels, random(N * D, -1, 1, 0)), place(kernels, random(D, 0, 2, 1))];
      const y = kernels.allocate(N * D);
      return {
        run: () => kernels.rmsNorm(N, D, epsilon, x, gain, y),
        maxError: () => {
          let worst = 0;
          for (let i = 0; i < N; i++) {
            let squares = 0;
            for (let c = 0; c < D; c++) squares += x[i * D + c]! ** 2;
            const factor = 1 / Math.sqrt(squares / D + epsilon);
            for (let c = 0; c < D; c++) worst = Math.max(worst, Math.abs(y[i * D + c]! - x[i * D + c]! * factor * gain[c]!));
          }
          return worst;
        },
      };
    },
  };
}

function swiglu(): KernelCase {
  return {
    kernel: 'swiglu',
    shape: `${N} x ${R}`,
    operations: N * R * OPERATIONS.swiglu,
    values: N * R,
    prepare(kernels) {
      const [gate, up] = [place(kernels, random(N * R, -5, 5, 0)), place(kernels, random(N * R, -1, 1, 1))];
      const y = kernels.allocate(N * R);
      return {
        run: () => kernels.swiglu(N * R, gate, up, y),
        maxError: () => silu(Float64Array.from(gate)).reduce((worst, s, i) => Math.max(worst, Math.abs(y[i]! - s * up[i]!)), 0),
      };
    },
  };
}

/** Monomial a of token t in float64, by its exponents. */
function monomial({ d, exponents }: MonomialSet, x: FloatArray, t: number, a: number): number {
  let product = 1;
  for (let c = 0; c < d; c++) for (let e = exponents[a * d + c]!; e > 0; e--) product *= x[t * d + c]!;
  return product;
}

function monomialMoments(n: number, d: number, g: number, columns: number): KernelCase {
  const set = monomialSet(d, g);
  return {
    kernel: 'monomialMoments',
    shape: `${n} x ${d}, degree ${g}, ${columns} columns`,
    operations: 2 * n * set.rank * columns,
    values: set.rank * columns,
    prepare(kernels) {
      const [x, y] = [place(kernels, random(n * d, -1, 1, 0)), place(kernels, random(n * columns, -1, 1, 1))];
      const moments = kernels.allocate(set.rank * columns);
      return {
        run: () => kernels.monomialMoments(set, n, x, columns, y, moments.fill(0)),
        maxError: () => productError(moments, set.rank, columns, n, (a, t) => monomial(set, x, t, a), (t, c) => y[t * columns + c]!, MOMENTS),
      };
    },
  };
}

function monomialRead(n: number, d: number, g: number, columns: number): KernelCase {
  const set = monomialSet(d, g);
  return {
    kernel: 'monomialRead',
    shape: `${n} x ${d}, degree ${g}, ${columns} columns`,
    operations: 2 * n * set.rank * columns,
    values: n * columns,
    prepare(kernels) {
      const [x, weights] = [place(kernels, random(n * d, -1, 1, 0)), place(kernels, random(set.rank * columns, -1, 1, 1))];
      const out = kernels.allocate(n * columns);
      return {
        run: () => kernels.monomialRead(set, n, x, columns, weights, out),
        maxError: () => productError(out, n, columns, set.rank, (t, a) => monomial(set, x, t, a), (a, c) => weights[a * columns + c]!),
      };
    },
  };
}
