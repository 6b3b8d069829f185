import { concatTokens, randomSource, type Tokens } from '@prompt-limits/core-linalg';
import { expectedTensors, forward, randomModel, softPrompt, type LlamaModel, type SoftPrompt } from '@prompt-limits/prompt-tuning';
import { describe, expect, test } from 'vitest';
import { limitsReport, LIMITS_REPORT_FORMAT, type LimitsReport } from '../../src/index.ts';

const IDS = [104, 105, 33, 7, 200];

function setUp(): { model: LlamaModel; prompt: SoftPrompt; report: LimitsReport } {
  const model = randomModel({ random: randomSource(5), config: { d: 18, layers: 3, heads: 6, keyHeads: 2, headSize: 4, r: 23, contextLength: 41 } });
  const prompt = softPrompt(model.embed([9, 250, 31]));
  return { model, prompt, report: limitsReport(model, prompt, { ids: IDS }) };
}

describe('limitsReport', () => {
  const { model, prompt, report } = setUp();

  test('is plain data: JSON keeps every field, and the same arguments give the same report', () => {
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(limitsReport(model, prompt, { ids: IDS })).toEqual(report);
    expect(report.format).toBe(LIMITS_REPORT_FORMAT);
  });

  test('probabilities are the softmax of the logits of the position before, the first of them the last soft token', () => {
    const logits = forward(model, concatTokens(model.embed([9, 250, 31]), model.embed(IDS)));
    let loss = 0;
    for (const [j, id] of IDS.entries()) {
      const row = Array.from(logits.data.subarray((2 + j) * logits.d, (3 + j) * logits.d));
      const probability = Math.exp(row[id]!) / row.reduce((sum, x) => sum + Math.exp(x), 0);
      expect(report.tokens[j]!.id).toBe(id);
      // The prompt went through Float32, the model computes in float64: relative error about 10^-7 a layer.
      expect(report.tokens[j]!.probability / probability).toBeCloseTo(1, 5);
      expect(report.tokens[j]!.correct).toBe(row.every((x, k) => k === id || x < row[id]!));
      loss -= Math.log(probability) / IDS.length;
    }
    expect(report.fit.loss).toBeCloseTo(loss, 5);
    expect(report.fit.perplexity).toBeCloseTo(Math.exp(loss), 3);
    expect(report.fit.accuracy).toBe(report.tokens.filter((t) => t.correct).length / IDS.length);
  });

  test('every head is measured on its own queries and the keys of its group', () => {
    const { heads, n, threshold, translation } = report.attention;
    expect(heads.map((h) => [h.layer, h.head])).toEqual([0, 1, 2].flatMap((l) => [0, 1, 2, 3, 4, 5].map((h) => [l, h])));
    expect(n).toBe(8);
    expect(threshold).toBeCloseTo(Math.sqrt(Math.log(8)), 15);
    const sequence: Tokens = concatTokens(model.embed([9, 250, 31]), model.embed(IDS));
    forward(model, sequence, {
      from: n,
      onAttention: (layer, { shape, q, k, v }) => {
        for (let head = 0; head < 6; head++) {
          const group = head < 3 ? 0 : 1;
          const of = (x: ArrayLike<number>, all: number, mine: number): number[] => Array.from({ length: n * 4 }, (_, i) => x[(Math.floor(i / 4) * all + mine) * 4 + (i % 4)]!);
          const largest = (x: number[]): number => Math.max(...x.map(Math.abs));
          const [Q, K, V] = [of(q, 6, head), of(k, 2, group), of(v, 2, group)];
          const facts = heads[layer * 6 + head]!;
          expect([facts.maxQuery, facts.maxKey, facts.maxValue]).toEqual([largest(Q), largest(K), largest(V)]);
          expect(facts.B).toBe(Math.max(largest(Q), largest(K), largest(V)));
          expect(facts.ratio).toBeCloseTo(facts.B / Math.sqrt(Math.log(n)), 12);
          expect(facts.scaledB).toBeCloseTo(Math.max(translation * Math.max(largest(Q), largest(K)), largest(V)), 12);
          expect(facts.side).toBe(facts.scaledB <= threshold ? 'within' : 'outside');
          const ranges = Array.from({ length: n }, (_, i) => {
            const scores = Array.from({ length: i + 1 }, (_unused, j) => shape.scale * [0, 1, 2, 3].reduce((s, c) => s + Q[i * 4 + c]! * K[j * 4 + c]!, 0));
            return [Math.min(...scores), Math.max(...scores)] as const;
          });
          // Four products and three sums in float64, twice: 20 ulp of scores below 30.
          expect(facts.lowestScore).toBeCloseTo(Math.min(...ranges.map((r) => r[0])), 11);
          expect(facts.highestScore).toBeCloseTo(Math.max(...ranges.map((r) => r[1])), 11);
          expect(facts.leastHalfWidth).toBeCloseTo(Math.max(...ranges.map((r) => (r[1] - r[0]) / 2)), 11);
          expect(facts.halfWidth).toBeGreaterThanOrEqual(facts.leastHalfWidth);
        }
      },
    });
    expect(report.attention.headsWithin).toBe(heads.filter((h) => h.scaledB <= threshold).length);
  });

  test('weights are counted as the files hold them', () => {
    const inFiles = [...expectedTensors(model.config)].reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(report.model.parameters).toBe(inFiles);
  });

  test('the counting bound is the least length with enough prompts', () => {
    const { counting } = report.length;
    const prompts = (length: number): bigint => 2n ** BigInt(length * 18 * counting.bitsPerValue);
    const texts = BigInt(model.config.vocabularySize) ** BigInt(IDS.length);
    expect(prompts(counting.length)).toBeGreaterThanOrEqual(texts);
    expect(prompts(counting.length - 1)).toBeLessThan(texts);
    expect(counting.textBits).toBeCloseTo(Math.log2(Number(texts)), 10);
    expect(counting.promptBits).toBe(3 * 18 * 32);
  });

  test('a report of a coarser prompt asks for more soft tokens', () => {
    const coarse = limitsReport(model, prompt, { ids: IDS }, { bitsPerValue: 0.5 });
    // 5 tokens of 8 bits against 18 values of half a bit: 40 / 9 = 4.4.
    expect(coarse.length.counting.length).toBe(5);
  });

  test('without the prompt a model reads the text after its start token', () => {
    const config = { d: 18, layers: 1, heads: 2, keyHeads: 1, headSize: 4, r: 7, contextLength: 11, bosToken: 3 };
    const started = randomModel({ random: randomSource(6), config });
    const logits = forward(started, started.embed([3, 65]));
    const nats = [65, 66].map((id, j) => {
      const row = Array.from(logits.data.subarray(j * logits.d, (j + 1) * logits.d));
      return Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[id]!;
    });
    const { fit } = limitsReport(started, softPrompt(started.embed([9])), { ids: [65, 66] });
    // Embeddings go through Float32 where a prompt is given: relative error about 10^-7.
    expect(fit.lossWithoutPrompt).toBeCloseTo((nats[0]! + nats[1]!) / 2, 5);
  });

  test('one token of text has nothing to predict without a prompt', () => {
    const { fit, tokens } = limitsReport(model, prompt, { ids: [65] });
    expect(fit).toMatchObject({ accuracyWithoutPrompt: null, lossWithoutPrompt: null });
    expect(tokens.map((t) => t.text)).toEqual(['A']);
  });

  test('what the caller knows of the run is kept, and progress reaches 1', () => {
    const seen: number[] = [];
    const tuning = { steps: 1, budget: 2, stopped: 'budget', bestStep: 1, milliseconds: 5, history: [{ step: 0, loss: 2, accuracy: 0 }] } as const;
    const options = { tuning, aborted: true, timings: { tuning: 5 }, runOptions: { seed: 3 }, createdAt: '2026-01-01T00:00:00Z', onProgress: (f: number) => seen.push(f) };
    expect(limitsReport(model, prompt, { ids: IDS, text: 'as given' }, options)).toMatchObject({ tuning, aborted: true, options: { seed: 3 }, text: 'as given' });
    expect(seen).toHaveLength(18);
    expect(seen.at(-1)).toBe(1);
  });

  test('refuses no text, a prompt of another width and what does not fit', () => {
    expect(() => limitsReport(model, prompt, { ids: [] })).toThrow(new RangeError('limitsReport: ids must hold at least one value, got none'));
    expect(() => limitsReport(model, prompt, { ids: Array.from({ length: 39 }, () => 1) })).toThrow('limitsReport: prompt and text must fit into the context of 41 tokens, got 3 + 39');
    const narrow = softPrompt({ d: 17, n: 1, data: new Float32Array(17) });
    expect(() => limitsReport(model, narrow, { ids: IDS })).toThrow("evaluatePrompt: the prompt must have the model's d = 18, got d = 17");
  });
});
