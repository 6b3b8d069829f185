/** The exit code that shells give a program ended by SIGINT. */
const INTERRUPTED = 130;

/** The terminal's sequence that makes the cursor visible. */
const SHOW_CURSOR = '\u001B[?25h';

/**
 * A signal for the first Ctrl-C; the second ends the process at once.
 *
 * @param onFirst - called at the first Ctrl-C, to say that the work is being brought to an end
 * @returns the signal, and a function that lets Ctrl-C do its usual work again
 */
export function onInterrupt(onFirst: () => void): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const listener = (): void => {
    if (controller.signal.aborted) {
      if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR); // the bar that hid it does not end
      process.exit(INTERRUPTED);
    }
    controller.abort(new DOMException('stopped by Ctrl-C', 'AbortError'));
    onFirst();
  };
  process.on('SIGINT', listener);
  return { signal: controller.signal, release: () => void process.off('SIGINT', listener) };
}
