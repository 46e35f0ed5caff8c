import { environmentError, interrupted, Problem } from '../base/errors.ts';
import { type CommandLine, lines, shown, shownStart, text, type Text } from '../base/text.ts';
import { nameOf } from '../resources/steps.ts';
import type { Recorded } from '../state/journal.ts';
import { existing, keyOf, replay } from '../state/replay.ts';
import { recordedUpdates } from '../state/updates.ts';

/**
 * Does `work`; an interrupt becomes the Problem that `advice` makes: what stands, how to go on and how to return.
 * Problems that `work` throws of its own accord stay as they are.
 */
export async function withInterruptAdvice<T>(
  signal: AbortSignal,
  advice: () => Problem | Promise<Problem>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted && (error === signal.reason || isAbort(error))) throw await advice();
    throw error;
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/**
 * What an interrupted `report --watch` tells: nothing is decided, the shadow goes on, and how to look again. Pure.
 * @param last the summary of the last verdict; undefined: there was none yet
 * @param again the command that looks again
 */
export function watchInterrupted(endpoint: string, last: string | undefined, again: CommandLine): Problem {
  const seen = last === undefined ? 'it had not been judged yet' : `the last look said: ${last}`;
  return interrupted(
    `Interrupted. Whether the shadow of ${endpoint} passes is not decided; ${seen}${/[.?!]$/.test(seen) ? '' : '.'}`,
    lines(
      'Nothing was changed. The shadow still answers copies of the requests, and its instances are billed until it ends.',
      text`To watch again: ${again}`,
      text`To end the shadow: ${shown('keep', { endpoint })}`,
    ),
  );
}

/** What a `report --watch` tells that may not look any more: the shadow goes on, and how to look again. Pure. @param problem by which it ended */
export function watchLost(problem: Problem, endpoint: string, again: CommandLine): Problem {
  return environmentError(
    `${problem.message} The shadow of ${endpoint} goes on without being watched, and its instances are billed until it ends.`,
    lines(...(problem.next === undefined ? [] : [problem.next]), text`To watch again: ${again}`),
    problem,
  );
}

/**
 * What an interrupted command tells: what it has added to what stood before, how to go on and how to return. Cleanup is
 * a way back only for the command that made the endpoint: elsewhere it deletes production. Pure.
 *
 * @param events the journal as it is now
 * @param before how many of them were there when the command began
 */
export function interruptAdvice(
  at: { endpoint: string; command: string },
  events: readonly Recorded[],
  before: number,
): Problem {
  const { endpoint, command } = at;
  const begun = events.slice(before).filter((event) => event.type === 'begin');
  if (begun.length === 0)
    return interrupted(
      command === 'cleanup'
        ? `Interrupted; nothing of endpoint "${endpoint}" was deleted.`
        : 'Interrupted; nothing was changed.',
    );
  const state = replay(events);
  const stands = existing(state);
  const made = new Set(begun.filter((step) => step.action === 'create').map((step) => keyOf(step.resource)));
  const names = (added: boolean) =>
    stands.filter((tracked) => made.has(keyOf(tracked.ref)) === added).map((tracked) => nameOf(tracked.ref));
  const again = shownStart(command, { endpoint });
  if (command === 'cleanup')
    return interrupted(
      `Interrupted. What was begun in AWS continues there. What exists: ${listed([...names(false), ...names(true)])}.`,
      text`To continue, give the same command again: ${shown(command, { endpoint })}`,
    );
  const tracked = stands.find((one) => one.ref.kind === 'endpoint');
  if (tracked === undefined ? command === 'deploy' : made.has(keyOf(tracked.ref)))
    return interrupted(
      `Interrupted. What was begun in AWS continues there. What exists: ${listed([...names(false), ...names(true)])}.`,
      lines(
        // What was begun goes on in AWS: the same command again would make another model, and update what has just been made.
        tracked === undefined
          ? text`To begin again, give the same command: ${again}`
          : text`To watch it to its end: ${shown('status', { endpoint, watch: true })}`,
        text`To delete it all: ${shown('cleanup', { endpoint })}`,
      ),
    );
  const added = `This command added: ${listed(names(true))}. What existed before stays: ${listed(names(false))}.`;
  const asked = begun.findLast((step) => step.action === 'update' && step.resource.kind === 'endpoint');
  if (asked === undefined)
    return interrupted(
      `Interrupted. ${added} Endpoint ${endpoint} itself was not changed.`,
      text`To begin again, give the same command: ${again}`,
    );
  const config = asked.input?.EndpointConfigName;
  // Written down before the call: whether AWS accepted it, `resolveOpenSteps` asks when the update is taken up.
  const guarded = recordedUpdates(state).at(-1)?.started.requested === config;
  return interrupted(
    `Interrupted. The update of ${endpoint}${typeof config === 'string' ? ` to ${config}` : ''} continues in SageMaker. ${added}`,
    guarded ? guardedWays(endpoint) : plainWays(endpoint, command),
  );
}

/**
 * What a `cleanup` tells that was stopped, by Ctrl-C or by a no: what it had cleaned up before, and the whole command again,
 * so that what was to be kept is kept. Pure.
 * @param problem by which it ended
 * @param cleaned the endpoints and batches of which it had deleted something
 */
export function cleanupStopped(problem: Problem, cleaned: readonly string[], again: CommandLine): Problem {
  if (cleaned.length === 0 && problem.next === undefined) return problem;
  const before =
    cleaned.length === 0 ? '' : ` Deleted before that, as printed above: what belonged to ${listed(cleaned)}.`;
  return new Problem(problem.kind, `${problem.message}${before}`, {
    next: text`To continue, give the same command again: ${again}`,
    cause: problem,
  });
}

function plainWays(endpoint: string, command: string): Text {
  return lines(
    text`To watch it to its end: ${shown('status', { endpoint, watch: true })}`,
    command === 'shadow'
      ? text`To remove the shadow, once it has settled: ${shown('shadow detach', { endpoint })}`
      : text`To go back, once it has settled: ${shown('undo', { endpoint })}`,
  );
}

function guardedWays(endpoint: string): Text {
  return lines(
    text`To watch it to its end: ${shown('canary', { endpoint, resume: true })}`,
    text`To stop it: ${shown('abort', { endpoint })}`,
  );
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}
