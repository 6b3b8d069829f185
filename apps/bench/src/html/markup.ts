/** Markup that is ready for the page. */
export class Markup {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

type Part = string | number | Markup | readonly Markup[] | null;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text that HTML and SVG show as it is. Control characters that HTML forbids become U+FFFD. */
export function escapeText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the characters that must not reach the page
  return text.replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g, '\uFFFD').replaceAll(/[&<>"']/g, (c) => ENTITIES[c]!);
}

/** Markup from a template: everything that is put in is escaped unless it is Markup itself; null puts in nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let source = strings[0]!;
  for (const [i, part] of parts.entries()) source += show(part) + strings[i + 1]!;
  return new Markup(source);
}

function show(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.source;
  if (Array.isArray(part)) return (part as readonly Markup[]).map((m) => m.source).join('');
  return escapeText(String(part));
}
