import { expect, test } from 'vitest';
import { markdownExamples, sourceExamples } from '../parse.ts';

test('finds the ts fences of a page, with their lines, and no others', () => {
  const page = ['# Title', '```ts', 'one;', '```', '```sh', 'npm start', '```', '~~~typescript no-run', 'two;', '~~~', '````md', '```ts', 'hidden;', '```', '````', '```ts {1}', 'three;'].join('\n');
  expect(markdownExamples('a.md', page).map(({ line, code, run }) => [line, code, run])).toEqual([
    [3, 'one;', true],
    [9, 'two;', false],
    [17, 'three;', true],
  ]);
});

test('a fence inside a tsx or other longer word is not ts', () => {
  expect(markdownExamples('a.md', '```tsx\n1;\n```')).toEqual([]);
});

test('finds unfenced and fenced examples, their owners and where each ends', () => {
  const source = `
/**
 * Adds.
 *
 * @example
 * add(1, 2); // => 3
 *
 * @example With a title
 * \`\`\`ts
 * // the '@' of a decorator does not end a fence
 * add(2,
 *   2); // => 4
 * \`\`\`
 * @throws RangeError never
 */
export function add(a: number, b: number): number { return a + b; }

/** One. @example is no tag here. */
export const one = 1;

/** @example two; // => 2 */
export const two = 2;

export interface Point {
  /**
   * Across.
   * @example
   * x; // => 0
   */
  x: number;
}
`;
  expect(sourceExamples('a.ts', source).map(({ owner, line, code }) => [owner, line, code.trim()])).toEqual([
    ['add', 5, 'add(1, 2); // => 3'],
    ['add', 10, "// the '@' of a decorator does not end a fence\nadd(2,\n  2); // => 4"],
    ['two', 21, 'two; // => 2'],
    ['Point.x', 27, 'x; // => 0'],
  ]);
});
