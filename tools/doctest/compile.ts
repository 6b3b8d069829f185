/**
 * Turns an example into a module that checks itself. `expr; // => value` becomes a comparison,
 * `const x = expr; // => value` keeps the constant and compares it, `expr; // throws RangeError: part` expects the
 * error; all other statements just run. The parser of TypeScript finds the statements, so strings and templates
 * may hold anything.
 */
import ts from 'typescript';
import type { Example } from './parse.ts';

/** A module that checks itself, and how many assertions it makes. */
export interface Compiled {
  readonly source: string;
  readonly assertions: number;
}

/** The import line for a name that the example uses and does not declare; undefined to leave it alone. */
export type Provide = (name: string) => string | undefined;

const ASSERTION = /^\/\/\s*(?:=>\s*(?<value>.*)|throws (?<error>\w*Error)(?:: (?<part>.*))?)$/;
const ANYWHERE = /\/\/\s*(?:=>|throws \w*Error)/;

/** Half a unit of the last printed digit, or 0 for an integer, which is compared exactly. */
export function halfUnit(literal: string): number {
  const match = /^\d*(?<point>\.(?<fraction>\d*))?(?:e(?<exponent>[+-]?\d+))?$/i.exec(literal.replaceAll('_', ''));
  if (!match) return 0; // hexadecimal, octal, binary, bigint
  const { point, fraction = '', exponent = '0' } = match.groups!;
  const power = Number(exponent) - fraction.length;
  return point === undefined && power >= 0 ? 0 : Number(`5e${power - 1}`);
}

/** The expected value as code: decimals become `$near(value, half)`, wherever arrays and objects hold them. */
function expectation(node: ts.Expression): string {
  const negative = ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken;
  const number = negative ? node.operand : node;
  if (ts.isNumericLiteral(number)) {
    const half = halfUnit(number.getText());
    return half === 0 ? node.getText() : `$near(${node.getText()}, ${half})`;
  }
  if (ts.isParenthesizedExpression(node)) return expectation(node.expression);
  if (ts.isArrayLiteralExpression(node)) return `[${node.elements.map(expectation).join(', ')}]`;
  if (ts.isObjectLiteralExpression(node)) {
    return `{ ${node.properties.map((p) => (ts.isPropertyAssignment(p) ? `${p.name.getText()}: ${expectation(p.initializer)}` : p.getText())).join(', ')} }`;
  }
  return node.getText();
}

/** Parses code, or throws at its first syntax error. */
function parse(code: string, where: (line: number) => string): ts.SourceFile {
  const { diagnostics } = ts.transpileModule(code, { reportDiagnostics: true, compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext } });
  for (const d of diagnostics ?? []) {
    const line = d.file && d.start !== undefined ? d.file.getLineAndCharacterOfPosition(d.start).line : 0;
    throw new SyntaxError(`${where(line)}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`);
  }
  return ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true);
}

function expectedValue(printed: string, where: string): string {
  const source = parse(`(${printed}\n);`, () => `${where}: "${printed}" is no value`);
  const [statement, ...more] = source.statements;
  if (!statement || more.length > 0 || !ts.isExpressionStatement(statement) || !ts.isParenthesizedExpression(statement.expression)) {
    throw new SyntaxError(`${where}: "${printed}" is no value`);
  }
  return expectation(statement.expression);
}

/** Names that the code reads and does not declare. */
function freeNames(source: ts.SourceFile): string[] {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const names = (parent as { name?: ts.Node }).name === node;
      if (names && ts.isShorthandPropertyAssignment(parent)) used.add(node.text);
      else if (names && (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent))) return;
      else if (names) declared.add(node.text);
      else used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...used].filter((name) => !declared.has(name));
}

/** Compiles an example; `provide` names the imports that the reader need not see. */
export function compile(example: Example, runtime: string, provide: Provide = () => undefined): Compiled {
  const { code } = example;
  const at = (line: number): string => `${example.file}:${example.line + line}`;
  const source = parse(code, at);
  const insertions: { at: number; text: string }[] = [];
  const covered: [number, number][] = [];
  let assertions = 0;

  const compileStatement = (node: ts.ExpressionStatement | ts.VariableStatement): void => {
    for (const comment of ts.getTrailingCommentRanges(code, node.end) ?? []) {
      const text = code.slice(comment.pos, comment.end).trimEnd();
      const { value, error, part = '' } = ASSERTION.exec(text)?.groups ?? {};
      if (value === undefined && error === undefined) continue;
      covered.push([comment.pos, comment.end]);
      assertions++;
      const where = at(source.getLineAndCharacterOfPosition(comment.pos).line);
      const place = JSON.stringify(where);
      if (error !== undefined) {
        const tail = `, ${JSON.stringify(error)}, ${JSON.stringify(part)}, ${place})`;
        const [open, close, body] = ts.isExpressionStatement(node) ? ['(', ')', node.expression] : ['{', '}', node];
        insertions.push({ at: node.getStart(), text: `await $throws(async () => ${open}` }, { at: body.end, text: `${close}${tail}${ts.isExpressionStatement(node) ? '' : ';'}` });
        continue;
      }
      const tail = `, ${expectedValue(value!, where)}, ${place}, ${JSON.stringify(value)})`;
      if (ts.isExpressionStatement(node)) {
        insertions.push({ at: node.getStart(), text: '$check((' }, { at: node.expression.end, text: `)${tail}` });
      } else {
        const [declaration, ...more] = node.declarationList.declarations;
        if (more.length > 0 || !ts.isIdentifier(declaration!.name)) throw new SyntaxError(`${where}: a printed value needs one name before it`);
        insertions.push({ at: node.end, text: `; $check(${declaration!.name.text}${tail};` });
      }
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node) || ts.isVariableStatement(node)) compileStatement(node);
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node) || node.kind === ts.SyntaxKind.RegularExpressionLiteral) {
      covered.push([node.getStart(), node.end]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);

  // An assertion that no statement claimed would silently check nothing.
  let rest = code;
  for (const [from, to] of covered) rest = rest.slice(0, from) + ' '.repeat(to - from) + rest.slice(to);
  const stray = ANYWHERE.exec(rest);
  if (stray) throw new SyntaxError(`${at(source.getLineAndCharacterOfPosition(stray.index).line)}: the printed value follows no statement`);

  let body = code;
  // From the end, so that earlier places keep their offsets; at one place the later insertion comes out last.
  for (const { at: place, text } of insertions.toSorted((a, b) => a.at - b.at).toReversed()) body = body.slice(0, place) + text + body.slice(place);
  const imports = freeNames(source).map(provide).filter((line) => line !== undefined);
  return { source: [`import { check as $check, near as $near, throws as $throws } from ${JSON.stringify(runtime)};`, ...imports, body, 'void [$check, $near, $throws];', ''].join('\n'), assertions };
}
