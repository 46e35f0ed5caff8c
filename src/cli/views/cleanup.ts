import { lines, shown, text } from '../../base/text.ts';
import type { CleanupPlan } from '../../lifecycle/plans.ts';
import type { EndpointCleanup } from '../../lifecycle/cleanup.ts';
import { nameOf } from '../../resources/steps.ts';
import type { Io } from '../../ui/io.ts';
import { layout, wrap } from '../../ui/wrap.ts';
import { placeLine, shadowEndLines } from './plan.ts';
import { asFarAsKnown, describeStep, notKnownLines, staysLines } from './steps.ts';

/** What a cleanup came to, or would: what is left, and whether AWS holds anything. */
export function cleanupLines(io: Pick<Io, 'columns' | 'command'>, one: EndpointCleanup): string[] {
  const notKnown = one.kind === 'planned' ? one.plan.notKnown : one.notKnown;
  const unsaid = notKnownLines(notKnown, io.columns);
  const tags = asFarAsKnown(notKnown);
  if (one.kind === 'planned') {
    const { steps, endpoint, left } = one.plan;
    const all = [
      ...shadowEndLines(io, one.plan),
      ...steps.flatMap((step) => describeStep(step, io.columns)),
      ...staysLines(left, io.columns),
    ];
    return all.length === 0
      ? [`Nothing of endpoint ${endpoint} is left${tags}`, ...unsaid]
      : [placeLine(one.plan.place), ...all, ...unsaid, ...freeing(io, one.plan)];
  }
  const { left, deleted, endpoint } = one;
  const late = one.late.flatMap((folder) => lateLines(io, endpoint, folder));
  if (left.length > 0 && left.every(({ adopted }) => adopted === true)) {
    const words = lines(
      `Checked: nothing that shadowctl created for endpoint ${endpoint} is left. What was adopted stays: ${left.map(({ ref }) => nameOf(ref)).join(', ')}.`,
      text`To give it back: ${shown('disown', { endpoint })}`,
    );
    return [...layout(words, io.columns, '  ', io.command), ...unsaid, ...late];
  }
  if (left.length > 0) {
    const stays = [
      ...left.flatMap(({ ref, why }) => wrap(`left: ${nameOf(ref)} (${why})`, io.columns, '  ')),
      ...unsaid,
    ];
    return [...stays, ...freeing(io, one), ...late];
  }
  return [
    deleted.length === 0
      ? `Nothing of endpoint ${endpoint} was left${tags}`
      : `Checked: nothing of endpoint ${endpoint} is left${tags}`,
    ...unsaid,
    ...late,
  ];
}

/** SageMaker writes captures minutes after the requests; the journal still knows the folder. */
function lateLines(io: Pick<Io, 'columns' | 'command'>, endpoint: string, folder: string): string[] {
  const words = lines(
    `SageMaker may write captures of the last requests under ${folder} even now. In ten minutes, this deletes them too:`,
    text`  ${shown('cleanup', { endpoint })}`,
  );
  return layout(words, io.columns, '  ', io.command);
}

/** How what the endpoint runs can go, too. */
function freeing(
  io: Pick<Io, 'columns' | 'command'>,
  { endpoint, left, needs }: Pick<CleanupPlan, 'endpoint' | 'left' | 'needs'>,
): string[] {
  if (needs === undefined) return [];
  const { runs, managed } = needs;
  const captures = left.some(({ ref, inUse }) => inUse === true && ref.kind === 's3-prefix');
  const [how, command] = {
    rollout: ['Should that go too, cancel the rollout', shown('rollout', { endpoint, cancel: true })] as const,
    shadow: ['Should that go too, end the shadow', shown('keep', { endpoint })] as const,
    model: ['Should that go too, go back to the model from before', shown('undo', { endpoint })] as const,
  }[runs];
  const words = lines(
    `The endpoint stays, and so does what it runs with. ${how}, then clean up again:`,
    ...(managed ? [] : [text`  ${shown('adopt', { endpoint })}`]),
    text`  ${command}`,
    text`  ${shown('cleanup', { endpoint })}`,
    ...(captures && runs === 'model'
      ? [
          'It still captures requests and answers. To stop that, and keep its model:',
          text`  ${shown('deploy', { endpoint, 'no-capture': true })}`,
        ]
      : []),
  );
  return layout(words, io.columns, '  ', io.command);
}

/** A cleanup as JSON; stable names. */
export function cleanupJson(one: EndpointCleanup) {
  const planned = one.kind === 'planned' ? one.plan.steps : [];
  const deleted = one.kind === 'planned' ? [] : one.deleted;
  const { endpoint, left } = one.kind === 'planned' ? one.plan : one;
  const late = one.kind === 'planned' ? [] : one.late;
  const refs = (steps: typeof planned) => steps.map(({ kind, name }) => ({ kind, name }));
  const notKnown = one.kind === 'planned' ? one.plan.notKnown : one.notKnown;
  const ended = one.kind === 'planned' ? one.plan.shadow?.variant : one.ended;
  const shadow = ended === undefined ? {} : { shadow: ended };
  return { endpoint, ...shadow, deleted: refs(deleted), planned: refs(planned), left, late, notKnown };
}
