import { shown, shownStart, type Text, text } from '../../base/text.ts';
import type { EndpointStatus } from '../../lifecycle/status.ts';
import type { Io } from '../../ui/io.ts';
import { layout } from '../../ui/wrap.ts';

/** `Next: …`, wrapped to the terminal. */
export function nextLines(io: Pick<Io, 'columns' | 'command'>, next: Text): string[] {
  return layout(text`Next: ${next}`, io.columns, '  ', io.command);
}

/** Statuses that an endpoint stays in, and should not. */
const BROKEN: ReadonlySet<string> = new Set(['Failed', 'OutOfService', 'UpdateRollbackFailed']);

/** What to do after a look at an endpoint: nothing is proposed while somebody is at work on it, or a way is shown already. */
export function afterStatus(status: EndpointStatus): Text | undefined {
  const { endpoint, live, rollout, calibration, lock } = status;
  if (live === undefined) return status.lastRun === undefined ? undefined : text`${shown('history', { endpoint })}`;
  if (rollout !== undefined || calibration !== undefined) return undefined;
  if (BROKEN.has(live.status)) return text`${shown('doctor', { endpoint })}`;
  if (lock !== undefined || live.status !== 'InService') return text`${shown('watch', { endpoint })}`;
  return live.variants.some(({ role }) => role === 'shadow')
    ? text`${shown('report', { endpoint })}`
    : text`compare a new model on copies of the requests: ${shownStart('shadow', { endpoint })}`;
}
