import type { ReadingPair } from '../../answers/choose.ts';
import type { Reading } from '../../answers/reading.ts';
import { CANNOT } from './cannot.ts';
import { learnForms } from './reading/learn.ts';
import type { Form } from './reading/forms.ts';
import { recordsSelect } from './reading/sql.ts';
import type { Kept } from './reading/sql.ts';
import { quote } from '../sql/statements.ts';
import { capturesTable, digestOf } from './tables.ts';
import type { WarehouseRecords, WarehouseWrite } from './warehouse.ts';

export type SideName = 'production' | 'shadow';
export const SIDES = ['production', 'shadow'] as const;

/** Kinds of answers whose rows are a label, a number and scores, which SQL compares. */
const COMPARED = new Set(['label', 'number', 'scored-label', 'scores']);
/** Inputs of more characters are kept of no request. */
const LONGEST_INPUT = 8_192;
/** Requests an hour of which the inputs are kept without need: of more, of a part of them. */
const ASKED_HOURLY = 32_768;
/** What is kept is a part of what staged hours are known by: in large steps, so that a busier week does not have all of them read anew. */
const ASKED_STEP = 16;

/**
 * Of what share of the requests the inputs are kept, which slices are made of: of all, where there are few. It goes by the requests of an
 * hour, so that a window that grows from day to day keeps what it has.
 */
export function askedShareOf({ requests, hours }: Pick<WarehouseRecords, 'requests' | 'hours'>): number {
  const hourly = requests / Math.max(1, hours.length);
  let share = 1;
  while (share * hourly > ASKED_HOURLY) share /= ASKED_STEP;
  return share;
}

/** Athena takes statements of 262 144 bytes (its quota "query string length"); some are for what goes around this one. */
export const MAX_STATEMENT = 250_000;
export const TOO_LONG = 'answers have more parts than a statement of Athena can name';

/** How captures become records, on both sides. */
export interface Staging {
  digest: string;
  forms: Record<SideName, readonly Form[]>;
  /** The statement of an hour of a side. */
  select(side: SideName, hour: string): string;
  /** The folder of an hour of a side. */
  folder(side: SideName, hour: string): string;
}

/** Why SQL cannot read these answers; undefined where it can. */
export type Unread = string | undefined;

/** Records with their answers, as far as SQL can read them. */
export function readStaging(
  records: WarehouseRecords,
  reading: ReadingPair,
  askedShare: number,
): { staging: Staging; unread: Unread } {
  const { sample } = records;
  const learned = {
    production: learnForms(sample.production, sample.window, reading.production),
    shadow: learnForms(sample.shadow, sample.window, reading.shadow),
  };
  const missing = SIDES.map((side) => learned[side].missing).reduce((a, b) => a + b);
  const compared = SIDES.every((side) => COMPARED.has(reading[side].kind));
  const unread = !compared
    ? CANNOT.fields
    : missing > 0
      ? 'some answers are written in ways that SQL does not read exactly as this program does'
      : undefined;
  const forms = { production: learned.production.forms, shadow: learned.shadow.forms };
  const kept: Kept = { asked: { share: askedShare, longest: LONGEST_INPUT }, lines: 'unsure' };
  const staging = stagingOf(records, forms, reading, kept);
  const longest = Math.max(...SIDES.map((side) => staging.select(side, '2026/01/01/00').length));
  return { staging, unread: unread ?? (longest > MAX_STATEMENT ? TOO_LONG : undefined) };
}

/** Records without their answers, and the lines of a share of them. */
export function sampleStaging(records: WarehouseRecords, share: number): Staging {
  const none: Reading = { shape: 'any', kind: 'any' };
  const kept: Kept = { asked: { share: 0, longest: 0 }, lines: { share } };
  return stagingOf(records, { production: [], shadow: [] }, { production: none, shadow: none }, kept);
}

function stagingOf(
  { variants, prefix }: WarehouseRecords,
  forms: Staging['forms'],
  reading: ReadingPair,
  kept: Kept,
): Staging {
  const { name } = capturesTable(prefix, []);
  const select = (side: SideName, from: string) =>
    recordsSelect(from, { variant: variants[side], forms: forms[side], reading: reading[side], kept });
  // Both sides lie in one table. Where it lies, and what captures are called, is no part of what it holds.
  const digest = digestOf(SIDES.map((side) => select(side, 'captures')));
  return {
    digest,
    forms,
    select: (side, hour) => select(side, `${name} where variant = ${quote(variants[side])} and dt = '${hour}'`),
    folder: (side, hour) => `records/${digest}/${variants[side]}/${hour}/`,
  };
}

/** All statements that stage records. */
export function writesOf({ hours }: WarehouseRecords, staging: Staging): WarehouseWrite[] {
  return SIDES.flatMap((side) =>
    hours.map((hour) => ({
      select: staging.select(side, hour),
      folder: staging.folder(side, hour),
      about: 'reads captures into columns',
    })),
  );
}
