/** Finds the examples of a text: the `@example`s of its TSDoc, or the `ts` fences of its Markdown. */
import ts from 'typescript';

/** A piece of code that documentation shows, and where it stands. */
export interface Example {
  /** Path of the file that holds it, relative to the repository root. */
  readonly file: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  /** What it documents: the name of a declaration, or `fence`. */
  readonly owner: string;
  /** The code as a reader sees it. */
  readonly code: string;
  /** False for a fence marked `no-run`. */
  readonly run: boolean;
}

interface Fence {
  readonly line: number;
  readonly code: string;
  readonly options: string;
}

const OPENING = /^\s*(`{3,}|~{3,})\s*(?:ts|typescript)\b(.*)$/;
const ANY_OPENING = /^\s*(`{3,}|~{3,})/;

/** The fences of a text that are TypeScript; a fence of another kind hides what it holds. */
function fences(lines: readonly string[], firstLine: number): Fence[] {
  const found: Fence[] = [];
  for (let i = 0; i < lines.length; i++) {
    const mark = ANY_OPENING.exec(lines[i]!)?.[1];
    if (mark === undefined) continue;
    const opening = OPENING.exec(lines[i]!);
    const start = i + 1;
    // CommonMark: a fence ends at a line of at least as many of the same character, or with the text.
    const closing = new RegExp(`^\\s*\\${mark[0]!}{${mark.length},}\\s*$`);
    for (i = start; i < lines.length && !closing.test(lines[i]!); i++);
    if (opening) found.push({ line: firstLine + start, code: lines.slice(start, i).join('\n'), options: opening[2]! });
  }
  return found;
}

/** The examples of a Markdown file: its `ts` fences. */
export function markdownExamples(file: string, text: string): Example[] {
  return fences(text.split(/\r?\n/), 1).map(({ line, code, options }) => ({
    file,
    line,
    owner: 'fence',
    code,
    run: !/\bno-run\b/.test(options),
  }));
}

/** The `@example` blocks of one doc comment: their fences, or all of the block where it has none. */
function blocks(comment: string, firstLine: number): Fence[] {
  const lines = comment.slice('/**'.length, -'*/'.length).split(/\r?\n/).map((l) => l.replace(/^\s*\* ?/, ''));
  const found: Fence[] = [];
  for (let i = 0; i < lines.length; i++) {
    const tag = /^\s*@example\b(.*)$/.exec(lines[i]!);
    if (!tag) continue;
    const start = i;
    let fenced = false;
    while (i + 1 < lines.length && (fenced || !/^\s*@[a-zA-Z]/.test(lines[i + 1]!))) {
      if (ANY_OPENING.test(lines[++i]!)) fenced = !fenced;
    }
    const body = [tag[1]!, ...lines.slice(start + 1, i + 1)];
    const inside = fences(body, firstLine + start);
    if (inside.length > 0) found.push(...inside);
    else found.push({ line: firstLine + start, code: body.join('\n'), options: '' });
  }
  return found;
}

/** The name that a declaration introduces; members read `Owner.member`. */
function nameOf(node: ts.Node): string {
  if (ts.isVariableStatement(node)) return nameOf(node.declarationList.declarations[0]!);
  const { name } = node as { name?: ts.Node };
  const own = name ? name.getText() : 'file';
  return ts.isClassElement(node) || ts.isTypeElement(node) ? `${nameOf(node.parent)}.${own}` : own;
}

/** The examples of a TypeScript file: every `@example` of every doc comment. */
export function sourceExamples(file: string, text: string): Example[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = new Map<number, Example[]>();
  const visit = (node: ts.Node): void => {
    for (const doc of (node as { jsDoc?: ts.JSDoc[] }).jsDoc ?? []) {
      const line = source.getLineAndCharacterOfPosition(doc.getStart()).line + 1;
      const examples = blocks(text.slice(doc.getStart(), doc.end), line);
      found.set(doc.pos, examples.map((e) => ({ file, line: e.line, owner: nameOf(node), code: e.code, run: !/\bno-run\b/.test(e.options) })));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...found.values()].flat();
}
