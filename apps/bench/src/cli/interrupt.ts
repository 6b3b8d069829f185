/** The exit code that shells give a program ended by SIGINT. */
const INTERRUPTED = 130;

/**
 * A signal for the first Ctrl-C; the second ends the process at once.
 *
 * @param onFirst - called at the first Ctrl-C, to say that the work is being brought to an end
 * @returns the signal, and a function that lets Ctrl-C do its usual work again
 */
export function onInterrupt(onFirst: () => void): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const listener = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort(new DOMException('stopped by Ctrl-C', 'AbortError'));
    onFirst();
  };
  process.on('SIGINT', listener);
  return { signal: controller.signal, release: () => void process.off('SIGINT', listener) };
}
