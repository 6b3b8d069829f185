/** Constants of Adam. */
export interface AdamOptions {
  /** Decay rates of the two moments, each in [0, 1). */
  readonly betas: readonly [number, number];
  /** Added to the root of the second moment, above 0. */
  readonly epsilon: number;
  /** Decoupled weight decay: each update also takes learningRate * weightDecay of the value away; at least 0. */
  readonly weightDecay: number;
}

/** Adam's moments for one array of parameters. */
export interface Adam {
  /**
   * One update in place:
   * $x \gets x - \eta \lambda x - \eta \hat m / (\sqrt{\hat v} + \epsilon)$ with
   * $m \gets \beta_1 m + (1 - \beta_1) g$, $v \gets \beta_2 v + (1 - \beta_2) g^2$,
   * $\hat m = m / (1 - \beta_1^t)$ and $\hat v = v / (1 - \beta_2^t)$ at update t = 1, 2, ...
   */
  update(x: Float64Array, gradient: Float64Array, learningRate: number): void;
}

/**
 * Adam with decoupled weight decay (Kingma and Ba 2015; Loshchilov and Hutter 2019), moments in float64.
 *
 * @param length - number of parameters
 */
export function createAdam(length: number, { betas: [beta1, beta2], epsilon, weightDecay }: AdamOptions): Adam {
  const first = new Float64Array(length);
  const second = new Float64Array(length);
  // beta^t, so that 1 - beta^t corrects the bias of moments that start at zero.
  let power1 = 1;
  let power2 = 1;
  return {
    update(x, gradient, learningRate) {
      power1 *= beta1;
      power2 *= beta2;
      for (let i = 0; i < length; i++) {
        const g = gradient[i]!;
        const m = (first[i] = beta1 * first[i]! + (1 - beta1) * g);
        const v = (second[i] = beta2 * second[i]! + (1 - beta2) * g * g);
        x[i]! -= learningRate * (weightDecay * x[i]! + m / (1 - power1) / (Math.sqrt(v / (1 - power2)) + epsilon));
      }
    },
  };
}
