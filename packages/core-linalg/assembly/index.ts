export { exp } from './exp';
export { gemmPanels, gemmScratchBytes, packN, packT } from './gemm';
export { rmsNorm, rmsNormVjp } from './rmsNorm';
export { silu, siluVjp, swiglu, swigluVjp } from './silu';
export { softmaxRows, softmaxRowsVjp } from './softmax';
