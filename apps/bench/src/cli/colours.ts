import pc from 'picocolors';

/** Colours for a stream: on a terminal, and only where NO_COLOR is unset or empty (no-color.org). */
export function coloursFor(stream: { readonly isTTY?: boolean }): ReturnType<typeof pc.createColors> {
  return pc.createColors(Boolean(stream.isTTY) && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb');
}
