import type { LimitsReport } from '@prompt-limits/bench';
import { headsGrid, headsStrip } from './headsPlot.ts';
import { cards, headline } from './headline.ts';
import { lossPlot } from './lossPlot.ts';
import { html, Markup } from './markup.ts';
import { SCRIPT, STYLE } from './style.ts';
import { headsTable, lengthTable, modelTable, runTable } from './tables.ts';
import { tokenBars, tokenText } from './tokensPlot.ts';
import { figure, operations, plural } from './words.ts';

/** The report as one HTML file: no request leaves it, so it opens from disk, prints, and can be mailed. */
export function reportPage(report: LimitsReport): string {
  const { model, attention, tokens, prompt, tuning, reproduction, aborted } = report;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Limits report: ${model.name}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>
<h1>${headline(report)}</h1>
<p class="lead">Limits report for a soft prompt on ${model.name}. A soft prompt is a row of trained vectors put in front of the input; the model itself is not changed (Definition 1.1 of <i>Fundamental Limits of Prompt Tuning Transformers</i>, ICLR 2025).</p>
${aborted ? html`<p class="warning">This run was stopped before its end. What follows is about the best prompt until then.</p>` : null}
${cards(report)}
</header>

<h2>The text, token by token</h2>
<p>Each token is predicted from the prompt and the true tokens before it. The colour is the probability that the model gives the true token.</p>
<figure>${tokenText(tokens)}</figure>
<figure>${tokenBars(tokens)}<figcaption>The same probabilities in the order of the text.</figcaption></figure>
${reproduction && !reproduction.exact ? html`<h3>What greedy decoding wrote</h3><p class="note">The first ${plural(reproduction.matchingTokens, 'token')} agree.</p><pre>${reproduction.generated}</pre>` : null}

${tuning ? html`<h2>How the prompt was found</h2>
<p>${plural(tuning.steps, 'step')} of gradient descent on the prompt's ${plural(prompt.parameters, 'number')}, with exact gradients through every layer of the frozen model. It ended because ${ENDED[tuning.stopped]}.</p>
<figure>${lossPlot(tuning)}</figure>` : null}

<h2>How long must a prompt be?</h2>
<p>Theory gives two figures, one on each side. Neither is about this text alone, and the gap between them is the honest state of knowledge.</p>
${lengthTable(report)}

<h2>The efficiency criterion, head by head</h2>
<p>Theorems 3.1 and 3.2 tie the cost of attention to B, the largest entry of Q, K and V, as n = L<sub>p</sub> + L grows. Here n = ${attention.n} and √ ln n = ${figure(attention.threshold)}.</p>
<p>The theorems rest on scores of the form q·k / d; this model computes ${String(attention.scale)} q·k. Multiplying Q and K by ${figure(attention.translation)} makes one of the other, so that a head's B can be compared. Read so, ${attention.headsWithin} of ${plural(attention.heads.length, 'head')} lie within the criterion; the median head's B is ${figure(attention.scaledRatios.median)} times √ ln n.</p>
<figure>${headsGrid(attention)}<figcaption>B / √ ln n with the tuned prompt, in the scale of the theorems. Green: at or below 1. Orange: above.</figcaption></figure>
<figure>${headsStrip(attention)}<figcaption>The same heads by layer, B itself on a log axis. Point at a dot for its figures.</figcaption></figure>
<h3>What this says, and what it does not</h3>
<ul>
<li><b>Within the criterion</b> (B grows more slowly than √ ln n): Theorem 3.2 gives an algorithm whose time grows almost like n instead of n². It speaks of growth; at n = ${attention.n} exact attention can still be the cheaper one, and the table compares the two in operations.</li>
<li><b>Beyond it</b> (B at a large enough multiple of √ ln n): Theorem 3.1 says that no algorithm can be fast and accurate on <i>all</i> inputs with such entries, if the Strong Exponential Time Hypothesis holds. It does not say that <i>this</i> head is hard, and it leaves the multiple open: 1 is our choice for a line.</li>
<li>One model at one length cannot show growth. The figures place each head; they prove nothing about longer inputs.</li>
<li>What a polynomial must cover is the range of the scores, and one vector may be taken from all keys first, because no softmax changes by it. The table gives the range before and after.</li>
<li>Degree, rank and near-linear cost are for a polynomial that replaces the exponential with an error of at most ${figure(attention.tolerance)} of the range of the values in the output.</li>
</ul>
${headsTable(report)}
<p class="note">Exact attention takes ${operations(attention.heads[0]?.exactCost ?? 0)} a head; the cost ratio is what near-linear attention would take, over that. Press a column's title to sort; point at a row for its verdict.</p>

<h2>The model and the prompt in figures</h2>
${modelTable(report)}

<h2>Take the prompt to Python</h2>
<p>The folder <code>adapter</code> beside this file is a PEFT adapter. It belongs to the model that it was tuned on, in the precision used here (Float32):</p>
<pre>${PYTHON(report)}</pre>
<p class="note">The text begins right after the last soft token, and PEFT wants at least one token of input: give it the first one and let the model go on.</p>

<h2>The run</h2>
${runTable(report)}
<footer>${report.format} · prompt-limits · the same figures as data: report.json</footer>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`.source;
}

const ENDED = {
  reproduced: 'the model reproduced the text',
  budget: 'the budget of steps was spent',
  aborted: 'it was stopped',
} as const;

function PYTHON({ options, tokens }: LimitsReport): string {
  const model = typeof options['model'] === 'string' ? options['model'] : 'the model folder';
  return `from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = ${pythonString(model)}
base = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
tokenizer = AutoTokenizer.from_pretrained(folder)
model = PeftModel.from_pretrained(base, "adapter")

start = tokenizer(${pythonString(tokens[0]?.text ?? '')}, return_tensors="pt", add_special_tokens=False)
out = model.generate(**start, max_new_tokens=${Math.max(1, tokens.length - 1)}, do_sample=False)
print(tokenizer.decode(out[0]))`;
}

/** A string literal that Python reads as the same text: JSON's escapes are Python's, but for surrogate pairs that it keeps apart. */
function pythonString(text: string): string {
  return JSON.stringify(text);
}
