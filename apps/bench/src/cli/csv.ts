import type { Cell, Row } from './table.ts';

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function field(cell: Cell): string {
  if (cell === null) return '';
  return quoted(typeof cell === 'object' ? JSON.stringify(cell) : String(cell));
}

/** Rows as comma-separated values (RFC 4180), columns in the order of their first appearance, numbers in full. */
export function formatCsv(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return [columns.map(quoted), ...rows.map((row) => columns.map((c) => field(row[c] ?? null)))].map((line) => `${line.join(',')}\r\n`).join('');
}
