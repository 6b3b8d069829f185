import { jsonFields, type JsonFields, refuse } from '@prompt-limits/core-linalg/files';

/**
 * Which values of a head of width s rotate together: 'half' pairs i with i + s/2 (Hugging Face's Llama),
 * 'interleaved' pairs 2i with 2i + 1 (Meta's original order).
 */
export type RopePairing = 'half' | 'interleaved';

/** Every rotary frequency divided by `factor`. */
export interface LinearRopeScaling {
  /** The scaling's name. */
  readonly type: 'linear';
  /** Divisor of the frequencies, at least 1. */
  readonly factor: number;
}

/**
 * Llama 3's scaling: frequencies whose wave is longer than originalContextLength / lowFrequencyFactor are divided by
 * `factor`, those shorter than originalContextLength / highFrequencyFactor are kept, those between are blended.
 */
export interface Llama3RopeScaling {
  /** The scaling's name. */
  readonly type: 'llama3';
  /** Divisor of the low frequencies, at least 1. */
  readonly factor: number;
  /** Bounds the low frequencies. */
  readonly lowFrequencyFactor: number;
  /** Bounds the high frequencies, above lowFrequencyFactor. */
  readonly highFrequencyFactor: number;
  /** Context length before the scaling. */
  readonly originalContextLength: number;
}

/** How rotary frequencies are stretched for a longer context. */
export type RopeScaling = LinearRopeScaling | Llama3RopeScaling;

/** The rotary part of a config. */
interface RopeConfig {
  readonly ropeTheta: number;
  readonly ropePairing: RopePairing;
  readonly ropeScaling: RopeScaling | null;
}

/**
 * The rotary settings of a config.json: `rope_theta` and `rope_scaling`, or newer configs' `rope_parameters` with both
 * in one; `rope_interleave` (or `rope_interleaved`) true for pairs of neighbours.
 */
export function parseRope(where: string, fields: JsonFields, contextLength: number): RopeConfig {
  const nested = fields.get('rope_parameters') ?? undefined;
  const outer = nested === undefined ? undefined : jsonFields(`${where}: rope_parameters`, nested);
  const theta = outer?.get('rope_theta') ?? fields.get('rope_theta') ?? 10_000;
  if (typeof theta !== 'number' || !(theta > 1 && theta < Infinity)) refuse(where, 'rope_theta must be a finite number above 1', theta);

  const partial = outer?.get('partial_rotary_factor') ?? fields.get('partial_rotary_factor') ?? 1;
  if (partial !== 1) refuse(where, 'partial_rotary_factor must be 1', partial);

  const interleaved = fields.get('rope_interleave') ?? fields.get('rope_interleaved') ?? false;
  if (typeof interleaved !== 'boolean') refuse(where, 'rope_interleave must be true or false', interleaved);

  const scaling = fields.get('rope_scaling') ?? undefined;
  const ropeScaling = scaling !== undefined ? parseScaling(`${where}: rope_scaling`, jsonFields(`${where}: rope_scaling`, scaling), contextLength)
    : outer ? parseScaling(`${where}: rope_parameters`, outer, contextLength) : null;
  return { ropeTheta: theta, ropePairing: interleaved ? 'interleaved' : 'half', ropeScaling };
}

function parseScaling(where: string, fields: JsonFields, contextLength: number): RopeScaling | null {
  const type = fields.get('rope_type') ?? fields.get('type') ?? 'default';
  if (type === 'default') return null;
  if (type !== 'linear' && type !== 'llama3') refuse(where, 'rope_type must be one of default, linear, llama3', type);
  const factor = atLeast(where, fields, 'factor', 1);
  if (type === 'linear') return { type, factor };

  const lowFrequencyFactor = atLeast(where, fields, 'low_freq_factor', Number.MIN_VALUE);
  const highFrequencyFactor = atLeast(where, fields, 'high_freq_factor', Number.MIN_VALUE);
  // The blend divides by their difference.
  if (highFrequencyFactor <= lowFrequencyFactor) {
    refuse(where, `high_freq_factor must be above low_freq_factor = ${lowFrequencyFactor}`, highFrequencyFactor);
  }
  const originalContextLength = atLeast(where, fields, 'original_max_position_embeddings', 1);
  if (!Number.isSafeInteger(originalContextLength) || originalContextLength > contextLength) {
    refuse(where, `original_max_position_embeddings must be an integer up to max_position_embeddings = ${contextLength}`, originalContextLength);
  }
  return { type, factor, lowFrequencyFactor, highFrequencyFactor, originalContextLength };
}

function atLeast(where: string, fields: JsonFields, key: string, low: number): number {
  const value = fields.get(key);
  if (typeof value !== 'number' || !(value >= low && value < Infinity)) {
    refuse(where, low === Number.MIN_VALUE ? `${key} must be a finite number above 0` : `${key} must be a finite number of at least ${low}`, value);
  }
  return value;
}
