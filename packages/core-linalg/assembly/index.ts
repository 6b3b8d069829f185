export { attentionBytes, attentionForward, attentionPack, attentionPackTasks, attentionScratchBytes, attentionTasks, planAttention } from './attention';
export {
  attentionVjpBytes,
  attentionVjpPack,
  attentionVjpPackTasks,
  attentionVjpReduce,
  attentionVjpScratchBytes,
  attentionVjpTiles,
  planAttentionVjp,
} from './attentionVjp';
export { multiplyAdds } from './ceiling';
export { exp } from './exp';
export { gemm, gemmPanels, gemmScratchBytes, packN, packT } from './gemm';
export {
  monomialMoments,
  monomialMomentsScratchBytes,
  monomialRead,
  monomialReadScratchBytes,
  monomialReduce,
  monomialSumBytes,
} from './monomials';
export { monomialReadVjp, monomialReadVjpScratchBytes } from './monomialsVjp';
export { rmsNorm, rmsNormVjp, rmsNormVjpInput } from './rmsNorm';
export { silu, siluVjp, swiglu, swigluVjp } from './silu';
export { softmaxRows, softmaxRowsVjp } from './softmax';
export { centreTokens, clear, furthestSquare, holdTokens, tokenQuotients, tokenRanges } from './tokens';
export { addTokens, tokenQuotientsVjp, tokenSizes } from './tokensVjp';
