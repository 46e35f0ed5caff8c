import { parsedJson } from '../../../../base/json.ts';

/** A text that is the same in all answers of a form, or what stands in for a value. */
export type Piece = { literal: string; pattern: string } | { hole: 'number' | 'word'; text: string };

/** JSON and CSV are white space in other places. */
const SPACE = '[ \\t\\r\\n]*';
const SPACE_IN_LINE = '[ \\t\\r]*';
const LINE_END = '[ \\t\\r]*\\n[ \\t\\r\\n]*';
const CSV_LINE_END = '[ \\t\\r]*\\n[ \\t\\r]*';

const JSON_TOKEN =
  /[ \t\r\n]+|"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/y;
/** Words that no reader takes for anything but words. */
const WORD = /^[A-Za-z_][^"\\\p{Cc}]*$/u;
const CSV_WORD = /^[A-Za-z_][^"[\]\p{Cc}\p{Z}\u{FEFF}]*(?: [^"[\]\p{Cc}\p{Z}\u{FEFF}]+)*$/u;
const CSV_NUMBER = /^-?\d{1,15}(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;

/** An answer of JSON, or of JSON Lines, in pieces; undefined for what is neither. White space between tokens may be any. */
export function jsonPieces(text: string): Piece[] | undefined {
  const lines = parsedJson(text) === undefined;
  const found: Piece[] = [];
  const space = lines ? SPACE_IN_LINE : SPACE;
  JSON_TOKEN.lastIndex = 0;
  while (JSON_TOKEN.lastIndex < text.length) {
    const token = JSON_TOKEN.exec(text)?.[0];
    if (token === undefined) return undefined;
    const rest = text.slice(JSON_TOKEN.lastIndex);
    if (/^[ \t\r\n]/.test(token))
      found.push({ literal: token, pattern: lines && token.includes('\n') ? LINE_END : space });
    else if (/^[-\d]/.test(token)) found.push(free(space), { hole: 'number', text: token }, free(space));
    else if (token.startsWith('"') && !/^[ \t\r\n]*:/.test(rest) && WORD.test(token.slice(1, -1)))
      found.push(fixed('"', space, ''), { hole: 'word', text: token.slice(1, -1) }, fixed('"', '', space));
    else found.push(fixed(token, space, space));
  }
  return merged(found);
}

/** An answer of CSV without quotes in pieces, a hole a cell; undefined for what is none. */
export function csvPieces(text: string): Piece[] | undefined {
  const found: Piece[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (i > 0) found.push({ literal: '\n', pattern: CSV_LINE_END });
    for (const [k, raw] of line.split(',').entries()) {
      if (k > 0) found.push({ literal: ',', pattern: `${SPACE_IN_LINE},${SPACE_IN_LINE}` });
      const cell = raw.trim();
      if (CSV_NUMBER.test(cell)) found.push({ hole: 'number', text: cell });
      else if (CSV_WORD.test(cell)) found.push({ hole: 'word', text: cell });
      else return undefined;
    }
  }
  return merged(found);
}

function free(pattern: string): Piece {
  return { literal: '', pattern };
}

function fixed(token: string, before: string, after: string): Piece {
  return { literal: token, pattern: before + token.replaceAll(/[\\^$.|?*+()[\]{}/-]/g, String.raw`\$&`) + after };
}

/** Holes with one literal, be it empty, before, between and behind them. */
function merged(pieces: readonly Piece[]): Piece[] {
  const found: Piece[] = [];
  let literal = '';
  let pattern = '';
  const close = () => {
    found.push({ literal, pattern: once(pattern) });
    literal = '';
    pattern = '';
  };
  for (const piece of pieces) {
    if ('hole' in piece) {
      close();
      found.push(piece);
    } else {
      literal += piece.literal;
      pattern += piece.pattern;
    }
  }
  close();
  return found;
}

/** White space that may follow white space is white space; a line end that stands among it is the line end. */
function once(pattern: string): string {
  for (const space of [SPACE, SPACE_IN_LINE]) {
    pattern = pattern.replaceAll(space + LINE_END, LINE_END).replaceAll(LINE_END + space, LINE_END);
    while (pattern.includes(space + space)) pattern = pattern.replaceAll(space + space, space);
  }
  return pattern;
}
