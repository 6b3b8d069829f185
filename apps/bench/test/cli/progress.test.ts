import { expect, test } from 'vitest';
import { createProgress, duration, timeLeft } from '../../src/cli/progress.ts';

/** A stream that keeps what is written to it. */
function stream(isTTY: boolean): { target: NodeJS.WriteStream; written: () => string } {
  let text = '';
  const write = (chunk: string): boolean => {
    text += chunk;
    return true;
  };
  const target = { isTTY, columns: 120, write, cursorTo: () => true, clearLine: () => true, moveCursor: () => true, on: () => target, removeListener: () => target };
  return { target: target as unknown as NodeJS.WriteStream, written: () => text };
}

test('the time left goes on like the part that is done', () => {
  expect(timeLeft(0.25, 10_000)).toBe('30 s');
  expect(timeLeft(0.5, 125_000)).toBe('2 min 05 s');
  expect(timeLeft(0.999, 1000)).toBe('0.0 s');
  expect([timeLeft(0, 1000), timeLeft(1, 1000), timeLeft(0.001, 1000), timeLeft(NaN, 1)]).toEqual(['', '', '', '']);
  expect([duration(9940), duration(9960), duration(59_600), duration(3_599_000)]).toEqual(['9.9 s', '10 s', '1 min 00 s', '59 min 59 s']);
});

test('without a terminal: a line every ten seconds and one at the end, no control characters', () => {
  const { target, written } = stream(false);
  let now = 0;
  const step = createProgress(target, () => now).step('tuning', true);
  for (let i = 0; i <= 24; i++) {
    now = i * 1000;
    step.update(i / 48, `loss ${i}`);
  }
  step.done();
  expect(written()).toBe(
    'tuning: 20 %, loss 10, at most 38 s left\ntuning: 41 %, loss 20, at most 28 s left\ntuning: loss 24, 24 s\n',
  );
});

test('on a terminal: a bar with per cent, time left and a note', () => {
  const { target, written } = stream(true);
  let now = 0;
  const step = createProgress(target, () => now).step('loading');
  now = 4000;
  step.update(0.5, 'half');
  step.done('whole');
  expect(written()).toContain('loading');
  expect(written()).toContain('██');
  expect(written()).toContain('100 %');
  expect(written()).toContain('4.0 s · whole');
});
