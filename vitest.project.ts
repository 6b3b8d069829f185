import { defineProject } from 'vitest/config';

// Tests run on the sources of every package, so they need no build.
const conditions = ['@prompt-limits/source'];

/** The test configuration of one workspace folder. */
export function project(name: string, include: string[] = ['test/**/*.test.ts']) {
  return defineProject({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: { name, include, testTimeout: 60_000 },
  });
}
