/** What the packages export: under which import, from which file, and whether it is a function. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** The repository root. */
export const root: string = resolve(import.meta.dirname, '../..');

/** A name that a package exports. */
export interface PublicName {
  /** The name that users import. */
  readonly name: string;
  /** What they import it from, such as `@prompt-limits/boltzmann`. */
  readonly specifier: string;
  /** Whether it is declared as a function, another value or a type. */
  readonly kind: 'function' | 'value' | 'type';
  /** The file that declares it, relative to the repository root. */
  readonly file: string;
  /** Its name there. */
  readonly local: string;
}

const modules = new Map<string, ts.SourceFile>();

function moduleAt(path: string): ts.SourceFile {
  let source = modules.get(path);
  if (!source) modules.set(path, (source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)));
  return source;
}

const isExported = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword) ?? false);

const isCallable = (node: ts.Expression | undefined): boolean => node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));

/** Every name that a module exports, followed to its declaration. Packages export by name, never by `*`. */
function exportsOf(path: string, specifier: string): PublicName[] {
  const found: PublicName[] = [];
  const declared = (name: string, kind: PublicName['kind']): void => {
    found.push({ name, specifier, kind, file: relative(root, path), local: name });
  };
  for (const s of moduleAt(path).statements) {
    if (ts.isExportDeclaration(s) && s.exportClause && ts.isNamedExports(s.exportClause) && s.moduleSpecifier && ts.isStringLiteral(s.moduleSpecifier)) {
      const from = join(dirname(path), s.moduleSpecifier.text);
      if (!s.moduleSpecifier.text.startsWith('.')) {
        for (const e of s.exportClause.elements) declared(e.name.text, s.isTypeOnly || e.isTypeOnly ? 'type' : 'value');
        continue;
      }
      const inner = new Map(exportsOf(from, specifier).map((e) => [e.name, e]));
      for (const e of s.exportClause.elements) {
        const target = inner.get((e.propertyName ?? e.name).text);
        if (target) found.push({ ...target, name: e.name.text });
      }
    } else if (isExported(s)) {
      if (ts.isFunctionDeclaration(s) && s.name) declared(s.name.text, 'function');
      else if (ts.isClassDeclaration(s) && s.name) declared(s.name.text, 'value');
      else if (ts.isInterfaceDeclaration(s) || ts.isTypeAliasDeclaration(s)) declared(s.name.text, 'type');
      else if (ts.isVariableStatement(s)) {
        for (const d of s.declarationList.declarations) if (ts.isIdentifier(d.name)) declared(d.name.text, isCallable(d.initializer) ? 'function' : 'value');
      }
    }
  }
  return found;
}

/** The folders of all packages, relative to the repository root. */
export const packageFolders = (): string[] => globSync('packages/*/package.json', { cwd: root }).map((p) => dirname(p)).sort();

/** The exports of every entry of a package. */
export function packageExports(folder: string): PublicName[] {
  const { name, exports = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as { name: string; exports?: Record<string, string | Record<string, string>> };
  return Object.entries(exports).flatMap(([entry, target]) => {
    const source = typeof target === 'object' ? target['@prompt-limits/source'] : undefined;
    return source === undefined ? [] : exportsOf(join(root, folder, source), join(name, entry));
  });
}

/** The exports of one file of a package, imported by their path: examples of functions that users never see. */
export const fileExports = (file: string): PublicName[] => exportsOf(join(root, file), join(root, file));
