// TypeDoc puts the functions of a package with one entry beside its page, those of several entries under each entry.
const entries: Readonly<Record<string, string>> = { 'prompt-tuning': 'index/', bench: 'index/', 'core-linalg': 'index/' };

/** The API page of a function named `package:name`. */
export function apiPath(name: string): string {
  const [folder = '', fn = ''] = name.split(':');
  return `/api/@prompt-limits/${folder}/${entries[folder] ?? ''}functions/${fn}`;
}
