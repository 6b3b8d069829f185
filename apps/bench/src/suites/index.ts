import { attentionExact } from './attentionExact.ts';
import { certificates } from './certificates.ts';
import { compiledPrompt } from './compiledPrompt.ts';
import { contextualMap } from './contextualMap.ts';
import { fastAttention } from './fastAttention.ts';
import { gradient } from './gradient.ts';
import { kernels } from './kernels.ts';
import { lemmas } from './lemmas.ts';
import { memorize } from './memorize.ts';
import { phase } from './phase.ts';
import { tuneStep } from './tuneStep.ts';
import { universality } from './universality.ts';
import { widthDepth } from './widthDepth.ts';
import type { Suite } from './suite.ts';

/** Every suite, in the order of the list that `prompt-limits bench` prints. */
export const suites: readonly Suite[] = [kernels, attentionExact, tuneStep, lemmas, contextualMap, fastAttention, phase, certificates, gradient, compiledPrompt, universality, memorize, widthDepth];
