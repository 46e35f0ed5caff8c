import { count, counted } from '../../base/units.ts';
import type { BatchOn, Decision } from './decision.ts';
import type { LookedAt } from './look.ts';
import type { BatchSettings } from './settings.ts';

/** What is to be known of the rows, a sentence each. Pure. */
export function lookNotes(looked: readonly LookedAt[], { instances }: Pick<BatchSettings, 'instances'>): string[] {
  const notes: string[] = [];
  const sum = (of: (one: LookedAt) => number) => looked.reduce((total, one) => total + of(one), 0);
  const blank = sum(({ scan }) => scan.blank);
  if (blank > 0) notes.push(`${counted(blank, 'blank lines')} ${blank === 1 ? 'is' : 'are'} no rows.`);
  const lost = looked.find(({ scan }) => scan.lostRows > 0);
  if (lost !== undefined) {
    const many = sum(({ scan }) => scan.lostRows);
    const [first] = lost.scan.lost;
    notes.push(
      `${counted(many, 'rows')} cannot be read, and ${many === 1 ? 'is' : 'are'} not judged: ${lost.uri}, line ${first?.line}: ${first?.why}.`,
    );
  }
  const flawed = looked.find(({ scan }) => scan.flawed > 0);
  if (flawed !== undefined) {
    const many = sum(({ scan }) => scan.flawed);
    const [first] = flawed.scan.flaws;
    notes.push(
      `${counted(many, 'lines')} ${many === 1 ? 'is' : 'are'} not what ${flawed.format.contentType} is: ${flawed.uri}, line ${first?.line}: ${first?.why}. A model that refuses one line answers nothing to its whole object.`,
    );
  }
  if (instances > looked.length)
    notes.push(
      `An object is worked on by one instance: of ${count(instances)} instances ${count(looked.length)} ${looked.length === 1 ? 'is' : 'are'} used.`,
    );
  return notes;
}

/** Days with the very same content. */
export async function twiceDelivered(
  { store }: Pick<BatchOn, 'store'>,
  { inputs, period }: Pick<Decision, 'inputs' | 'period'>,
): Promise<string[]> {
  for (const name of await store.days()) {
    const other = name === period.day ? undefined : await store.read(name);
    if (other?.digest === inputs.digest)
      return [`The same content was delivered for ${other.day}: it counts as one day, not as two.`];
  }
  return [];
}
