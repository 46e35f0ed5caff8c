import type { BatchDay, BatchModel } from './day.ts';

/** A day that was run and does not count, and why. */
export interface LeftOutDay {
  day: string;
  /** `copy`: its content is that of `of`, which counts; `other-models`: it was run with other models than the newest. */
  why: 'copy' | 'other-models';
  /** The day whose copy it is, or the model that was run. */
  of: string;
}

/**
 * Which of the days that were run are judged together: those of the models of the newest day, and of days with the same content
 * the first. Pure.
 *
 * @param days oldest first
 */
export function daysThatCount(days: readonly BatchDay[]): { days: BatchDay[]; leftOut: LeftOutDay[] } {
  const newest = days.at(-1);
  const kept: BatchDay[] = [];
  const leftOut: LeftOutDay[] = [];
  for (const one of days) {
    const other = newest && otherModel(one, newest);
    const first = kept.find(({ digest }) => digest === one.digest);
    if (other !== undefined) leftOut.push({ day: one.day, why: 'other-models', of: other });
    else if (first !== undefined) leftOut.push({ day: one.day, why: 'copy', of: first.day });
    else kept.push(one);
  }
  return { days: kept, leftOut };
}

/** The model of a day that is not that of the other; undefined where both are the same on each side, as far as is known. */
function otherModel(a: BatchDay, b: BatchDay): string | undefined {
  if (!isSame(a.candidate, b.candidate)) return a.candidate.model;
  if (a.against !== b.against) return `against ${a.against}`;
  const [x, y] = [a.production, b.production];
  return x === undefined || y === undefined || isSame(x, y) ? undefined : x.model;
}

/** Models are what they are made of: a name may be that of one run. */
function isSame(a: BatchModel, b: BatchModel): boolean {
  const parts = (one: BatchModel) => (one.artifact === undefined ? [one.model] : [one.artifact, one.image]);
  return JSON.stringify(parts(a)) === JSON.stringify(parts(b));
}
