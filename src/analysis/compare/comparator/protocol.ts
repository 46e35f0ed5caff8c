import { payloadText } from '../../answers/captures.ts';
import { SCORE_NAME } from '../../answers/comparator.ts';
import type { Capture } from '../../answers/captures.ts';
import type { SampledPair } from './sample.ts';

/**
 * What a comparator is told and what it may say: JSON Lines in, one line out for each, in the same order. Pure.
 */

/** What a pair is given, by name; a plain number has the name `comparator`. */
export type Scores = Readonly<Record<string, number>>;

/** The name of a plain number. */
const PLAIN = 'comparator';

const MOST_NAMES = 20;
/** Gates that shadowctl has already. */
const TAKEN: ReadonlySet<string> = new Set(['agreement', 'refusals']);

/**
 * The line of one pair, with its end: `{"id":0,"request":…,"a":…,"b":…}`. Which of the two is production's is left to
 * `swapped`; what is JSON stands as it was written, so that no digit is lost.
 */
export function encodePair(id: number, { production, shadow, swapped }: SampledPair): string {
  const answers = [valueOf(production.output), valueOf(shadow.output)];
  const [a, b] = swapped ? answers.toReversed() : answers;
  return `{"id":${id},"request":${valueOf(production.input ?? shadow.input)},"a":${a},"b":${b}}\n`;
}

/** JSON as it stands, on one line; anything else as a JSON text; null for nothing. */
function valueOf(payload: Capture['output']): string {
  if (payload === undefined) return 'null';
  const text = payloadText(payload);
  try {
    JSON.parse(text);
  } catch {
    return JSON.stringify(text);
  }
  // Between the values of JSON, and nowhere else, there may be line ends.
  return text.replace(/[\r\n]+/g, ' ').trim();
}

/**
 * What a line of a comparator says.
 *
 * @param names those of the lines before it; undefined for the first
 * @returns what is wrong with it, to go on after "which", as a string
 */
export function parseScores(line: string, names: readonly string[] | undefined): Scores | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'is neither a number nor a JSON object of numbers';
  }
  const named = typeof value === 'number' ? { [PLAIN]: value } : value;
  if (typeof named !== 'object' || named === null || Array.isArray(named))
    return 'is neither a number nor a JSON object of numbers';
  const found = Object.entries(named);
  if (found.length === 0) return 'names no number';
  if (found.length > MOST_NAMES) return `names ${found.length} numbers, and at most ${MOST_NAMES} are allowed`;
  for (const [name, score] of found) {
    const fault = faultOf(name, score);
    if (fault !== undefined) return fault;
  }
  const own = found.map(([name]) => name).toSorted();
  if (names !== undefined && own.join() !== names.join())
    return `names ${own.join(', ')}, where the lines before it named ${names.join(', ')}`;
  return named as Scores;
}

function faultOf(name: string, score: unknown): string | undefined {
  if (!SCORE_NAME.test(name))
    return `names ${JSON.stringify(name)}: a name is a letter, then up to 39 letters, digits, - and _`;
  if (TAKEN.has(name)) return `names ${name}, which is a gate of shadowctl's own: answers.${name}`;
  if (typeof score !== 'number' || !(score >= 0 && score <= 1))
    return `holds ${JSON.stringify(score)} where a number from 0 (unlike) to 1 (alike) should be`;
  return undefined;
}
