import type { AnswerForm, LostMember, WordLabels } from '../predictions.ts';
import type { Classes } from './classes.ts';
import type { Spreads } from './compare-rules.ts';
import { KINDS, kindsOf } from './kinds/table.ts';
import { fits, readingsOf, readWith, rowsWith } from './read-answers.ts';
import type { Given, Reading } from './reading.ts';
import { EACH_BY_ITSELF } from './reading.ts';
import type { Seen } from './seen.ts';
import { SHAPES } from './shapes/table.ts';

/** What the user says about answers. */
export interface AnswersAsked extends Given {
  /** A name of the table of kinds. */
  kind?: string | undefined;
}

/** How both sides are read. */
export interface ReadingPair {
  production: Reading;
  shadow: Reading;
}

/** How both sides are read, and what that is for people. */
export interface ChosenReading extends ReadingPair {
  /** What production's answers hold and the shadow's do not. */
  lost?: readonly LostMember[] | undefined;
  /** Labels that are words though answers are read as numbers. */
  words?: WordLabels | undefined;
  forms: Record<'production' | 'shadow', AnswerForm>;
  /** How far production's answers lie apart, where their kind asks for that. */
  spreads?: Spreads | undefined;
  /** How far the scores of the classes that were not chosen may lie apart together (`othersTolerance`); undefined where they are not asked about. */
  others?: number | undefined;
  /** Which probability belongs to which class, where names or a single number leave that open. */
  classes?: Classes | undefined;
}

/** Of a sample, answers that are read like so few others are broken: an error page, an error in JSON. */
const RARE = 0.05;

/**
 * The ways in which both sides may be read, the likeliest first: one, where nothing else is possible. Both sides are read as
 * the same kind, if there is one that both allow; their shapes may differ.
 *
 * @param production answers of a few records of production; shadow likewise
 */
export function chooseReadings(
  production: readonly Seen[],
  shadow: readonly Seen[],
  asked: AnswersAsked,
): ReadingPair[] {
  const ofProduction = readingsOfSide(production, asked);
  const ofShadow = readingsOfSide(shadow, asked);
  const common = ofProduction.flatMap((one) => {
    const other = ofShadow.find(({ shape, kind }) => shape === one.shape && kind === one.kind);
    return other === undefined ? [] : [{ production: one, shadow: other }];
  });
  const sameKind = ofProduction.flatMap((one) => {
    const other = ofShadow.find(({ kind }) => kind === one.kind);
    return other === undefined ? [] : [{ production: one, shadow: other }];
  });
  const found = common.length > 0 ? common : sameKind;
  if (found.length > 0) return [...found, ...asJson(found, ofProduction, ofShadow)];
  const most = hasNone(ofShadow)
    ? readMost(ofProduction, shadow)
    : hasNone(ofProduction)
      ? readMost(ofShadow, production)
      : undefined;
  if (most !== undefined) return [{ production: most, shadow: most }];
  const [first = EACH_BY_ITSELF] = ofProduction;
  const [second = EACH_BY_ITSELF] = ofShadow;
  // A side without any answer says nothing about how to read the other.
  return [{ production: ofProduction.length === 0 ? second : first, shadow: ofShadow.length === 0 ? first : second }];
}

/** Is there no way to read this side's answers, all in one way, but as whatever they are? */
const hasNone = (readings: readonly Reading[]) =>
  readings.every(({ shape, kind }) => kind === 'json' || shape === EACH_BY_ITSELF.shape);

/** Of so many answers of the other side that can be read likewise, the rest are broken, and no answers of another kind. */
const MANY = 0.5;

/** The first reading of one side by which most answers of the other can be read. */
function readMost(readings: readonly Reading[], other: readonly Seen[]): Reading | undefined {
  return readings.find(
    (one) =>
      one.kind !== 'json' &&
      one.shape !== EACH_BY_ITSELF.shape &&
      other.filter((seen) => readWith(one, seen) !== undefined).length > MANY * other.length,
  );
}

/** What one side alone holds beside the answer may have been lost by the other: as free JSON that shows. */
function asJson(
  found: readonly ReadingPair[],
  production: readonly Reading[],
  shadow: readonly Reading[],
): ReadingPair[] {
  const isJson = ({ kind }: Reading) => kind === 'json';
  if (found.some((pair) => isJson(pair.production))) return [];
  const one = [...production, ...shadow].find(isJson);
  return one === undefined ? [] : [{ production: one, shadow: one }];
}

function readingsOfSide(sample: readonly Seen[], asked: AnswersAsked): Reading[] {
  const typical = isClean(sample) ? sample : withoutRare(sample);
  if (typical.length === 0) return [];
  const given = givenOf(asked);
  if (given !== undefined) return givenReadings(typical, given, asked.kind);
  const readings = readingsOf(typical);
  if (asked.kind === undefined) return readings.length === 0 ? [EACH_BY_ITSELF] : readings;
  const { kind } = asked;
  const own = readings.filter((one) => one.kind === kind);
  if (own.length > 0) return own.slice(0, 1);
  const forced = [...readings, ...SHAPES.map(({ name }): Reading => ({ shape: name, kind }))].map((one) => ({
    ...one,
    kind,
  }));
  const readable = forced.find((one) => fits(one, typical));
  return [readable ?? { shape: readings[0]?.shape ?? 'rows', kind }];
}

/** Is every record of the sample read alike, as something that a broken answer is not? */
function isClean(sample: readonly Seen[]): boolean {
  const [first] = readingsOf(sample);
  return first !== undefined && first.kind !== 'json' && sample.every((seen) => readWith(first, seen) !== undefined);
}

/** The records that are read as most others are. */
function withoutRare(sample: readonly Seen[]): Seen[] {
  const shapes = sample.map((seen) => {
    const [first] = readingsOf([seen]);
    return first === undefined ? undefined : `${first.shape} ${first.kind}`;
  });
  const counts = new Map<string | undefined, number>();
  for (const one of shapes) counts.set(one, (counts.get(one) ?? 0) + 1);
  return sample.filter((_, i) => shapes[i] !== undefined && (counts.get(shapes[i]) ?? 0) > RARE * sample.length);
}

function givenOf({ path, label, scores, largest }: AnswersAsked): Given | undefined {
  return path === undefined && label === undefined && scores === undefined && largest === undefined
    ? undefined
    : { path, label, scores, largest };
}

/** What lies where the user points to, by its look where no kind was named. */
function givenReadings(sample: readonly Seen[], given: Given, kind: string | undefined): Reading[] {
  const reading = (name: string): Reading => ({ shape: 'path', kind: name, given });
  if (kind !== undefined) return [reading(kind)];
  const values = sample.flatMap((seen) => rowsWith(reading('json'), seen) ?? []);
  return values.length === 0 ? [reading('json')] : kindsOf(values).map(({ name }) => reading(name));
}

/** Names that `--answers` takes. */
export function kindNames(): string[] {
  return KINDS.map(({ name }) => name);
}
