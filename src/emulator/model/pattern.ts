/** Java's named character classes, which JavaScript does not have, as the inside of a bracket. */
const CLASSES: Record<string, string> = {
  ASCII: '\\x00-\\x7F',
  Print: '\\x20-\\x7E',
  Graph: '\\x21-\\x7E',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Upper: 'A-Z',
  Lower: 'a-z',
  Punct: '\\x21-\\x2F\\x3A-\\x40\\x5B-\\x60\\x7B-\\x7E',
  Space: '\\t\\n\\x0B\\f\\r\\x20',
  Blank: '\\x20\\t',
  Cntrl: '\\x00-\\x1F\\x7F',
  XDigit: '0-9a-fA-F',
};

/**
 * A pattern of AWS's descriptions (Java's syntax), made to match a whole string as Java's `matches` does. `test` is
 * undefined where JavaScript has no such pattern: then nothing is refused because of it.
 */
export function compilePattern(source: string): { source: string; test: RegExp | undefined } {
  const anchored = `^(?:${inJavaScript(source)})$`;
  // `\p{L}` needs the `u` flag; loose escapes such as `\-` or `\_` are only permitted without it.
  const flags = /\\[pP]\{/.test(anchored) ? ['u', ''] : ['', 'u'];
  for (const flag of flags) {
    try {
      return { source, test: new RegExp(anchored, flag) };
    } catch {
      // The next flag may do; if none does, the pattern is not checked.
    }
  }
  return { source, test: undefined };
}

function inJavaScript(source: string): string {
  let result = '';
  let bracket = false;
  for (let i = 0; i < source.length; i++) {
    const char = source[i];
    if (char !== '\\') {
      if (char === '[') bracket = true;
      else if (char === ']') bracket = false;
      result += char;
      // Java repeats an anchor, which says no more than the anchor; JavaScript does not know such a thing.
      const repeated =
        !bracket && (char === '$' || char === '^') ? /^\{\d+(?:,\d*)?\}/.exec(source.slice(i + 1)) : null;
      i += repeated?.[0].length ?? 0;
      continue;
    }
    const escaped = source[i + 1] ?? '';
    const named = /^\\p\{(\w+)\}/.exec(source.slice(i));
    const inside = named?.[1] === undefined ? undefined : CLASSES[named[1]];
    if (named !== null && inside !== undefined) {
      result += bracket ? inside : `[${inside}]`;
      i += named[0].length - 1;
    } else if (escaped === 'A' || escaped === 'z' || escaped === 'Z') {
      result += escaped === 'A' ? '^' : '$';
      i++;
    } else {
      result += char + escaped;
      i++;
    }
  }
  return result;
}
