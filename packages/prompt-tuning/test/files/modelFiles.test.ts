import { describe, expect, test } from 'vitest';
import { filesFromUrl, type Fetch } from '../../src/files/filesFromUrl.ts';
import { filesFromMap } from '../../src/files/modelFiles.ts';

const OUTSIDE = ['../secret', '/etc/passwd', 'a/b', 'a\\b', '..', '.', '', '.hidden', 'a\0', 'C:x', 'a b', '%2e%2e', 'a?b'];

describe('filesFromMap', () => {
  test('holds texts as UTF-8 and bytes as they are', async () => {
    const files = filesFromMap('m', [['a.json', 'é'], ['b', Uint8Array.of(7)]]);
    expect([...(await files.read('a.json'))]).toEqual([0xc3, 0xa9]);
    expect([...(await files.read('b'))]).toEqual([7]);
    expect([await files.has('b'), await files.has('c'), await files.has('__proto__')]).toEqual([true, false, false]);
    await expect(files.read('c')).rejects.toThrow('read: m: the file must exist, got "c"');
  });

  test('takes plain names only', () => {
    for (const file of OUTSIDE) expect(() => filesFromMap('m', [[file, '']])).toThrow('filesFromMap: the file name must consist of');
  });
});

describe('filesFromUrl', () => {
  const calls: string[] = [];
  const server: Fetch = async (url, init) => {
    calls.push(`${init?.method ?? 'GET'} ${url}`);
    const status = url.endsWith('/here') ? 200 : url.endsWith('/gone') ? 410 : url.endsWith('/broken') ? 500 : 404;
    return new Response(status === 200 && !init ? 'text' : null, { status });
  };

  test('asks with HEAD, reads with GET, below one slash', async () => {
    const files = filesFromUrl('https://example.org/model//', server);
    expect(files.name).toBe('https://example.org/model/');
    expect([await files.has('here'), await files.has('gone'), await files.has('nowhere')]).toEqual([true, false, false]);
    expect(new TextDecoder().decode(await files.read('here'))).toBe('text');
    expect(calls).toEqual(['HEAD', 'HEAD', 'HEAD', 'GET'].map((m, i) => `${m} https://example.org/model/${['here', 'gone', 'nowhere', 'here'][i]}`));
  });

  test('names address and status where the server fails', async () => {
    const files = filesFromUrl(new URL('https://example.org/model'), server);
    await expect(files.read('nowhere')).rejects.toThrow('read: https://example.org/model/nowhere: the server must send the file, got "status 404"');
    await expect(files.has('broken')).rejects.toThrow('the status must tell whether the file exists, got 500');
  });

  test('takes plain names and web addresses only', async () => {
    const files = filesFromUrl('http://example.org', server);
    for (const file of OUTSIDE) await expect(files.read(file)).rejects.toThrow('filesFromUrl: the file name must consist of');
    for (const url of ['', 'model', 'javascript:alert(1)', 'https://']) expect(() => filesFromUrl(url, server)).toThrow('filesFromUrl: baseUrl must be');
  });
});
