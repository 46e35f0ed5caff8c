import type { EndpointCleanup } from '../../lifecycle/cleanup.ts';
import { nameOf } from '../../resources/steps.ts';
import type { Io } from '../../ui/io.ts';
import { placeLine } from './plan.ts';
import { describeStep } from './steps.ts';

/** What a cleanup came to, or would: what is left, and whether AWS holds anything. */
export function cleanupLines(io: Pick<Io, 'columns'>, one: EndpointCleanup): string[] {
  const left = one.kind === 'planned' ? one.plan.left : one.left;
  const stays = left.map(({ ref, why }) => `left: ${nameOf(ref)} (${why})`);
  if (one.kind === 'planned') {
    const { steps, endpoint } = one.plan;
    const lines = [...steps.flatMap((step) => describeStep(step, io.columns)), ...stays];
    return lines.length === 0 ? [`Nothing of endpoint ${endpoint} is left.`] : [placeLine(one.plan.place), ...lines];
  }
  if (left.length > 0) return stays;
  return [
    one.deleted.length === 0
      ? `Nothing of endpoint ${one.endpoint} was left.`
      : `Checked: nothing of endpoint ${one.endpoint} is left.`,
  ];
}

/** The same for machines; stable names. */
export function cleanupJson(one: EndpointCleanup) {
  const planned = one.kind === 'planned' ? one.plan.steps : [];
  const deleted = one.kind === 'planned' ? [] : one.deleted;
  const { endpoint, left } = one.kind === 'planned' ? one.plan : one;
  const refs = (steps: typeof planned) => steps.map(({ kind, name }) => ({ kind, name }));
  return { endpoint, deleted: refs(deleted), planned: refs(planned), left };
}
