/**
 * Feed-forward layers that are constructed, not trained: staircases, bumps and quantisers with every neuron counted.
 *
 * @packageDocumentation
 */
export { applyValueMap } from './applyValueMap.ts';
export { bumpNetwork, type BumpOptions } from './bumpNetwork.ts';
export { deepQuantiser, type DeepQuantiser, type DeepQuantiserOptions } from './deepQuantiser.ts';
export { deepValueMap, type DeepValueMap } from './deepValueMap.ts';
export type { HatShape, ValueMapOptions } from './hats.ts';
export { lazyValueMap, type EnclosedToken, type LazyValueMapOptions, type LocatedHat } from './lazyValueMap.ts';
export { applyStack, type LayerStack, type StackOptions } from './layerStack.ts';
export {
  networkCost,
  valueMapCost,
  type NetworkCost,
  type ProblemSize,
  type SymbolicCost,
  type ValueMapCost,
  type ValueMapSize,
} from './networkCost.ts';
export type { GridExtent, GridPositions } from './quantiserGrid.ts';
export { quantiserNetwork, type Quantiser, type QuantiserOptions } from './quantiserNetwork.ts';
export { stepNetwork, type StepOptions } from './stepNetwork.ts';
export { wideValueMap, type WideValueMap, type WideValueMapOptions } from './wideValueMap.ts';
export { applyFeedForward, type FeedForward } from '@prompt-limits/attention';
