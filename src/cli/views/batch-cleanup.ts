import { counted } from '../../base/units.ts';
import type { BatchCleanup } from '../../lifecycle/batch/cleanup.ts';
import { nameOf } from '../../resources/steps.ts';
import type { Io } from '../../ui/io.ts';
import { wrap } from '../../ui/wrap.ts';
import { placeLine } from './plan.ts';
import { asFarAsKnown, describeStep, notKnownLines, staysLines } from './steps.ts';

/** What the cleanup of a batch came to, or would. */
export function batchCleanupLines(io: Pick<Io, 'columns'>, one: BatchCleanup): string[] {
  const { batch, days, records, notKnown } = one;
  const tags = asFarAsKnown(notKnown);
  const fold = (text: string) => wrap(text, io.columns, '  ');
  const stays = [
    ...notKnownLines(notKnown, io.columns),
    ...(records === 0
      ? []
      : fold(`SageMaker keeps the records of ${counted(records, 'transform jobs')} for ever; they cost nothing.`)),
    ...(days === 0
      ? []
      : fold(`What ${counted(days, 'days')} came to is kept; labels can no longer be laid beside them.`)),
  ];
  if (one.kind === 'planned') {
    const { steps, left, place } = one.plan;
    const all = [...steps.flatMap((step) => describeStep(step, io.columns)), ...staysLines(left, io.columns)];
    return all.length === 0
      ? [`Nothing of batch ${batch} is left${tags}`, ...stays]
      : [placeLine(place), ...all, ...stays];
  }
  const { left, deleted } = one;
  if (left.length > 0) return [...left.flatMap(({ ref, why }) => fold(`left: ${nameOf(ref)} (${why})`)), ...stays];
  return [
    deleted.length === 0
      ? `Nothing of batch ${batch} was left${tags}`
      : `Checked: nothing of batch ${batch} is left${tags}`,
    ...stays,
  ];
}

/** The cleanup of a batch, as JSON; stable names. */
export function batchCleanupJson(one: BatchCleanup): object {
  const refs = (steps: readonly { kind: string; name: string }[]) => steps.map(({ kind, name }) => ({ kind, name }));
  const { batch, days, records, notKnown } = one;
  const planned = one.kind === 'planned' ? refs(one.plan.steps) : [];
  const deleted = one.kind === 'planned' ? [] : refs(one.deleted);
  const { left } = one.kind === 'planned' ? one.plan : one;
  return { batch, deleted, planned, left, days, records, notKnown };
}
