/** Every numbered statement of the paper, in its order. A test holds the rows against the packages. */
import type { Statement } from './statement.ts';

const later = { functions: [], tests: [], status: 'not built yet' } as const;

const introduction: readonly Statement[] = [
  { id: 'Definition 1.1', says: 'prompt tuning: with the model frozen, find the P that minimises the loss on the last L outputs', functions: ['prompt-tuning:tunePrompt'], tests: ['packages/prompt-tuning/test/tuning/tunePrompt.test.ts'], status: 'built', note: 'errata 1' },
  { id: 'Eq. (1.1)', says: 'the objective of Definition 1.1', functions: ['prompt-tuning:tunePrompt'], tests: ['packages/prompt-tuning/test/tuning/tunePrompt.test.ts'], status: 'built', note: 'errata 1' },
  { id: 'Eq. (1.2)', says: 'distance of two sequence functions: the entrywise alpha-norm of the difference, integrated', functions: ['core-linalg:entrywiseNorm', 'prompt-tuning:cellDistance', 'prompt-tuning:sampledDistance'], tests: ['packages/core-linalg/test/norms/entrywise.test.ts', 'packages/prompt-tuning/test/universality/distance/cellDistance.test.ts', 'packages/prompt-tuning/test/universality/distance/sampledDistance.test.ts'], status: 'built' },
  { id: 'Eq. (1.3)', says: 'softmax attention with inverse temperature', functions: ['attention:attend', 'attention:attendVjp', 'attention:attentionMechanism'], tests: ['packages/attention/test/exact/attend.test.ts', 'packages/attention/test/gradient/attendVjp.test.ts', 'packages/attention/test/transformer/attentionHead.test.ts'], status: 'built', note: 'errata 2' },
  { id: 'Problem 1', says: 'approximate prompt tuning inference: entries at most B, error at most delta_F in the max norm', functions: ['fast-attention:attend', 'fast-attention:efficiencyCriterion'], tests: ['packages/fast-attention/test/attend/attend.test.ts', 'packages/fast-attention/test/attend/adversarial.test.ts', 'packages/fast-attention/test/criterion/efficiencyCriterion.test.ts'], status: 'built', note: 'errata 3' },
];

const universality: readonly Statement[] = [
  { id: 'Lemma 2.1', says: 'attention of any rank tells sequences apart (informal Lemma 2.2)', functions: ['attention:buildContextualMapping'], tests: ['packages/attention/test/contextualMapping/lemmaMode.test.ts', 'packages/attention/test/contextualMapping/tightMode.test.ts'], status: 'built' },
  { id: 'Theorem 2.1', says: 'deep narrow form is universal (informal Theorem 2.3)', functions: ['prompt-tuning:buildUniversal', 'prompt-tuning:promptFor', 'prompt-tuning:universalityError'], tests: ['packages/prompt-tuning/test/universality/everyFunctionDeep.test.ts', 'packages/prompt-tuning/test/universality/everyFunctionDeepTwoTokens.test.ts', 'packages/prompt-tuning/test/universality/universalTransformer.test.ts', 'packages/prompt-tuning/test/universality/universalityError.test.ts'], status: 'built', note: 'errata 1, 5 to 8' },
  { id: 'Theorem 2.2', says: 'two wide layers are universal (informal Theorem 2.4)', functions: ['prompt-tuning:buildUniversal', 'prompt-tuning:promptFor', 'prompt-tuning:universalityError'], tests: ['packages/prompt-tuning/test/universality/everyFunctionWide.test.ts', 'packages/prompt-tuning/test/universality/universalTransformer.test.ts', 'packages/prompt-tuning/test/universality/universalityError.test.ts'], status: 'built', note: 'errata 1, 7 to 13' },
  { id: 'Eq. (2.1)', says: 'self-attention layer: residual plus the sum of the heads', functions: ['attention:selfAttentionLayer'], tests: ['packages/attention/test/transformer/attentionHead.test.ts'], status: 'built' },
  { id: 'Eq. (2.2)', says: 'one head of size s, token by token', functions: ['attention:attentionMechanism'], tests: ['packages/attention/test/transformer/attentionHead.test.ts'], status: 'built' },
  { id: 'Eq. (2.3)', says: 'feed-forward layer of r ReLU neurons with a residual', functions: ['attention:applyFeedForward'], tests: ['packages/attention/test/transformer/feedForward.test.ts'], status: 'built' },
  { id: 'Definition 2.1', says: 'transformer block: feed-forward after self-attention', functions: ['attention:applyBlock'], tests: ['packages/attention/test/transformer/transformer.test.ts'], status: 'built' },
  { id: 'Definition 2.2', says: 'the class of transformers with h heads of size s and r neurons', functions: ['attention:applyNetwork', 'attention:classOf', 'attention:inClass'], tests: ['packages/attention/test/transformer/transformer.test.ts'], status: 'built', note: 'errata 16' },
  { id: 'Definition 2.3', says: 'target functions: C-Lipschitz maps of the unit cube', functions: ['prompt-tuning:lipschitzEstimate', 'prompt-tuning:affineTarget'], tests: ['packages/prompt-tuning/test/universality/lipschitzEstimate.test.ts', 'packages/prompt-tuning/test/universality/affineTarget.test.ts'], status: 'built' },
  { id: 'Problem 2', says: 'is there one transformer that prompts steer to any target function', functions: ['prompt-tuning:buildUniversal', 'prompt-tuning:promptFor'], tests: ['packages/prompt-tuning/test/universality/everyFunctionDeep.test.ts', 'packages/prompt-tuning/test/universality/everyFunctionWide.test.ts', 'packages/prompt-tuning/test/universality/universalTransformer.test.ts', 'packages/prompt-tuning/test/universality/universalityError.test.ts'], status: 'built', note: 'answered by building it; not for a given pretrained transformer' },
  { id: 'Definition 2.4', says: 'vocabulary: the set of tokens of a sequence, and of all sequences', functions: ['attention:vocabulary'], tests: ['packages/attention/test/contextualMapping/vocabulary.test.ts'], status: 'built' },
  { id: 'Definition 2.5', says: 'tokenwise separated: norms between two bounds, distinct tokens far apart', functions: ['attention:tokenwiseSeparateness', 'attention:isSeparated'], tests: ['packages/attention/test/contextualMapping/separateness.test.ts'], status: 'built' },
  { id: 'Definition 2.6', says: 'contextual mapping: bounded IDs, apart whenever token or context differ', functions: ['attention:verifyContextualMapping'], tests: ['packages/attention/test/contextualMapping/verifyContextualMapping.test.ts'], status: 'built' },
  { id: 'Lemma 2.2', says: 'attention of any rank is a contextual mapping, with constants', functions: ['attention:buildContextualMapping', 'attention:certifyHead', 'attention:contextualMappingBounds'], tests: ['packages/attention/test/contextualMapping/lemmaMode.test.ts', 'packages/attention/test/contextualMapping/tightMode.test.ts', 'packages/attention/test/contextualMapping/certifyHead.test.ts', 'packages/attention/test/contextualMapping/buildContextualMapping.test.ts'], status: 'built', note: 'errata 14, 15, 23, 27' },
  { id: 'Eq. (2.4)', says: 'the deep form: narrow layers, one attention, narrow layers', functions: ['attention:applySingleAttention', 'attention:inSingleAttentionClass', 'prompt-tuning:buildUniversal'], tests: ['packages/attention/test/transformer/singleAttention.test.ts', 'packages/prompt-tuning/test/universality/universalTransformer.test.ts'], status: 'built', note: 'errata 16' },
  { id: 'Lemma 2.3', says: 'a quantised surrogate whose prompts select any target function', functions: ['prompt-tuning:tableSurrogate', 'prompt-tuning:promptOfTable', 'prompt-tuning:sufficientPromptLength'], tests: ['packages/prompt-tuning/test/universality/surrogate.test.ts', 'packages/prompt-tuning/test/universality/functionTable.test.ts', 'packages/prompt-tuning/test/capacity/sufficientPromptLength.test.ts'], status: 'built', note: 'errata 7' },
  { id: 'Lemma 2.4', says: 'a deep transformer that equals the surrogate', functions: ['prompt-tuning:buildUniversal'], tests: ['packages/prompt-tuning/test/universality/everyFunctionDeep.test.ts', 'packages/prompt-tuning/test/universality/everyFunctionDeepTwoTokens.test.ts', 'packages/prompt-tuning/test/universality/universalTransformer.test.ts'], status: 'built', note: 'equality on the grid; errata 5, 6, 8' },
  { id: 'Theorem 2.3', says: 'prompt tuning the deep form is universal', functions: ['prompt-tuning:buildUniversal', 'prompt-tuning:promptFor', 'prompt-tuning:universalityError'], tests: ['packages/prompt-tuning/test/universality/everyFunctionDeep.test.ts', 'packages/prompt-tuning/test/universality/everyFunctionDeepTwoTokens.test.ts', 'packages/prompt-tuning/test/universality/universalTransformer.test.ts', 'packages/prompt-tuning/test/universality/universalityError.test.ts'], status: 'built', note: 'errata 1, 5 to 8' },
  { id: 'Lemma 2.5', says: 'how many layers the deep form needs', functions: ['ffn-constructions:valueMapCost', 'ffn-constructions:deepValueMap', 'prompt-tuning:buildUniversal'], tests: ['packages/ffn-constructions/test/networkCost.test.ts', 'packages/prompt-tuning/test/universality/universalTransformer.test.ts'], status: 'part', note: 'the layers that are built, counted; not that fewer cannot do' },
  { id: 'Theorem 2.4', says: 'prompt tuning one attention and two wide layers is universal', functions: ['prompt-tuning:buildUniversal', 'prompt-tuning:promptFor', 'prompt-tuning:universalityError'], tests: ['packages/prompt-tuning/test/universality/everyFunctionWide.test.ts', 'packages/prompt-tuning/test/universality/universalTransformer.test.ts', 'packages/prompt-tuning/test/universality/universalityError.test.ts'], status: 'built', note: 'errata 1, 7 to 13' },
  { id: 'Definition 2.7', says: 'memorisation: one prompt brings every example within epsilon of its label', functions: ['prompt-tuning:memorize'], tests: ['packages/prompt-tuning/test/universality/memorize.test.ts'], status: 'built', note: 'errata 1' },
  { id: 'Theorem 2.5', says: 'a prompt length with which any Lipschitz dataset is memorised', functions: ['prompt-tuning:memorize', 'prompt-tuning:memorisationLengths', 'prompt-tuning:sufficientPromptLength'], tests: ['packages/prompt-tuning/test/universality/memorize.test.ts', 'packages/prompt-tuning/test/universality/memorisationLengths.test.ts', 'packages/prompt-tuning/test/capacity/sufficientPromptLength.test.ts'], status: 'built', note: 'with a shorter prompt than the printed length; errata 1, 20' },
];

const efficiency: readonly Statement[] = [
  { id: 'Hypothesis 1', says: 'SETH: no algorithm beats exhaustive search on k-SAT by a fixed factor in the exponent, for all k', ...later, note: 'a conjecture; nothing to compute' },
  { id: 'Theorem 3.1', says: 'at B of the order of sqrt(log n) no sub-quadratic algorithm exists under SETH', functions: ['fast-attention:efficiencyCriterion'], tests: ['packages/fast-attention/test/criterion/efficiencyCriterion.test.ts'], status: 'part', note: 'which side of the criterion; a hardness result cannot be run; errata 3, 4' },
  { id: 'Theorem 3.2', says: 'below that order an almost linear algorithm exists', functions: ['fast-attention:attend', 'fast-attention:attendVjp', 'fast-attention:efficiencyCriterion', 'fast-attention:compilePrompt'], tests: ['packages/fast-attention/test/gradient/attendVjp.test.ts', 'packages/fast-attention/test/attend/attend.test.ts', 'packages/fast-attention/test/attend/adversarial.test.ts', 'packages/fast-attention/test/criterion/efficiencyCriterion.test.ts', 'packages/fast-attention/test/compiled/compilePrompt.test.ts'], status: 'built', note: 'the algorithm with the error it proves at the n at hand; errata 3, 4' },
];

const appendixB: readonly Statement[] = [
  { id: 'Theorem B.1', says: 'attention of any rank with feed-forward layers is universal, without prompts', functions: ['prompt-tuning:buildApproximator', 'prompt-tuning:universalityError'], tests: ['packages/prompt-tuning/test/universality/buildApproximator.test.ts', 'packages/prompt-tuning/test/universality/universalityError.test.ts'], status: 'part', note: 'with rank 1, which is all that head size 1 allows; errata 5, 6, 8, 16' },
  { id: 'Eq. (B.1)', says: 'one quantising layer: a jump built of four neurons', functions: ['ffn-constructions:deepQuantiser', 'ffn-constructions:applyStack'], tests: ['packages/ffn-constructions/test/deepQuantiser.test.ts'], status: 'built', note: 'errata 5, 6' },
];

const boltz = ['boltzmann:boltz'];
const boltzTest = ['packages/boltzmann/test/boltz.test.ts'];
const appendixC: readonly Statement[] = [
  { id: 'Definition C.1', says: 'softmax and the Boltzmann operator', functions: ['boltzmann:softmax', 'boltzmann:boltz'], tests: boltzTest, status: 'built' },
  { id: 'Eq. (C.1)', says: 'Boltz is the softmax-weighted mean', functions: boltz, tests: boltzTest, status: 'built' },
  { id: 'Eq. (C.2)', says: 'partition function and entropy', functions: ['boltzmann:logPartition', 'boltzmann:gibbsEntropy'], tests: boltzTest, status: 'built' },
  { id: 'Lemma C.1', says: 'Boltz is the log partition less the entropy', functions: ['boltzmann:lemmaC1', 'boltzmann:searchLemma'], tests: ['packages/boltzmann/test/lemmas/lemmaC1.test.ts'], status: 'built' },
  { id: 'Lemma C.2', says: 'Boltz falls in an entry that lies ln n + 1 below the largest', functions: ['boltzmann:lemmaC2', 'boltzmann:searchLemma'], tests: ['packages/boltzmann/test/lemmas/lemmaC2.test.ts'], status: 'built' },
  { id: 'Lemma C.3', says: 'Boltz is concave in an entry that lies ln n + 3 below the largest', functions: ['boltzmann:lemmaC3', 'boltzmann:searchLemma'], tests: ['packages/boltzmann/test/lemmas/lemmaC3.test.ts'], status: 'built' },
  { id: 'Lemma C.4', says: 'Boltz of a separated vector exceeds that of its flattened form', functions: ['boltzmann:lemmaC4', 'boltzmann:searchLemma'], tests: ['packages/boltzmann/test/lemmas/lemmaC4.test.ts'], status: 'built' },
  { id: 'Lemma C.5', says: 'more separated entries at the end lower Boltz', functions: ['boltzmann:lemmaC5', 'boltzmann:searchLemma'], tests: ['packages/boltzmann/test/lemmas/lemmaC5.test.ts'], status: 'built', note: 'errata 25' },
  { id: 'Lemma C.6', says: 'gap of Boltz when the largest entries differ', functions: ['boltzmann:lemmaC6', 'boltzmann:searchLemma'], tests: ['packages/boltzmann/test/lemmas/lemmaC6.test.ts'], status: 'built', note: 'errata 26' },
  { id: 'Lemma C.7', says: 'gap of Boltz when only the last entry differs', functions: ['boltzmann:lemmaC7', 'boltzmann:searchLemma'], tests: ['packages/boltzmann/test/lemmas/lemmaC7.test.ts'], status: 'built', note: 'errata 17' },
  { id: 'Lemma C.8', says: 'gap of Boltz when the first k entries agree', functions: ['boltzmann:lemmaC8', 'boltzmann:searchLemma'], tests: ['packages/boltzmann/test/lemmas/lemmaC8.test.ts'], status: 'built', note: 'errata 18' },
  { id: 'Lemma C.9', says: 'Boltz keeps separated vectors apart', functions: ['boltzmann:lemmaC9', 'boltzmann:searchLemma'], tests: ['packages/boltzmann/test/lemmas/lemmaC9.test.ts'], status: 'built', note: 'errata 19' },
  { id: 'Eq. (C.3)', says: 'Boltz is bounded by the largest absolute entry', functions: boltz, tests: boltzTest, status: 'built' },
  { id: 'Eq. (C.4)', says: 'the gap that Lemma C.9 promises', functions: ['boltzmann:lemmaC9'], tests: ['packages/boltzmann/test/lemmas/lemmaC9.test.ts'], status: 'built', note: 'errata 19' },
];

const appendixD: readonly Statement[] = [
  { id: 'Lemma D.1', says: 'a direction on which no difference of a finite set shrinks too much', functions: ['core-linalg:separatedDirection', 'core-linalg:gridDirection'], tests: ['packages/core-linalg/test/directions/separatedDirection.test.ts', 'packages/core-linalg/test/directions/gridDirection.test.ts'], status: 'built' },
  { id: 'Eq. (D.1)', says: 'that direction also keeps every token away from zero', functions: ['core-linalg:separatedDirection'], tests: ['packages/core-linalg/test/directions/separatedDirection.test.ts'], status: 'built' },
  { id: 'Lemma D.2', says: 'weights of rank rho whose scores are spaced by delta', functions: ['attention:anyRankWeights', 'attention:scoreSpacing'], tests: ['packages/attention/test/contextualMapping/anyRankWeights.test.ts'], status: 'built', note: 'errata 14' },
  { id: 'Eq. (D.3)', says: 'the attention output stays below a quarter of the separation', functions: ['attention:buildContextualMapping'], tests: ['packages/attention/test/contextualMapping/lemmaMode.test.ts'], status: 'built' },
  { id: 'Eq. (D.4)', says: 'so distinct tokens stay half the separation apart', functions: ['attention:buildContextualMapping'], tests: ['packages/attention/test/contextualMapping/lemmaMode.test.ts'], status: 'built' },
  { id: 'Eq. (D.6)', says: 'the spacing of scores that the weights give', functions: ['attention:scoreSpacing'], tests: ['packages/attention/test/contextualMapping/anyRankWeights.test.ts', 'packages/attention/test/contextualMapping/lemmaMode.test.ts'], status: 'built' },
  { id: 'Eq. (D.9)', says: 'Boltz tells two contexts of one token apart', functions: ['attention:buildContextualMapping'], tests: ['packages/attention/test/contextualMapping/lemmaMode.test.ts'], status: 'part', note: 'as the bound on the output that it leads to' },
  { id: 'Eq. (D.10) to (D.12)', says: 'the same gap carried to the attention output', functions: ['attention:buildContextualMapping', 'attention:certifyHead'], tests: ['packages/attention/test/contextualMapping/lemmaMode.test.ts', 'packages/attention/test/contextualMapping/certifyHead.test.ts'], status: 'built', note: 'errata 15' },
  { id: 'Lemma D.3', says: 'Lemma 2.2 restated', functions: ['attention:buildContextualMapping'], tests: ['packages/attention/test/contextualMapping/lemmaMode.test.ts', 'packages/attention/test/contextualMapping/buildContextualMapping.test.ts'], status: 'built', note: 'errata 14, 15, 23, 27' },
];

const appendixE: readonly Statement[] = [
  { id: 'Eq. (E.1)', says: 'the distance of two functions, as Eq. (1.2)', functions: ['prompt-tuning:cellDistance', 'prompt-tuning:sampledDistance'], tests: ['packages/prompt-tuning/test/universality/distance/cellDistance.test.ts', 'packages/prompt-tuning/test/universality/distance/sampledDistance.test.ts'], status: 'built' },
  { id: 'Lemma E.1', says: 'Lemma 2.3 restated: how many functions, how many prompts', functions: ['prompt-tuning:tableSurrogate', 'prompt-tuning:tableOf', 'prompt-tuning:promptOfTable', 'prompt-tuning:countQuantisedFunctions', 'prompt-tuning:countLipschitzFunctions', 'prompt-tuning:necessaryPromptLength'], tests: ['packages/prompt-tuning/test/universality/surrogate.test.ts', 'packages/prompt-tuning/test/universality/functionTable.test.ts', 'packages/prompt-tuning/test/universality/counting/countQuantisedFunctions.test.ts', 'packages/prompt-tuning/test/universality/counting/countLipschitzFunctions.test.ts', 'packages/prompt-tuning/test/universality/counting/necessaryPromptLength.test.ts'], status: 'built', note: 'errata 7, 20, 21' },
  { id: 'Eq. (E.2)', says: 'error of the quantised function', functions: ['prompt-tuning:errorBudget', 'prompt-tuning:gridForError', 'prompt-tuning:sufficientPromptLength'], tests: ['packages/prompt-tuning/test/universality/errorBudget.test.ts', 'packages/prompt-tuning/test/universality/functionTable.test.ts', 'packages/prompt-tuning/test/universality/distance/cellDistance.test.ts', 'packages/prompt-tuning/test/capacity/sufficientPromptLength.test.ts'], status: 'built', note: 'errata 7' },
  { id: 'Eq. (E.3)', says: 'the surrogate: the prompt picks the function', functions: ['prompt-tuning:tableSurrogate', 'prompt-tuning:applyTable'], tests: ['packages/prompt-tuning/test/universality/surrogate.test.ts', 'packages/prompt-tuning/test/universality/functionTable.test.ts'], status: 'built', note: 'errata 1' },
  { id: 'Lemma E.2', says: 'Lemma 2.4 restated, with the positional encoding', functions: ['prompt-tuning:buildUniversal'], tests: ['packages/prompt-tuning/test/universality/everyFunctionDeep.test.ts', 'packages/prompt-tuning/test/universality/everyFunctionDeepTwoTokens.test.ts', 'packages/prompt-tuning/test/universality/universalTransformer.test.ts', 'packages/prompt-tuning/test/universality/errata.test.ts'], status: 'built', note: 'errata 5, 6, 8' },
  { id: 'Eq. (E.4)', says: 'one quantising layer, as Eq. (B.1)', functions: ['ffn-constructions:deepQuantiser', 'ffn-constructions:applyStack'], tests: ['packages/ffn-constructions/test/deepQuantiser.test.ts'], status: 'built', note: 'errata 5, 6' },
  { id: 'Theorem E.1', says: 'Theorem 2.3 restated', functions: ['prompt-tuning:buildUniversal', 'prompt-tuning:promptFor', 'prompt-tuning:universalityError'], tests: ['packages/prompt-tuning/test/universality/everyFunctionDeep.test.ts', 'packages/prompt-tuning/test/universality/everyFunctionDeepTwoTokens.test.ts', 'packages/prompt-tuning/test/universality/universalTransformer.test.ts', 'packages/prompt-tuning/test/universality/universalityError.test.ts'], status: 'built', note: 'errata 1, 5 to 8' },
];

const appendixF: readonly Statement[] = [
  { id: 'Lemma F.1', says: 'Lemma 2.5 restated', functions: ['ffn-constructions:valueMapCost', 'ffn-constructions:deepValueMap', 'prompt-tuning:buildUniversal'], tests: ['packages/ffn-constructions/test/networkCost.test.ts', 'packages/prompt-tuning/test/universality/universalTransformer.test.ts'], status: 'part', note: 'the layers that are built, counted' },
  { id: 'Lemma F.2', says: 'quantiser, attention and bumps together equal the surrogate', functions: ['prompt-tuning:buildUniversal', 'ffn-constructions:quantiserNetwork', 'ffn-constructions:bumpNetwork', 'ffn-constructions:wideValueMap'], tests: ['packages/prompt-tuning/test/universality/everyFunctionWide.test.ts', 'packages/prompt-tuning/test/universality/errata.test.ts', 'packages/ffn-constructions/test/quantiserNetwork.test.ts', 'packages/ffn-constructions/test/bumpNetwork.test.ts', 'packages/ffn-constructions/test/wideValueMap.test.ts'], status: 'built', note: 'errata 8 to 12' },
  { id: 'Eq. (F.1)', says: 'a staircase as a sum of ReLU ramps', functions: ['ffn-constructions:stepNetwork', 'ffn-constructions:quantiserNetwork'], tests: ['packages/ffn-constructions/test/stepNetwork.test.ts', 'packages/ffn-constructions/test/quantiserNetwork.test.ts'], status: 'built', note: 'errata 9, 24' },
  { id: 'Eq. (F.2)', says: 'the staircase as a feed-forward layer', functions: ['ffn-constructions:quantiserNetwork'], tests: ['packages/ffn-constructions/test/quantiserNetwork.test.ts'], status: 'built', note: 'errata 9, 10, 24' },
  { id: 'Theorem F.1', says: 'Theorem 2.4 restated', functions: ['prompt-tuning:buildUniversal', 'prompt-tuning:promptFor', 'prompt-tuning:universalityError'], tests: ['packages/prompt-tuning/test/universality/everyFunctionWide.test.ts', 'packages/prompt-tuning/test/universality/universalTransformer.test.ts', 'packages/prompt-tuning/test/universality/universalityError.test.ts'], status: 'built', note: 'errata 1, 7 to 13' },
];

const appendixG: readonly Statement[] = [{ id: 'Theorem G.1', says: 'Theorem 2.5 restated', functions: ['prompt-tuning:memorize', 'prompt-tuning:memorisationLengths', 'prompt-tuning:sufficientPromptLength'], tests: ['packages/prompt-tuning/test/universality/memorize.test.ts', 'packages/prompt-tuning/test/universality/memorisationLengths.test.ts', 'packages/prompt-tuning/test/capacity/sufficientPromptLength.test.ts'], status: 'built', note: 'errata 1, 20' }];

const appendixH: readonly Statement[] = [
  { id: 'Definition H.1', says: 'approximate attention: the problem that Alman and Song study', functions: ['fast-attention:attend'], tests: ['packages/fast-attention/test/attend/attend.test.ts', 'packages/fast-attention/test/attend/adversarial.test.ts'], status: 'built' },
  { id: 'Lemma H.1', says: 'their upper bound: almost linear time below the threshold', functions: ['fast-attention:attend', 'fast-attention:efficiencyCriterion'], tests: ['packages/fast-attention/test/attend/attend.test.ts', 'packages/fast-attention/test/attend/adversarial.test.ts', 'packages/fast-attention/test/criterion/efficiencyCriterion.test.ts'], status: 'built', note: 'with C(d + g, g) monomials where theirs counts C(2 (d + g), 2 g)' },
  { id: 'Lemma H.2', says: 'their lower bound under SETH', ...later, note: 'a hardness result cannot be run' },
];

const appendixI: readonly Statement[] = [
  { id: 'Eq. (I.1)', says: 'the attention output that a label asks for', functions: ['attention:promptDecomposition'], tests: ['packages/attention/test/decomposition/promptDecomposition.test.ts'], status: 'part', note: 'read forwards: the label that an output gives; the feed-forward layer is not inverted' },
  { id: 'Eq. (I.2)', says: 'attention over [P, X] is a mean of attention over P and over X', functions: ['attention:promptDecomposition', 'attention:mergeAttention', 'fast-attention:attendWithCompiled'], tests: ['packages/attention/test/decomposition/promptDecomposition.test.ts', 'packages/attention/test/decomposition/mergeAttention.test.ts', 'packages/fast-attention/test/compiled/attendWithCompiled.test.ts'], status: 'built' },
  { id: 'Eq. (I.3)', says: 'what a prompt must satisfy to give one label', functions: ['attention:promptDecomposition'], tests: ['packages/attention/test/decomposition/promptDecomposition.test.ts'], status: 'part', note: 'the left side, and the label that it gives; the feed-forward layer is not inverted' },
  { id: 'Assumption I.1', says: 'labels in reach of the feed-forward layer, full-rank weights, distinct outputs', ...later, note: 'errata 22' },
  { id: 'Corollary I.0.1', says: 'two sequences with a shared token that no prompt memorises', ...later, note: 'errata 22' },
];

const appendixJ: readonly Statement[] = [
  { id: 'Eq. (J.1)', says: 'log of a softmax entry: score less log partition', ...later },
  { id: 'Eq. (J.2)', says: 'derivative of a softmax entry', functions: ['boltzmann:boltzHessian'], tests: boltzTest, status: 'part', note: 'inside the Hessian of Boltz' },
  { id: 'Eq. (J.3)', says: 'derivative of the entropy', ...later },
  { id: 'Eq. (J.4)', says: 'the flattened vector of Lemma C.6', functions: ['boltzmann:lemmaC4'], tests: ['packages/boltzmann/test/lemmas/lemmaC4.test.ts'], status: 'built' },
  { id: 'Eq. (J.5), (J.6)', says: 'the gap of Lemma C.8 written through Lemma C.7', ...later },
  { id: 'Eq. (J.7)', says: 'few directions shrink a given vector (for Lemma D.1)', functions: ['core-linalg:separatedDirection'], tests: ['packages/core-linalg/test/directions/separatedDirection.test.ts'], status: 'built' },
];

/** The parts of the paper with their statements. */
export const parts: readonly { readonly title: string; readonly statements: readonly Statement[] }[] = [
  { title: '1 Introduction', statements: introduction },
  { title: '2 Statistical limits', statements: universality },
  { title: '3 Computational limits', statements: efficiency },
  { title: 'B Any-rank universality', statements: appendixB },
  { title: 'C Boltzmann operator', statements: appendixC },
  { title: 'D Contextual mapping', statements: appendixD },
  { title: 'E Deep form', statements: appendixE },
  { title: 'F Wide form', statements: appendixF },
  { title: 'G Memory capacity', statements: appendixG },
  { title: 'H Fine-grained complexity', statements: appendixH },
  { title: 'I Limits of prompt tuning', statements: appendixI },
  { title: 'J Proofs for C and D', statements: appendixJ },
];
