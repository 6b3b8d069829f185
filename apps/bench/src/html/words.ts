/** A count with thousands apart: "25 829 888". The space is thin and does not break. */
export function count(value: number): string {
  return Math.round(value).toString().replaceAll(/\B(?=(\d{3})+$)/g, '\u202F');
}

/** A figure with three significant digits, for people; whole numbers below 10 000 as they are. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e4) return String(value).replace('-', '−');
  const text = size >= 1e5 || size < 1e-3 ? power(value) : size >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return text.replace('-', '−');
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A number that is known by its decimal logarithm, at least 0: written out where it is short, else by its number of digits. */
export function largeNumber(log10: number): string {
  return log10 < 6 ? count(10 ** log10) : `a number of ${count(Math.floor(log10) + 1)} digits`;
}

/** 10 to an integer power, "10⁻⁷". */
function powerOfTen(exponent: number): string {
  return `10${exponent < 0 ? '⁻' : ''}${[...String(Math.abs(exponent))].map((c) => SUPERSCRIPTS[Number(c)]).join('')}`;
}

function power(value: number): string {
  const [mantissa, exponent] = value.toExponential(1).split('e') as [string, string];
  return `${mantissa} × ${powerOfTen(Number(exponent))}`;
}

/** A number of floating-point operations: "12.3 MFLOP". */
export function operations(value: number): string {
  return withUnit(value, 1000, ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP', 'PFLOP']);
}

/** A number of bytes: "64 KiB". */
export function bytes(value: number): string {
  return withUnit(value, 1024, ['bytes', 'KiB', 'MiB', 'GiB']);
}

function withUnit(value: number, base: number, units: readonly string[]): string {
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(value) / Math.log(base)));
  return `${figure(value / base ** step)} ${units[step]!}`;
}

/** A share as a percentage: "97.8 %"; 0 and 100 % only where it is exactly that. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return `${figure(share * 100)} %`;
  const text = (share * 100).toFixed(1);
  if (share < 1 && text === '100.0') return '99.9 %';
  return `${text.replace(/\.0$/, '')} %`;
}

/** "1 token", "3 tokens". */
export function plural(n: number, one: string, many: string = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
