/** Python's `repr(float)`, which is also what its `json.dumps` and `str` print: shortest digits, exponent outside [1e-4, 1e16). */
export function pythonFloat(value: number): string {
  if (Number.isInteger(value)) {
    if (Math.abs(value) < 1e16) return Object.is(value, -0) ? '-0.0' : `${value}.0`;
  } else if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  } else if (Math.abs(value) >= 1e-4) {
    return String(value);
  }
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  const sign = exponent.startsWith('-') ? '-' : '+';
  return `${digits}e${sign}${exponent.slice(1).padStart(2, '0')}`;
}

/** A float as Python writes it within JSON: `NaN`, `Infinity` and `-Infinity` included. */
export function pythonJsonFloat(value: number): string {
  if (Number.isFinite(value)) return pythonFloat(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

/** What Python's numbers may stand in: white space, but no byte order mark. */
const STRIP = /^[\s\u0085]+|[\s\u0085]+$/g;

/** Nothing at all where a byte order mark stands in it: JavaScript takes it for white space, Python refuses it. */
const strip = (text: string) => (text.includes('\ufeff') ? '' : text.replace(STRIP, ''));

/** Python's `float(text)`: surrounding white space, underscores between digits, inf and nan; undefined where Python raises ValueError. */
export function parsePythonFloat(text: string): number | undefined {
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  const trimmed = strip(text);
  const value = Number(trimmed);
  if (!Number.isNaN(value) && trimmed !== '')
    return /^[+-]?(?:[\d.]|Infinity$)/.test(trimmed) && !/^0[xob]/i.test(trimmed) ? value : undefined;
  const word = /^([+-]?)(?:(inf(?:inity)?)|nan)$/i.exec(trimmed);
  if (word) return word[2] ? (word[1] === '-' ? -Infinity : Infinity) : Number.NaN;
  return /^[+-]?\d[\d_]*(?:\.[\d_]*)?(?:e[+-]?\d+)?$/i.test(trimmed) && !/__|_$|_\.|\._/.test(trimmed)
    ? Number(trimmed.replaceAll('_', ''))
    : undefined;
}

/** Python's `int(text)` of decimal digits, with surrounding white space and underscores; undefined where it raises ValueError. */
export function parsePythonInt(text: string): number | undefined {
  const trimmed = strip(text);
  return /^[+-]?\d+(?:_\d+)*$/.test(trimmed) ? Number(trimmed.replaceAll('_', '')) : undefined;
}
