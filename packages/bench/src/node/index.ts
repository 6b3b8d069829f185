export { describeNodeMachine, peakMemoryMiB } from './machine.ts';
