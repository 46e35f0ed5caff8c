import { isDeepStrictEqual } from 'node:util';
import { cannotRun } from '../base/errors.ts';
import { heldOf, type State } from '../state/replay.ts';
import { nameOf, type Step } from './steps.ts';

/**
 * Leaves out what an earlier, interrupted run of the same command has already created: same name, same content, and
 * standing in the journal. So a command can simply be given again.
 * @param exists which of the named resources AWS has at this moment
 * @throws Problem (cannot-run) where AWS has one of that name that is not the same
 */
export function withoutStanding(steps: readonly Step[], state: State, exists: (step: Step) => boolean): Step[] {
  return steps.filter((step) => {
    if (step.action !== 'create' || (step.kind !== 'model' && step.kind !== 'endpoint-config') || !exists(step))
      return true;
    const held = heldOf(state, step);
    if (held?.state === 'standing' && isDeepStrictEqual(content(held.input), content({ ...step.input }))) return false;
    const whose = held?.state === 'standing' ? 'with other content' : 'and it is not from here';
    throw cannotRun(
      `There is a ${nameOf(step)} already, ${whose}.`,
      step.kind === 'model' ? 'Give another --model-name.' : 'Give another --config-name.',
    );
  });
}

/** What was asked for, as the journal keeps it: without tags (they name the run) and values of the environment. */
function content(input: Readonly<Record<string, unknown>>): unknown {
  const { Tags: _, ...rest } = input;
  return JSON.parse(
    JSON.stringify(rest, (key, value: unknown) =>
      key === 'Environment' && typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.keys(value)
        : value,
    ),
  );
}
