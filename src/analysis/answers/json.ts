/** Deeper values are read by nobody: whatever walks through them would exhaust the stack. */
export const MAX_DEPTH = 1_000;

/** One JSON value, or one a line (JSON Lines); undefined for text that is neither, or is nested too deep. */
export function jsonValues(text: string): unknown[] | undefined {
  if (isTooDeep(text)) return undefined;
  if (LARGE_WHOLE.test(text)) text = withoutLarge(text);
  try {
    return [JSON.parse(text)];
  } catch {
    if (!text.includes('\n')) return undefined;
  }
  try {
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line): unknown => JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** Whole numbers of so many digits may be beyond 2^53, where neighbors are the same number: ids of users and of items. */
const LARGE_WHOLE = /(?<![\d.])\d{16,}(?![\d.eE])/;
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON in which whole numbers that a double does not hold are texts. */
function withoutLarge(text: string): string {
  return text.replaceAll(STRING_OR_NUMBER, (one) => (isLargeWhole(one) ? `"${one}"` : one));
}

/** Is this the text of a whole number that a double does not hold exactly? */
export function isLargeWhole(text: string): boolean {
  return /^-?\d{16,}$/.test(text) && !Number.isSafeInteger(Number(text));
}

function isTooDeep(text: string): boolean {
  // Each level takes a bracket at either end.
  if (text.length < 2 * MAX_DEPTH) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      // To the quote that ends the string: one behind an odd number of backslashes does not.
      do at = text.indexOf('"', at + 1);
      while (at > 0 && isEscaped(text, at));
      if (at < 0) return false;
    } else if (code === 91 || code === 123) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (code === 93 || code === 125) depth -= 1;
  }
  return false;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - slashes - 1] === '\\') slashes += 1;
  return slashes % 2 === 1;
}

/** JSON with its members in order of name, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
