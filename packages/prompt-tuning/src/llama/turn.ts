/** Lets the event loop run once, so that an abort, a key press or a redraw gets its turn between two steps of work. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
