import { defineConfig } from 'tsup';

/** The build of every package: ESM for Node and browsers alike, types, source maps. */
export function packageBuild(entry: string[] = ['src/index.ts']) {
  return defineConfig({
    entry,
    format: ['esm'],
    target: 'es2022',
    platform: 'neutral',
    external: [/^node:/],
    dts: true,
    sourcemap: true,
    clean: true,
    treeshake: true,
    splitting: true,
  });
}
