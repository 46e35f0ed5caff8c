import { lines, shown, text } from '../../base/text.ts';
import type { EndpointCleanup } from '../../lifecycle/cleanup.ts';
import { nameOf } from '../../resources/steps.ts';
import type { Io } from '../../ui/io.ts';
import { layout, wrap } from '../../ui/wrap.ts';
import { placeLine } from './plan.ts';
import { describeStep } from './steps.ts';

/** What a cleanup came to, or would: what is left, and whether AWS holds anything. */
export function cleanupLines(io: Pick<Io, 'columns' | 'command'>, one: EndpointCleanup): string[] {
  const left = one.kind === 'planned' ? one.plan.left : one.left;
  const notKnown = one.kind === 'planned' ? one.plan.notKnown : one.notKnown;
  const stays = [
    ...left.map(({ ref, why }) => `left: ${nameOf(ref)} (${why})`),
    ...notKnown.flatMap((what) => wrap(`not known from tags: ${what}`, io.columns, '  ')),
  ];
  if (one.kind === 'planned') {
    const { steps, endpoint } = one.plan;
    const all = [...steps.flatMap((step) => describeStep(step, io.columns)), ...stays];
    return steps.length + left.length === 0
      ? [`Nothing of endpoint ${endpoint} is left${notKnown.length === 0 ? '.' : ', as far as tags tell.'}`, ...stays]
      : [placeLine(one.plan.place), ...all];
  }
  if (left.length > 0) {
    const { runs } = one;
    const ours = runs !== undefined && left.some(({ inUse }) => inUse === true);
    return ours ? [...stays, ...freeing(io, one.endpoint, runs)] : stays;
  }
  const tags = notKnown.length === 0 ? '.' : ', as far as tags tell.';
  return [
    one.deleted.length === 0
      ? `Nothing of endpoint ${one.endpoint} was left${tags}`
      : `Checked: nothing of endpoint ${one.endpoint} is left${tags}`,
    ...stays,
  ];
}

/** How what the endpoint runs can go, too. */
function freeing(
  io: Pick<Io, 'columns' | 'command'>,
  endpoint: string,
  runs: 'rollout' | 'shadow' | 'model',
): string[] {
  const [how, command] = {
    rollout: ['Cancel the rollout', shown('rollout', { endpoint, cancel: true })] as const,
    shadow: ['End the shadow', shown('keep', { endpoint })] as const,
    model: ['Go back to the model from before', shown('undo', { endpoint })] as const,
  }[runs];
  const words = lines(
    `The endpoint stays, and so does what it runs. ${how}, then clean up again:`,
    text`  ${command}`,
    text`  ${shown('cleanup', { endpoint })}`,
  );
  return layout(words, io.columns, '  ', io.command);
}

/** The same for machines; stable names. */
export function cleanupJson(one: EndpointCleanup) {
  const planned = one.kind === 'planned' ? one.plan.steps : [];
  const deleted = one.kind === 'planned' ? [] : one.deleted;
  const { endpoint, left } = one.kind === 'planned' ? one.plan : one;
  const refs = (steps: typeof planned) => steps.map(({ kind, name }) => ({ kind, name }));
  const notKnown = one.kind === 'planned' ? one.plan.notKnown : one.notKnown;
  return { endpoint, deleted: refs(deleted), planned: refs(planned), left, notKnown };
}
