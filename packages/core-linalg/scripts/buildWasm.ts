/**
 * Compiles assembly/ twice, with and without relaxed SIMD, and writes each binary as a base64 module to
 * src/kernels/generated: the one form that Node, a browser page and a worker all load without bundler settings.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMemoryStream, main } from 'assemblyscript/asc';

/** The two builds and the features that each may use. Threads are enabled for the sake of the shared memory only. */
const builds = { relaxed: ['simd', 'relaxed-simd', 'threads'], simd: ['simd', 'threads'] } as const;

export type WasmBuild = keyof typeof builds;

export const wasmBuilds = Object.keys(builds) as WasmBuild[];

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where the module of a build lies. */
export const generatedPath = (build: WasmBuild): string => join(root, 'src/kernels/generated', `${build}.ts`);

/**
 * The binary of a build.
 *
 * @throws Error with the compiler's report if the sources do not compile
 */
export async function compileWasm(build: WasmBuild): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const report = createMemoryStream();
  const { error } = await main(
    [
      'index.ts',
      '--outFile', 'kernels.wasm',
      '-O3',
      '--noAssert',
      '--runtime', 'stub',
      '--importMemory',
      '--noExportMemory',
      // A module that declares its memory shared; where memory is not shared, the loader clears that one bit.
      '--sharedMemory',
      '--initialMemory', '1',
      '--maximumMemory', '65536',
      ...builds[build].flatMap((feature) => ['--enable', feature]),
    ],
    {
      stdout: report,
      stderr: report,
      readFile(name: string, base: string): string | null {
        try {
          return readFileSync(join(root, 'assembly', base, name), 'utf8');
        } catch {
          return null; // the compiler tries several names for one import
        }
      },
      writeFile(_name: string, contents: string | Uint8Array): void {
        if (typeof contents !== 'string') binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || binary === undefined) throw new Error(`compileWasm: assembly/ must compile, got\n${report.toString()}`);
  return binary;
}

/** The text of a generated module. */
export function moduleText(binary: Uint8Array): string {
  return [
    '// Compiled from assembly/ by scripts/buildWasm.ts; a test compiles it again and compares.',
    '/** The WASM binary in base64. */',
    `export const binary: string =\n  '${Buffer.from(binary).toString('base64')}';`,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const build of wasmBuilds) {
    const binary = await compileWasm(build);
    const path = generatedPath(build);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(`${path}.tmp`, moduleText(binary));
    renameSync(`${path}.tmp`, path);
    console.log(`${build}: ${binary.length} bytes`);
  }
}
