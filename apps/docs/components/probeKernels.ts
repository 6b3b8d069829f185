import { createKernels } from '@prompt-limits/core-linalg';

/** Which kernels load here, and a product that they compute: [1 2; 3 4] [5; 6]. */
export interface Probe {
  readonly build: string;
  readonly threads: number;
  readonly product: readonly number[];
}

/** Loads the kernels with no option but the defaults. */
export async function probeKernels(): Promise<Probe> {
  const kernels = await createKernels();
  const c = new Float32Array(2);
  kernels.gemm('NN', 2, 1, 2, 1, Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6), 0, c);
  const probe = { build: kernels.build, threads: kernels.threads, product: [...c] };
  kernels.close();
  return probe;
}
