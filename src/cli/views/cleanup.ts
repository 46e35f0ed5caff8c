import { lines, shown, text } from '../../base/text.ts';
import type { EndpointCleanup } from '../../lifecycle/cleanup.ts';
import { nameOf } from '../../resources/steps.ts';
import type { Io } from '../../ui/io.ts';
import { layout } from '../../ui/wrap.ts';
import { placeLine } from './plan.ts';
import { describeStep } from './steps.ts';

/** What a cleanup came to, or would: what is left, and whether AWS holds anything. */
export function cleanupLines(io: Pick<Io, 'columns' | 'command'>, one: EndpointCleanup): string[] {
  const left = one.kind === 'planned' ? one.plan.left : one.left;
  const stays = left.map(({ ref, why }) => `left: ${nameOf(ref)} (${why})`);
  if (one.kind === 'planned') {
    const { steps, endpoint } = one.plan;
    const all = [...steps.flatMap((step) => describeStep(step, io.columns)), ...stays];
    return all.length === 0 ? [`Nothing of endpoint ${endpoint} is left.`] : [placeLine(one.plan.place), ...all];
  }
  const runsOurs = left.some(({ ref }) => ref.kind === 'endpoint') && left.some(({ inUse }) => inUse === true);
  if (left.length > 0) return runsOurs ? [...stays, ...freeing(io, one.endpoint)] : stays;
  return [
    one.deleted.length === 0
      ? `Nothing of endpoint ${one.endpoint} was left.`
      : `Checked: nothing of endpoint ${one.endpoint} is left.`,
  ];
}

/** How what the endpoint runs can go, too. */
function freeing(io: Pick<Io, 'columns' | 'command'>, endpoint: string): string[] {
  const words = lines(
    'What an endpoint runs stays while it runs it. End its shadow, or go back to an earlier model, and clean up again:',
    text`  ${shown('keep', { endpoint })}`,
    text`  ${shown('undo', { endpoint })}`,
  );
  return layout(words, io.columns, '  ', io.command);
}

/** The same for machines; stable names. */
export function cleanupJson(one: EndpointCleanup) {
  const planned = one.kind === 'planned' ? one.plan.steps : [];
  const deleted = one.kind === 'planned' ? [] : one.deleted;
  const { endpoint, left } = one.kind === 'planned' ? one.plan : one;
  const refs = (steps: typeof planned) => steps.map(({ kind, name }) => ({ kind, name }));
  return { endpoint, deleted: refs(deleted), planned: refs(planned), left };
}
