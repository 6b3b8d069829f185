/** How far a statement of the paper is executable. */
export type Status = 'built' | 'part' | 'not built yet';

/** A numbered statement of the paper and where it lives in the library. */
export interface Statement {
  /** Its number, as printed. */
  readonly id: string;
  /** What it says, in a few words. */
  readonly says: string;
  /** Functions that compute or check it, as `package:name`. */
  readonly functions: readonly string[];
  /** Tests of the statement, as paths from the repository root. */
  readonly tests: readonly string[];
  /** `built` has a function and a test of the whole statement, `part` covers some of it. */
  readonly status: Status;
  /** What `part` leaves out, or which row of the errata repairs it. */
  readonly note?: string;
}
