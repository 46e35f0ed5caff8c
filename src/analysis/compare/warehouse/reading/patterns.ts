import type { Form, Hole } from './forms.ts';

/** White space as JavaScript's `trim` knows it. */
export const SPACES =
  '\\x{0009}-\\x{000D}\\x{0020}\\x{00A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}';
const CONTROLS = '\\x{0000}-\\x{001F}\\x{007F}-\\x{009F}';
// Of so few digits no reader takes a number for text, and no number is too large to be summed.
const REST = '(?:\\.[0-9]{1,40})?(?:[eE](?:-[12]?[0-9]{1,2}|\\+?[0-9]{1,2}))?';
const WHOLE = { json: '(?:0|[1-9][0-9]{0,14})', csv: '[0-9]{1,15}' };

/** What may stand in a hole. */
function inHole(hole: Hole, csv: boolean): string {
  const whole = csv ? WHOLE.csv : WHOLE.json;
  switch (hole) {
    case 'number':
      return `-?${whole}${REST}`;
    case 'class-number':
      return `-?(?:0|[1-9][0-9]{0,6})\\.[0-9]{0,5}[1-9]|-?${whole}(?:\\.0{1,20})?`;
    case 'word':
      return csv
        ? `[A-Za-z_][^"\\[\\],${CONTROLS}${SPACES}]*(?: [^"\\[\\],${CONTROLS}${SPACES}]+)*`
        : `[A-Za-z_][^"\\\\${CONTROLS}]*`;
  }
}

/** A whole number among classes, however it is written: its label has no point. */
export const WHOLE_CLASS = '\\A-?[0-9]+(?:\\.0+)?\\z';
/** What a model prints that has lost its way, somewhere in an answer of words in lower case. */
export const BROKEN_WORD = '(?:\\A|[^a-z])(?:nan|inf|infinity)(?:[^a-z]|\\z)';
/** A broken number, or nothing, as a cell of CSV. */
export const BROKEN_CELL = `(?:\\A|[,\\n])[${SPACES}]*(?:[+-]?(?:nan|inf|infinity))?[${SPACES}]*(?:[,\\n]|\\z)`;

/** One row, with these holes. */
function row({ literals, holes, csv }: Form, ofHole: (hole: Hole, csv: boolean) => string): string {
  return holes
    .map((hole, i) => `${literals[i]}${ofHole(hole, csv)}`)
    .concat(literals.at(-1) ?? '')
    .join('');
}

const strict = (hole: Hole, csv: boolean) => `(?:${inHole(hole, csv)})`;
/** Of a row that is known to be of the form: what stands behind a number is none of its characters. Statements stay short. */
const asGroup = (hole: Hole, csv: boolean) => `(${hole === 'word' ? inHole(hole, csv) : '[-+0-9.eE]+'})`;

const AROUND = `[${SPACES}]*`;

/** All of an answer of this form. With `group`, all of its rows are group 1. */
export function wholePattern(form: Form, group = false): string {
  const one = row(form, strict);
  const more = form.most === 1 ? '' : `(?:${form.between}${one})${form.least > 1 ? '+' : '*'}`;
  return `\\A${AROUND}${form.before}${group ? '(' : '(?:'}${one}${more})${form.after}${AROUND}\\z`;
}

/** Row after row of what `wholePattern` has as its group, each with what stands before it. */
export function eachRowPattern(form: Form): string {
  return `(?:\\A|${form.between})${row(form, strict)}`;
}

/** One row, with what stands before it; its holes are groups. Of an answer of a fixed number of rows, all of it. */
export function rowPattern(form: Form): string {
  return form.most === 1
    ? `\\A${AROUND}${row(form, asGroup)}${AROUND}\\z`
    : `\\A(?:${form.between})?${row(form, asGroup)}\\z`;
}

/** A pattern as JavaScript writes it. */
export function forJavaScript(pattern: string): RegExp {
  return new RegExp(
    pattern
      .replaceAll('\\A', '^')
      .replaceAll('\\z', '$')
      .replaceAll(/\\x\{(\w+)\}/g, String.raw`\u{$1}`),
    'u',
  );
}
