import { eastAsianWidth } from 'get-east-asian-width';

/**
 * Characters that take a column each and combine with nothing: ASCII, letters of Latin, punctuation, arrows, mathematical
 * signs, lines and blocks, check marks. Loading what knows of all others takes tens of milliseconds.
 */
const SIMPLE =
  /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2200-\u22ff\u2500-\u259f\u2713-\u2718\u2800-\u28ff]*$/;
/** What takes no column of its own: marks that combine, joiners, variation selectors, controls. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]$/u;
/** Shown as a picture, by itself or because a variation selector asks for it; flags are two regional indicators. */
const EMOJI = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[#*0-9]\ufe0f?\u20e3|\p{Regional_Indicator}{2}/u;
/** Voiced sound marks of half-width katakana: they belong to a grapheme, and take a column. */
const HALF_WIDTH_MARK = /[\uff9e\uff9f]/g;

let segmenter: Intl.Segmenter | undefined;

/** What a reader takes for characters: with their combining marks, and emoji whole (Unicode TR 29). */
export function graphemes(text: string): string[] {
  if (SIMPLE.test(text)) return text.split('');
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** The columns that a text takes in a terminal: two for a wide character (CJK, emoji), none for a combining mark. */
export function textWidth(text: string): number {
  if (SIMPLE.test(text)) return text.length;
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0);
}

function graphemeWidth(grapheme: string): number {
  if (EMOJI.test(grapheme)) return 2;
  const base = Array.from(grapheme)
    .find((character) => !ZERO_WIDTH.test(character))
    ?.codePointAt(0);
  if (base === undefined) return 0;
  return eastAsianWidth(base) + (grapheme.slice(1).match(HALF_WIDTH_MARK)?.length ?? 0);
}

/** The beginning of a text, at most so many columns of it. */
export function takeStart(text: string, columns: number): string {
  if (SIMPLE.test(text)) return text.slice(0, Math.max(0, columns));
  return fitting(graphemes(text), columns).join('');
}

/** The end of a text, at most so many columns of it. */
export function takeEnd(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (SIMPLE.test(text)) return text.slice(-columns);
  return fitting(graphemes(text).toReversed(), columns).toReversed().join('');
}

function fitting(all: readonly string[], columns: number): readonly string[] {
  let left = columns;
  const end = all.findIndex((grapheme) => {
    left -= graphemeWidth(grapheme);
    return left < 0;
  });
  return end < 0 ? all : all.slice(0, end);
}

/** Filled up with spaces behind the text, to so many columns. */
export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

/** Filled up with spaces before the text, to so many columns. */
export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - textWidth(text))) + text;
}
