import cliProgress from 'cli-progress';

/** One long step, shown while it lasts. */
export interface Step {
  /** Moves to `fraction` of the step, 0 to 1; `note` stands behind the bar. */
  update(fraction: number, note?: string): void;
  /** Ends the step at 1. */
  done(note?: string): void;
  /** Ends the step where it is. */
  stop(): void;
}

/** Shows steps one after another. */
export interface Progress {
  /** Begins a step; the last one must have ended. `mayEndEarly`: the time left is the most that it can be. */
  step(label: string, mayEndEarly?: boolean): Step;
}

/** Seconds between two plain lines where there is no terminal. */
const LINE_EVERY = 10;

/**
 * Progress on `stream`: bars with the time left on a terminal, else a plain line at the end of a step and every ten
 * seconds while it lasts.
 */
export function createProgress(stream: NodeJS.WriteStream, now: () => number = () => performance.now()): Progress {
  return { step: (label, mayEndEarly = false) => (stream.isTTY ? barStep : lineStep)(stream, label, mayEndEarly ? 'at most ' : '', now) };
}

/** Below this fraction the time that is left is a guess that helps nobody. */
const KNOWN_FROM = 0.01;

/** The time left, if the rest goes like the part that is done: "12 s", "3 min 05 s"; empty before anything is known. */
export function timeLeft(fraction: number, milliseconds: number): string {
  if (!(fraction >= KNOWN_FROM) || fraction >= 1) return '';
  return duration((milliseconds / fraction) * (1 - fraction));
}

/** A time for people: "0.4 s", "12 s", "3 min 05 s". */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

function barStep(stream: NodeJS.WriteStream, label: string, atMost: string, now: () => number): Step {
  const start = now();
  const format = (_: unknown, { progress }: { progress: number }, { note, left }: { note?: string; left?: string }): string => {
    const width = 24;
    const filled = Math.round(progress * width);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
    const percent = `${Math.floor(progress * 100)} %`.padStart(5);
    return `${label.padEnd(22)} ${bar} ${percent}  ${[left ? `${atMost}${left} left` : '', note].filter(Boolean).join(' · ')}`;
  };
  const bar = new cliProgress.SingleBar({ stream, format, hideCursor: true, clearOnComplete: false, stopOnComplete: false, fps: 8 });
  bar.start(1, 0, { note: '', left: '' });
  let at = 0;
  let lastNote = '';
  const show = (fraction: number, note: string, left: string): void => {
    at = Math.min(1, Math.max(at, fraction));
    lastNote = note;
    bar.update(at, { note, left });
  };
  return {
    update: (fraction, note = lastNote) => show(fraction, note, timeLeft(fraction, now() - start)),
    done(note = lastNote) {
      show(1, [duration(now() - start), note].filter(Boolean).join(' · '), '');
      bar.stop();
    },
    stop() {
      show(at, lastNote, '');
      bar.stop();
    },
  };
}

function lineStep(stream: NodeJS.WritableStream, label: string, atMost: string, now: () => number): Step {
  const start = now();
  let shown = start;
  let last = '';
  const line = (...parts: string[]): void => {
    stream.write(`${label}: ${parts.filter(Boolean).join(', ')}\n`);
    shown = now();
  };
  return {
    update(fraction, note = last) {
      last = note;
      if (now() - shown < LINE_EVERY * 1000) return;
      const left = timeLeft(fraction, now() - start);
      line(`${Math.floor(fraction * 100)} %`, note, left && `${atMost}${left} left`);
    },
    done(note = last) {
      line(note, duration(now() - start));
    },
    stop() {
      line('stopped', last, duration(now() - start));
    },
  };
}
