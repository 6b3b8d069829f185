import { expect, test } from 'vitest';
import { compile, halfUnit } from '../compile.ts';
import { compileExample, generate, ownNames, run, typeErrors } from '../run.ts';

let line = 0;
/** An example of its own line, so that each is a module of its own. */
const example = (code: string) => ({ file: 'selftest.md', line: (line += 1000), owner: 'fence', code, run: true });
const execute = async (code: string): Promise<number> => {
  const e = example(code);
  const compiled = compileExample(e);
  await run(e, compiled);
  return compiled.assertions;
};

test.each([
  ['1', 0],
  ['10', 0],
  ['1e21', 0],
  ['0x1f', 0],
  ['0.8240', 5e-5],
  ['1.', 0.5],
  ['1e-12', 5e-13],
  ['2.5e22', 5e20],
  ['1_000.5', 0.05],
])('half a unit of the last digit of %s is %d', (literal, half) => {
  expect(halfUnit(literal)).toBe(half);
});

test.each([
  ['an expression', '1 + 1; // => 2', 1],
  ['no semicolon', '1 + 1 // => 2', 1],
  ['digits', 'Math.PI; // => 3.142', 1],
  ['a negative decimal', '-Math.PI; // => -3.14', 1],
  ['decimals in arrays and objects', '({ a: Float64Array.of(Math.PI, -1) }); // => { a: [3.1, -1] }', 1],
  ['a constant', 'const x: number = 3; // => 3\nx + 1; // => 4', 2],
  ['several lines', '[1,\n 2]\n  .map((x) => x + 1); // => [2, 3]', 1],
  ['two on a line', 'const x = 1; x + 1; // => 2', 1],
  ['await', 'await Promise.resolve(1); // => 1\nconst y = await Promise.resolve(2); // => 2', 2],
  ['inside a loop', 'for (const x of [1, 1]) {\n  x; // => 1\n}', 1],
  ['an error', "null!.x; // throws TypeError: Cannot read\nconst z = BigInt(1.5); // throws RangeError", 2],
  ['a rejection', "Promise.reject(new RangeError('n')); // throws RangeError: n", 1],
  ['strings that look like assertions', "'// => 3'.length; // => 7\n`// => ${'// => 4'.length}`; // => '// => 7'\n/\\/\\/ => 3/.test('// => 3'); // => true", 3],
  ['other comments', '// a remark\n1; /* => no */ // => 1', 1],
  ['types', 'interface P { x: number }\nconst p: P = { x: 1 };\np satisfies P; // => { x: 1 }', 1],
  ['names of its own', 'const check = { near: 0.5 };\ncheck.near; // => 0.50', 1],
  ['imports', "import { inspect } from 'node:util';\ninspect(1); // => '1'", 1],
])('runs %s', async (_, code, assertions) => {
  expect(await execute(code)).toBe(assertions);
});

test.each([
  ['a wrong value', '1 + 1; // => 3', 'the documentation says 3, got 2'],
  ['a wrong digit', 'Math.PI; // => 3.15', 'got 3.14159'],
  ['a wrong constant', 'const x = 1; // => 2', 'says 2, got 1'],
  ['a wrong entry', '[1, [2.5]]; // => [1, [2.4]]', 'got [ 1, [ 2.5 ] ]'],
  ['a promise without await', 'Promise.resolve(1); // => 1', 'got Promise'],
  ['no error', '1; // throws RangeError', 'got no error'],
  ['code that throws', 'null!.x; // => 1', 'Cannot read'],
])('fails at %s', async (_, code, message) => {
  await expect(execute(code)).rejects.toThrow(message);
});

test.each([
  ['an assertion after a block', 'if (true) { 1; } // => 1', 'selftest.md:\\d+: the printed value follows no statement'],
  ['an assertion on its own line', '1;\n// => 1', 'follows no statement'],
  ['prose for a value', '1; // => one, that is', 'is no value'],
  ['two values', '1; // => 1; 2', 'is no value'],
  ['several names', 'const a = 1, b = 2; // => 2', 'needs one name'],
  ['a syntax error', 'const = 1; // => 1', 'selftest.md'],
])('refuses %s', (_, code, message) => {
  expect(() => compile(example(code), '../compare.ts')).toThrow(new RegExp(message));
});

test('imports the names of the package that an example uses, and only those', () => {
  const file = 'packages/core-linalg/src/tokens/tokens.ts';
  const code = 'const column: Tokens = tokens(1, Float64Array.of(1));\nconst other = { zeroTokens: 1 };\nother.zeroTokens + column.n; // => 2';
  const { source } = compile({ ...example(code), file }, '../compare.ts', ownNames(file));
  expect(source.match(/^import .*$/gm)).toEqual([
    'import { check as $check, near as $near, throws as $throws } from "../compare.ts";',
    'import type { Tokens } from "@prompt-limits/core-linalg";',
    'import { tokens } from "@prompt-limits/core-linalg";',
  ]);
});

test('the type checker sees what running does not', () => {
  const wrong = example("const n: number = 'one' as string;\nn; // => 'one'");
  const right = example('const n: number = 1;\nn; // => 1');
  expect(typeErrors([generate(right, compileExample(right))])).toEqual([]);
  expect(typeErrors([generate(wrong, compileExample(wrong))])).toEqual([expect.stringMatching(/selftest_\d+\.ts\(2,7\): error TS2322/)]);
});

test('a page writes its own imports', async () => {
  await expect(execute('tokens(1, Float64Array.of(1)).n; // => 1')).rejects.toThrow('tokens is not defined');
});
