/** Behind the bracket that closes the one at `start`; undefined where a string is torn or none closes it before `limit`. */
export function behindBracket(text: string, start: number, limit: number): number | undefined {
  const marks = /["'{}[\]()]/g;
  marks.lastIndex = start;
  for (let depth = 0; ; ) {
    const mark = marks.exec(text);
    if (mark === null || mark.index >= limit) return undefined;
    const [char] = mark;
    if (char === '"' || char === "'") {
      const end = behindString(text, marks.lastIndex, char);
      if (end === undefined) return undefined;
      marks.lastIndex = end;
    } else if (char === '{' || char === '[' || char === '(') depth += 1;
    else {
      depth -= 1;
      if (depth === 0) return marks.lastIndex;
    }
  }
}

/** Behind the quote that closes a string whose content begins at `from`; undefined where the line ends before. */
export function behindString(text: string, from: number, quote: string): number | undefined {
  for (let at = from; ; ) {
    const end = text.indexOf(quote, at);
    if (end < 0 || text.slice(at, end).includes('\n')) return undefined;
    let slashes = 0;
    while (end - slashes > from && text[end - slashes - 1] === '\\') slashes += 1;
    if (slashes % 2 === 0) return end + 1;
    at = end + 1;
  }
}
