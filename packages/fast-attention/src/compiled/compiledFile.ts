import { createPlainKernels, monomialSet, type Kernels } from '@prompt-limits/core-linalg';
import { jsonFields, parseJson, parseSafetensors, refuse, tensorFloat64Values, tensorValues, tensorView, writeSafetensors, type JsonFields, type SafetensorsFile, type TensorView } from '@prompt-limits/core-linalg/files';
import { distanceUp } from './promptTokens.ts';
import { monomialCount } from '../polynomial/monomialCount.ts';
import { largestMinimaxHalfWidth } from '../polynomial/minimaxExp.ts';
import { certified, compiledFrom, insideOf, type CompiledPrompt, type CompiledSource } from './compiledPrompt.ts';
import { scoreHalfWidth, stateNorms, type CompiledHead } from './compiledHead.ts';
import { crc32 } from './crc32.ts';
import { storageError } from './foldTokens.ts';
import { assertRank } from './frames.ts';

const FORMAT = 'prompt-limits compiled prompt';
const VERSION = '1';
const NO_CHECKSUM = '00000000';

/** Tensors of a head: name, and shape from d, dv and the degree; all F64 but the state. */
const LAYOUT = {
  queryCentre: (d: number): number[] => [d],
  keyCentre: (d: number): number[] => [d],
  frame: (): number[] => [3],
  values: (_d: number, dv: number): number[] => [4, dv],
  coefficients: (_d: number, _dv: number, degree: number): number[] => [degree + 1],
  errors: (_d: number, dv: number, degree: number): number[] => [degree + 1, dv + 1],
  state: (d: number, dv: number, degree: number): number[] => [Number(monomialCount(d, degree)), dv + 1],
} as const;

/** Options of `loadCompiledPrompt`. */
export interface LoadOptions {
  /** For which the certificate is made; plain ones in the precision of those that compiled the prompt unless given. */
  readonly kernels?: Kernels;
  /** How errors call the file. */
  readonly name?: string;
}

type TensorName = keyof typeof LAYOUT;

/**
 * A compiled prompt as a safetensors file: for each key head the Float32 state and, in Float64, everything its certificate is derived from.
 * The metadata hold format, version, sizes, the certificate and a CRC-32 over the whole file. A kept prompt is not saved.
 *
 * @param compiled - from `compilePrompt`, `appendToCompiled`, `mergeCompiled` or `loadCompiledPrompt`
 * @returns the bytes of the file, the same for the same prompt
 *
 * @throws TypeError if `compiled` is no compiled prompt
 * @example
 * import { tokens } from '@prompt-limits/core-linalg';
 * const prompt = { keys: tokens(1, Float64Array.of(0, 1)), values: tokens(1, Float64Array.of(0, 2)) };
 * const compiled = compilePrompt({ ...prompt, scale: 1, queryRadius: 1, tolerance: 1e-3 });
 * loadCompiledPrompt(saveCompiledPrompt(compiled)).certificate.relative === compiled.certificate.relative; // => true
 */
export function saveCompiledPrompt(compiled: CompiledPrompt): Uint8Array {
  const { kernels } = insideOf('saveCompiledPrompt', compiled);
  const { tokens, d, dv, heads, keyHeads, degree, scale, tolerance, certificate, parts } = compiled;
  const tensors = parts.flatMap((part, a) => {
    const values: Record<TensorName, Float64Array | Float32Array> = {
      queryCentre: part.queryCentre,
      keyCentre: part.keyCentre,
      frame: Float64Array.of(part.queryRadius, part.keyRadius, part.shift),
      values: Float64Array.of(...part.middle, ...part.width, ...part.low, ...part.high),
      coefficients: part.coefficients,
      errors: part.errors,
      state: part.state,
    };
    return (Object.keys(LAYOUT) as TensorName[]).map((name) => tensorView(`head.${a}.${name}`, LAYOUT[name](d, dv, degree), values[name]));
  });
  const { relative, bound } = certificate;
  const fields = JSON.stringify({ tokens, d, dv, heads, keyHeads, degree, scale, tolerance, precision: kernels.precision, relative, bound });
  return sealed(tensors, fields).file;
}

/** The file and its checksum: the CRC of the same file with zeros in place of the checksum. */
function sealed(tensors: readonly TensorView[], fields: string): { file: Uint8Array; checksum: string } {
  const written = (checksum: string): Uint8Array => writeSafetensors(tensors, [['format', FORMAT], ['version', VERSION], ['fields', fields], ['checksum', checksum]]);
  const checksum = crc32(written(NO_CHECKSUM)).toString(16).padStart(8, '0');
  return { file: written(checksum), checksum };
}

/**
 * Reads what `saveCompiledPrompt` wrote; the file may come from anyone.
 *
 * Every size is checked against the bytes that are there before anything is made of them, the file has to be the one that
 * `saveCompiledPrompt` writes for its content, and its CRC-32 has to fit: that finds accidents. The certificate is derived again from the
 * state, the polynomial and the errors: a file whose certificate is smaller than that is refused, and so are errors smaller than storing
 * this state in Float32 has cost. What the prompt's keys and values were, and what folding them cost beyond that, only the prompt itself
 * could tell: whoever writes files on purpose can lie about these.
 *
 * @param bytes - the whole file
 * @param options - kernels for the certificate, and a name for errors
 * @returns the compiled prompt, without a kept prompt
 *
 * @throws TypeError if `bytes` is no Uint8Array
 * @throws RangeError naming file, field and value for anything that is not as written, another version, or a certificate that is too small
 * @example
 * loadCompiledPrompt(new Uint8Array(4)); // throws RangeError: parseSafetensors: compiled prompt: the file must begin with 8 bytes of header length, got 4
 */
export function loadCompiledPrompt(bytes: Uint8Array, options: LoadOptions = {}): CompiledPrompt {
  const { name = 'compiled prompt', kernels } = options;
  const fn = 'loadCompiledPrompt';
  const where = `${fn}: ${name}`;
  const file = parseSafetensors(bytes, name);
  const meta = (key: string): string => file.metadata.get(key) ?? refuse(where, `metadata must hold ${key}`);
  if (meta('format') !== FORMAT) refuse(where, `format must be "${FORMAT}"`, meta('format'));
  if (meta('version') !== VERSION) refuse(where, `version must be ${VERSION}`, meta('version'));
  const again = sealed([...file.tensors.values()], meta('fields'));
  if (meta('checksum') !== again.checksum) refuse(where, `checksum must be ${again.checksum} for this content`, meta('checksum'));
  if (bytes.length !== again.file.length || again.file.some((byte, i) => byte !== bytes[i])) refuse(where, 'the file must be written as saveCompiledPrompt writes it');

  const fields = jsonFields(`${where}: fields`, parseJson(`${where}: fields`, new TextEncoder().encode(meta('fields'))));
  const integer = (key: string, low: number, high: number): number => numberField(where, fields, key, (x) => Number.isSafeInteger(x) && x >= low && x <= high, `an integer from ${low} to ${high}`);
  const [tokens, d, dv, heads, keyHeads, degree] = [
    integer('tokens', 1, Number.MAX_SAFE_INTEGER), integer('d', 1, 2 ** 24), integer('dv', 1, 2 ** 24),
    integer('heads', 1, 2 ** 24), integer('keyHeads', 1, 2 ** 24), integer('degree', 0, 64),
  ];
  if (heads % keyHeads !== 0) refuse(where, `keyHeads must divide heads = ${heads}`, keyHeads);
  const scale = numberField(where, fields, 'scale', Number.isFinite, 'finite');
  const tolerance = numberField(where, fields, 'tolerance', (x) => x > 0 && x < 1, 'above 0 and below 1');
  const relative = numberField(where, fields, 'relative', (x) => x >= 0 && x <= tolerance, 'from 0 to the tolerance');
  const bound = numberField(where, fields, 'bound', (x) => x >= 0 && x < Infinity, 'finite and at least 0');
  const precision = fields.get('precision');
  if (precision !== 'float32' && precision !== 'float64') refuse(where, 'precision must be float32 or float64', precision);
  if (fields.size !== 11) refuse(where, 'fields must hold 11 members', fields.size);
  const tensorCount = keyHeads * Object.keys(LAYOUT).length;
  if (file.tensors.size !== tensorCount) refuse(where, `${tensorCount} tensors are needed for ${keyHeads} key heads`, file.tensors.size);

  // Shapes are compared before the monomials are listed, so their number is at most that of the values in the file.
  const views = Array.from({ length: keyHeads }, (_, a) => tensorsOf(where, file, a, [d, dv, degree]));
  assertRank(where, d, dv, degree);
  const set = monomialSet(d, degree);
  const parts = views.map((tensors, a) => headOf(`${where}: head ${a}`, tensors, dv));
  for (const [a, part] of parts.entries()) {
    const place = `${where}: head ${a}`;
    const halfWidth = scoreHalfWidth(scale, d, part);
    if (!(halfWidth <= largestMinimaxHalfWidth)) refuse(place, `|scale| queryRadius keyRadius must be at most ${largestMinimaxHalfWidth}`, halfWidth);
    const kappa = Math.abs(scale) * distanceUp(part.queryCentre, 0, new Float64Array(d)) * part.keyRadius;
    if (!(Math.abs(part.shift) <= kappa * (1 + 1e-9))) refuse(place, `shift must be at most ${kappa} in absolute value`, part.shift);
    const norms = stateNorms(set, dv + 1, part.state);
    part.errors.forEach((error, i) => {
      const least = storageError(d, Math.floor(i / (dv + 1)), norms[i]!);
      if (!(error >= least * (1 - 1e-12))) refuse(place, `errors[${i}] must be at least ${least}, what storing the state costs`, error);
    });
  }
  const source: CompiledSource = { set, tokens, heads, scale, tolerance, parts, kept: null };
  const compiled = certified(where, compiledFrom(source, createPlainKernels({ precision })));
  for (const [key, stored, derived] of [['relative', relative, compiled.certificate.relative], ['bound', bound, compiled.certificate.bound]] as const) {
    // Engines may differ by some ulps in exponentials.
    if (!(stored >= derived * (1 - 1e-9))) refuse(where, `${key} must be at least ${derived}, which the state proves`, stored);
  }
  return kernels === undefined ? compiled : certified(where, compiledFrom(source, kernels));
}

function numberField(where: string, fields: JsonFields, key: string, holds: (x: number) => boolean, requirement: string): number {
  const value = fields.get(key);
  if (typeof value !== 'number' || !holds(value)) refuse(where, `${key} must be ${requirement}`, value);
  return value;
}

/** The tensors of a head, each of the dtype and shape that the sizes ask for. */
function tensorsOf(where: string, file: SafetensorsFile, head: number, [d, dv, degree]: [number, number, number]): Record<TensorName, TensorView> {
  const found = (Object.keys(LAYOUT) as TensorName[]).map((name) => {
    const view = file.tensors.get(`head.${head}.${name}`);
    const shape = LAYOUT[name](d, dv, degree);
    const dtype = name === 'state' ? 'F32' : 'F64';
    const place = `${where}: tensor head.${head}.${name}`;
    if (view === undefined) refuse(place, 'the tensor must be there');
    if (view.dtype !== dtype) refuse(place, `dtype must be ${dtype}`, view.dtype);
    if (view.shape.join(' x ') !== shape.join(' x ')) refuse(place, `shape must be ${shape.join(' x ')}`, view.shape.join(' x '));
    return [name, view] as const;
  });
  return Object.fromEntries(found) as Record<TensorName, TensorView>;
}

/** A head from its tensors, copied, every number finite and in the order that it has to have. */
function headOf(where: string, tensors: Record<TensorName, TensorView>, dv: number): CompiledHead {
  const values = (name: TensorName): Float64Array => {
    const list = tensorFloat64Values(tensors[name]).slice();
    const at = list.findIndex((x) => !(Math.abs(x) <= 2 ** 400));
    if (at >= 0) refuse(where, `${name}[${at}] must be finite and at most 2^400`, list[at]);
    return list;
  };
  const state = tensorValues(tensors.state).slice();
  const odd = state.findIndex((x) => !Number.isFinite(x));
  if (odd >= 0) refuse(where, `state[${odd}] must be finite`, state[odd]);
  const [queryRadius, keyRadius, shift] = values('frame') as unknown as [number, number, number];
  if (!(queryRadius > 0)) refuse(where, 'queryRadius must be above 0', queryRadius);
  if (!(keyRadius >= 0)) refuse(where, 'keyRadius must be at least 0', keyRadius);
  const rows = values('values');
  const [middle, width, low, high] = [0, 1, 2, 3].map((row) => rows.slice(row * dv, (row + 1) * dv)) as [Float64Array, Float64Array, Float64Array, Float64Array];
  for (let c = 0; c < dv; c++) {
    if (!(low[c]! <= middle[c]! && middle[c]! <= high[c]!)) refuse(where, `low <= middle <= high must hold in row ${c}`, middle[c]);
    if (!(width[c]! > 0 || (width[c] === 0 && low[c] === high[c]))) refuse(where, `width[${c}] must be above 0, or 0 for a row of equal values`, width[c]);
  }
  const coefficients = values('coefficients');
  if (!(coefficients[0]! > 0)) refuse(where, 'coefficients[0] must be above 0', coefficients[0]);
  const errors = values('errors');
  return { queryCentre: values('queryCentre'), queryRadius, keyCentre: values('keyCentre'), keyRadius, shift, middle, width, low, high, coefficients, state, errors };
}
