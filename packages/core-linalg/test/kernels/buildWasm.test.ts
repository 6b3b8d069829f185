import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileWasm, generatedPath, moduleText, wasmBuilds } from '../../scripts/buildWasm.ts';

test.each(wasmBuilds)('the generated %s module is what assembly/ compiles to; if not, run `pnpm --filter @prompt-limits/core-linalg wasm`', async (build) => {
  const binary = await compileWasm(build);
  // Compared as one boolean: a difference of two binaries is no reading matter.
  expect(moduleText(binary) === readFileSync(generatedPath(build), 'utf8')).toBe(true);
}, 120_000);
