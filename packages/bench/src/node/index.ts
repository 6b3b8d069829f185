/**
 * What only Node can say of the machine that measures.
 *
 * @module node
 */
export { describeNodeMachine, peakMemoryMiB } from './machine.ts';
