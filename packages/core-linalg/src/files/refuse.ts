import { describe } from '../checks/checks.ts';

/**
 * Throws the error of every file format here: "function: file: place: requirement, got actual".
 *
 * @param where - function, file and place, joined by ": "
 * @param requirement - what the format asks for, with the field's name
 * @param actual - the value found; leave it out where the requirement says it all
 *
 * @throws RangeError always
 * @example
 * const message = (): string => {
 *   try {
 *     return refuse('read: a.json: n', 'n must be at least 1', 0);
 *   } catch (error) {
 *     return String(error);
 *   }
 * };
 * message(); // => 'RangeError: read: a.json: n: n must be at least 1, got 0'
 */
export function refuse(where: string, requirement: string, ...actual: [] | [unknown]): never {
  throw new RangeError(`${where}: ${requirement}${actual.length === 0 ? '' : `, got ${describe(actual[0])}`}`);
}
