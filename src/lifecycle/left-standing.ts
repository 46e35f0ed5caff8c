import { AwsProblem } from '../aws/errors.ts';
import { lines, shown, type Text, text } from '../base/text.ts';
import type { JournaledRun } from '../resources/apply.ts';
import { nameOf, NOTED, type Step } from '../resources/steps.ts';
import { unknownTypes } from './instance-types.ts';
import { applySteps, type Session } from './session.ts';

/**
 * Applies the steps of a change of an endpoint. Where AWS refuses one, the problem says in addition what the steps before it
 * made, and what removes that.
 * @throws AwsProblem
 */
export async function applyOrTell(session: Session, run: JournaledRun, steps: readonly Step[]): Promise<void> {
  for (const [index, step] of steps.entries()) {
    try {
      await applySteps(session, run, [step]);
    } catch (error) {
      if (!(error instanceof AwsProblem)) throw error;
      const said = leftStanding(run.journal.endpoint, steps, index);
      throw said === undefined ? error : error.followedBy(lines(nearTypes(step), error.next, said));
    }
  }
}

/** What stands once the step with this number was refused; undefined where nothing was made. Pure. */
function leftStanding(endpoint: string, steps: readonly Step[], refused: number): Text | undefined {
  const made = steps.slice(0, refused).filter(({ action, kind }) => action === 'create' && !NOTED.has(kind));
  if (made.length === 0) return undefined;
  // Where the endpoint exists, cleanup would delete that, too.
  const isNew = steps.some(({ action, kind }) => action === 'create' && kind === 'endpoint');
  return lines(
    `Made before, and recorded: ${made.map(nameOf).join(', ')}.`,
    isNew
      ? text`To remove what was made: ${shown('cleanup', { endpoint })}`
      : text`To remove what nothing needs: ${shown('prune', { endpoint })}`,
  );
}

function nearTypes(step: Step): Text | undefined {
  if (step.kind !== 'endpoint-config' || step.action !== 'create') return undefined;
  const meant = unknownTypes(step.input).flatMap(({ nearest }) => nearest ?? []);
  return meant.length === 0
    ? undefined
    : `Did you mean --instance-type ${meant.join(' or ')}? Run the command again with it.`;
}
