import { refuse } from '@prompt-limits/core-linalg/files';
import { assertFileName, type ModelFiles } from './modelFiles.ts';

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init?: { method: 'HEAD' }) => Promise<Pick<Response, 'ok' | 'status' | 'arrayBuffer'>>;

/**
 * A folder on a web server, such as a Hugging Face repository's `.../resolve/main`.
 *
 * @param baseUrl - the folder's address
 * @param fetcher - `fetch`, or a replacement that caches, authorises or counts progress
 * @returns files that are read anew each time; `has` asks with HEAD and takes 404 and 410 for no
 *
 * @throws RangeError if baseUrl is no http, https or file address; later, if the server answers with another error status
 * @example
 * const files = filesFromUrl('https://example.org/model', async () => new Response('{}'));
 * (await files.read('config.json')).length; // => 2
 */
export function filesFromUrl(baseUrl: string | URL, fetcher: Fetch = (url, init) => fetch(url, init)): ModelFiles {
  const name = String(baseUrl).replace(/\/*$/, '/');
  if (!/^(https?|file):\/\/./i.test(name)) refuse('filesFromUrl', 'baseUrl must be an http, https or file address', String(baseUrl));
  const address = (file: string): string => {
    assertFileName('filesFromUrl', file);
    return name + file;
  };
  return {
    name,
    has: async (file) => {
      const { ok, status } = await fetcher(address(file), { method: 'HEAD' });
      if (!ok && status !== 404 && status !== 410) refuse(`has: ${name}${file}`, 'the status must tell whether the file exists', status);
      return ok;
    },
    read: async (file) => {
      const response = await fetcher(address(file));
      if (!response.ok) refuse(`read: ${name}${file}`, 'the server must send the file', `status ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}
