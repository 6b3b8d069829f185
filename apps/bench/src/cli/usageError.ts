/** Something the user can mend: shown as one line without a stack, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Exit code of a run that ended because of its input; 1 is left for faults of the program. */
export const USAGE_EXIT_CODE = 2;

/**
 * The one line that a failure is reported with, or null where it is a fault of the program and the stack is wanted.
 * RangeError and TypeError with the form "function: requirement, got actual" are how the packages refuse input;
 * errors with a code are the operating system's.
 */
export function describeFailure(error: unknown): string | null {
  if (!(error instanceof Error)) return String(error);
  const refusal = (error instanceof RangeError || error instanceof TypeError) && /^[\w./]+: .+/s.test(error.message);
  if (error instanceof UsageError || refusal) return oneLine(error.message);
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (code && syscall) return oneLine(`${path ?? syscall}: ${systemMessages[code] ?? error.message}`);
  return null;
}

const systemMessages: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EISDIR: 'is a folder, not a file',
  ENOTDIR: 'a part of the path is a file, not a folder',
  ENOSPC: 'no space left on the device',
};

function oneLine(message: string): string {
  return message.replaceAll(/\s*\n\s*/g, ' ');
}
