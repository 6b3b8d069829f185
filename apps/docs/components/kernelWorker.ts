import { probeKernels } from './probeKernels.ts';

async function answer(): Promise<void> {
  self.postMessage(await probeKernels(), {});
}

void answer();
