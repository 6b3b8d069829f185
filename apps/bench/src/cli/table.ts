/** A value of a table: numbers stand to the right, null is left empty, vectors are shown as JSON. */
export type Cell = string | number | null | readonly (readonly number[])[];

/** A row of a suite: column name to value. */
export type Row = Readonly<Record<string, Cell>>;

/** A number with four significant digits and no exponent where one is not needed. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0 || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(1);
  return size >= 1000 ? value.toFixed(0) : value.toPrecision(size >= 100 ? 4 : 3);
}

/** Rows as lines of text, columns in the order of their first appearance, widths fitted. */
export function formatTable(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const text = rows.map((row) => columns.map((c) => show(row[c] ?? null)));
  const widths = columns.map((c, i) => Math.max(c.length, ...text.map((line) => line[i]!.length)));
  const numeric = columns.map((c) => rows.some((row) => typeof row[c] === 'number'));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (numeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  ').trimEnd();
  return [line(columns), line(widths.map((w) => '-'.repeat(w))), ...text.map(line)].join('\n');
}

function show(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'object') return cut(JSON.stringify(cell));
  return typeof cell === 'number' ? formatNumber(cell) : cell;
}

/** Vectors of many entries would make a line of the table longer than any terminal. */
const cut = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text);
