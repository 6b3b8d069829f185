/** A running worker. */
export interface WorkerHandle {
  end(): void;
}

type NodeProcess = { getBuiltinModule?: (name: string) => unknown };

/** A built-in module of Node, undefined elsewhere. Asked for at run time, so that bundlers see no import. */
function builtin<T>(name: string): T | undefined {
  return (globalThis as { process?: NodeProcess }).process?.getBuiltinModule?.(name) as T | undefined;
}

const nodeWorkers = (): typeof import('node:worker_threads') | undefined => builtin('node:worker_threads');

/** Whether workers can share memory here: in Node, and in pages that are cross-origin isolated. */
export function canShareMemory(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false;
  return nodeWorkers() !== undefined || (globalThis.crossOriginIsolated === true && typeof Worker === 'function');
}

/** Logical processors that this process may use, 1 if unknown. */
export function availableThreads(): number {
  return builtin<typeof import('node:os')>('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/**
 * Starts one worker for each item of `data` and resolves when all have called `ready`. `body` is the source of a
 * function of (data item, ready). In Node the workers do not keep the process alive.
 *
 * @throws Error if a worker fails before it is ready; the others are ended
 */
export async function startWorkers(body: string, data: readonly unknown[]): Promise<WorkerHandle[]> {
  const node = nodeWorkers();
  const handles: WorkerHandle[] = [];
  try {
    await Promise.all(data.map((item) => (node === undefined ? startInPage(body, item, handles) : startInNode(node, body, item, handles))));
  } catch (cause) {
    for (const handle of handles) handle.end();
    throw new Error(`createKernels: every worker must start, got ${String(cause)}`, { cause });
  }
  return handles;
}

async function startInNode(node: typeof import('node:worker_threads'), body: string, item: unknown, handles: WorkerHandle[]): Promise<void> {
  const source = `const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
(${body})(workerData, () => parentPort.postMessage(0));`;
  // Flags of the process such as --import or --input-type are not for this worker.
  const worker = new node.Worker(source, { eval: true, execArgv: [], workerData: item });
  handles.push({ end: () => void worker.terminate() });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`exit code ${code}`)));
  });
  worker.removeAllListeners();
  worker.unref();
}

async function startInPage(body: string, item: unknown, handles: WorkerHandle[]): Promise<void> {
  const source = `onmessage = (event) => (${body})(event.data, () => postMessage(0));`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  try {
    const worker = new Worker(url);
    handles.push({ end: () => worker.terminate() });
    await new Promise<void>((resolve, reject) => {
      worker.addEventListener('message', () => resolve(), { once: true });
      worker.addEventListener('error', (event) => reject(new Error(event.message)), { once: true });
      worker.postMessage(item, []);
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}
