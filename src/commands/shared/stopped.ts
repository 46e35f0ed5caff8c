import { interrupted, type Problem } from '../../base/errors.ts';
import { recordedUpdates } from '../../state/updates.ts';
import { nameOf } from '../../resources/steps.ts';
import { replay, keyOf, existing } from '../../state/replay.ts';
import type { Recorded } from '../../state/journal.ts';

/**
 * What an interrupted command tells: what it has added beside what stood before, how to go on and how to return. That
 * cleanup takes all away is a way back only for the command that made the endpoint: elsewhere it deletes production.
 * Pure.
 *
 * @param events the journal as it is now
 * @param before how many of them were there when the command began
 */
export function stopped(
  words: { endpoint: string; command: string },
  events: readonly Recorded[],
  before: number,
): Problem {
  const { endpoint, command } = words;
  const begun = events.slice(before).filter((event) => event.type === 'begin');
  if (begun.length === 0) return interrupted('Interrupted; nothing was changed.');
  const state = replay(events);
  const stands = existing(state);
  const made = new Set(begun.filter((step) => step.action === 'create').map((step) => keyOf(step.resource)));
  const names = (ours: boolean) =>
    stands.filter((tracked) => made.has(keyOf(tracked.ref)) === ours).map((tracked) => nameOf(tracked.ref));
  const again = `shadowctl ${command} --endpoint ${endpoint}`;
  if (command === 'cleanup')
    return interrupted(
      `Interrupted. What was begun in AWS goes on there. What stands: ${listed([...names(false), ...names(true)])}.`,
      `To go on, give the same command again: ${again}`,
    );
  const tracked = stands.find((one) => one.ref.kind === 'endpoint');
  if (tracked === undefined ? command === 'deploy' : made.has(keyOf(tracked.ref)))
    return interrupted(
      `Interrupted. What was begun in AWS goes on there. What stands: ${listed([...names(false), ...names(true)])}.`,
      [
        `To go on where it was, give the same command again: ${again} …`,
        ...(tracked === undefined ? [] : [`To watch it to its end: shadowctl status --endpoint ${endpoint} --watch`]),
        `To take it all away: shadowctl cleanup --endpoint ${endpoint}`,
      ].join('\n'),
    );
  const added = `This command added: ${listed(names(true))}. What stood before it stays: ${listed(names(false))}.`;
  const asked = begun.findLast((step) => step.action === 'update' && step.resource.kind === 'endpoint');
  if (asked === undefined)
    return interrupted(
      `Interrupted. ${added} Endpoint ${endpoint} itself was not changed.`,
      `To go on, give the same command again: ${again} …`,
    );
  const config = asked.input?.EndpointConfigName;
  // Written down before the call: whether AWS accepted it, `recover` asks when the update is taken up.
  const guarded = recordedUpdates(state).at(-1)?.started.requested === config;
  return interrupted(
    `Interrupted. The update of ${endpoint}${typeof config === 'string' ? ` to ${config}` : ''} goes on in SageMaker. ${added}`,
    (guarded ? guardedWays : ways)(endpoint, command).join('\n'),
  );
}

function ways(endpoint: string, command: string): string[] {
  return [
    `To watch it to its end: shadowctl status --endpoint ${endpoint} --watch`,
    command === 'shadow'
      ? `To take the shadow away, once it has settled: shadowctl shadow detach --endpoint ${endpoint}`
      : `To go back, once it has settled: shadowctl undo --endpoint ${endpoint}`,
  ];
}

function guardedWays(endpoint: string): string[] {
  return [
    `To watch it to its end: shadowctl canary --endpoint ${endpoint} --resume`,
    `To stop it: shadowctl abort --endpoint ${endpoint}`,
  ];
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}
