/**
 * Feed-forward layers that are constructed, not trained: staircases, bumps and quantisers with every neuron counted.
 *
 * @packageDocumentation
 */
export { bumpNetwork, type BumpOptions } from './bumpNetwork.ts';
export { deepQuantiser, type DeepQuantiser, type DeepQuantiserOptions } from './deepQuantiser.ts';
export { applyStack, type LayerStack, type StackOptions } from './layerStack.ts';
export type { GridExtent, GridPositions } from './quantiserGrid.ts';
export { quantiserNetwork, type Quantiser, type QuantiserOptions } from './quantiserNetwork.ts';
export { stepNetwork, type StepOptions } from './stepNetwork.ts';
export { applyFeedForward, type FeedForward } from '@prompt-limits/attention';
