import { lines, linesOf, shown, shownStart, type Text, text } from '../../base/text.ts';
import type { EndpointStatus } from '../../lifecycle/status.ts';
import type { Io } from '../../ui/io.ts';
import { layout } from '../../ui/wrap.ts';

/** `Next: …`, wrapped to the terminal; several ways below each other. */
export function nextLines(io: Pick<Io, 'columns' | 'command'>, next: Text): string[] {
  const several = linesOf(next);
  const words = several.length > 1 ? lines('Next:', ...several.map((line) => text`  ${line}`)) : text`Next: ${next}`;
  return layout(words, io.columns, several.length > 1 ? '    ' : '  ', io.command);
}

/** Statuses that an endpoint stays in, and should not. */
const BROKEN: ReadonlySet<string> = new Set(['Failed', 'OutOfService', 'UpdateRollbackFailed']);

/** What to do after a look at an endpoint: nothing is proposed while somebody is at work on it, or a way is shown already. */
export function afterStatus(status: EndpointStatus): Text | undefined {
  const { endpoint, live, rollout, release, calibration, lock, watcher } = status;
  if (live === undefined) return status.lastRun === undefined ? undefined : text`${shown('history', { endpoint })}`;
  const busy = lock !== undefined || watcher !== undefined;
  if (busy && live.status !== 'Failed') return text`${shown('watch', { endpoint })}`;
  if (rollout !== undefined)
    return lines(
      text`To continue the rollout: ${shown('rollout', { endpoint, resume: true })}`,
      text`To go back: ${shown('rollout', { endpoint, cancel: true })}`,
    );
  if (release !== undefined && !BROKEN.has(live.status)) return release.next;
  if (calibration !== undefined) return calibration.next;
  if (BROKEN.has(live.status)) return text`${shown('doctor', { endpoint })}`;
  if (live.status !== 'InService') return text`${shown('watch', { endpoint })}`;
  return live.variants.some(({ role }) => role === 'shadow')
    ? text`${shown('report', { endpoint })}`
    : text`compare a new model on copies of the requests: ${shownStart('shadow', { endpoint })}`;
}
