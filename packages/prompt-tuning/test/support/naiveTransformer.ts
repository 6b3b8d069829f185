import type { LlamaConfig } from '../../src/llama/config.ts';

/**
 * Logits of every position in float64, written down from the formulas with nested arrays: no kernels, no tiles, no
 * cache, one full score matrix per head, and rotary embedding as a product of complex numbers.
 */
export function naiveLogits(config: LlamaConfig, values: (name: string) => ArrayLike<number>, embeddings: readonly (readonly number[])[]): number[][] {
  const { heads, keyHeads, headSize: s, rmsEpsilon, ropeTheta, ropeScaling, ropePairing } = config;
  const times = (name: string, x: readonly number[]): number[] => {
    const w = values(name);
    return Array.from({ length: w.length / x.length }, (_, o) => x.reduce((sum, xi, i) => sum + w[o * x.length + i]! * xi, 0));
  };
  const norm = (name: string, x: readonly number[]): number[] => {
    const rms = Math.sqrt(x.reduce((sum, xi) => sum + xi * xi, 0) / x.length + rmsEpsilon);
    return x.map((xi, i) => (xi / rms) * values(name)[i]!);
  };
  const turned = (x: readonly number[], position: number): number[] => {
    const y = [...x];
    for (let i = 0; i < s / 2; i++) {
      if (ropeScaling?.type === 'llama3') throw new Error('the naive transformer scales linearly only');
      const angle = (position / (ropeScaling?.factor ?? 1)) * Math.exp((-2 * i * Math.log(ropeTheta)) / s);
      const [a, b] = ropePairing === 'half' ? [i, i + s / 2] : [2 * i, 2 * i + 1];
      const length = Math.hypot(x[a]!, x[b]!);
      const phase = Math.atan2(x[b]!, x[a]!) + angle;
      y[a] = length * Math.cos(phase);
      y[b] = length * Math.sin(phase);
    }
    return y;
  };
  const head = (x: readonly number[], a: number): number[] => x.slice(a * s, (a + 1) * s);
  const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, xi, i) => sum + xi * y[i]!, 0);

  let tokens = embeddings.map((x) => [...x]);
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}.`;
    const h = tokens.map((x) => norm(`${at}input_layernorm.weight`, x));
    const [q, k, v] = ['q', 'k', 'v'].map((p) => h.map((x) => times(`${at}self_attn.${p}_proj.weight`, x))) as [number[][], number[][], number[][]];
    const middle = tokens.map((x, i) => {
      const mixed: number[] = [];
      for (let a = 0; a < heads; a++) {
        const b = Math.floor((a * keyHeads) / heads);
        const query = turned(head(q[i]!, a), i);
        const scores = k.slice(0, i + 1).map((key, j) => dot(query, turned(head(key, b), j)) / Math.sqrt(s));
        const weights = scores.map((score) => Math.exp(score - Math.max(...scores)));
        const total = weights.reduce((sum, w) => sum + w, 0);
        for (let c = 0; c < s; c++) mixed.push(weights.reduce((sum, w, j) => sum + (w / total) * v[j]![b * s + c]!, 0));
      }
      const out = times(`${at}self_attn.o_proj.weight`, mixed);
      return x.map((xi, c) => xi + out[c]!);
    });
    tokens = middle.map((x) => {
      const g = norm(`${at}post_attention_layernorm.weight`, x);
      const up = times(`${at}mlp.up_proj.weight`, g);
      const gated = times(`${at}mlp.gate_proj.weight`, g).map((t, i) => (t / (1 + Math.exp(-t))) * up[i]!);
      const out = times(`${at}mlp.down_proj.weight`, gated);
      return x.map((xi, c) => xi + out[c]!);
    });
  }
  const last = tokens.map((x) => norm('model.norm.weight', x));
  return last.map((x) => times(config.tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight', x));
}
