import type { App, Outcome } from '../../app.ts';
import { shown, text } from '../../base/text.ts';
import { mirrorNamed } from '../flags/mirror.ts';
import { writeJson } from '../views/json.ts';

export interface MirrorLookFlags {
  mirror: string;
  format: 'text' | 'json';
}

/** Tells what stands of a mirror. */
export async function runStatus(app: App, { mirror, format }: MirrorLookFlags): Promise<Outcome> {
  const { mirrorStatus } = await import('../../lifecycle/mirror/status.ts');
  const status = await mirrorStatus(mirrorNamed(app.cwd, mirror));
  const { io } = app;
  if (format === 'json') {
    const { state, ...rest } = status;
    const { division, rollout, promoted, ended } = state;
    writeJson(io, 'status-of-mirror', { ...rest, division, rollout, promoted, ended });
    return 'done';
  }
  const { mirrorNext, mirrorStatusLines } = await import('../views/mirror-rollout.ts');
  const { wrap } = await import('../../ui/wrap.ts');
  for (const line of mirrorStatusLines(status)) for (const part of wrap(line, io.columns, ' '.repeat(12))) io.out(part);
  for (const next of mirrorNext(status)) io.err(next);
  return 'done';
}

/** Shows what was decided about who answers at a mirror. */
export async function runHistory(
  app: App,
  { mirror, format, last }: MirrorLookFlags & { last: number },
): Promise<Outcome> {
  const { mirrorHistory } = await import('../../lifecycle/mirror/status.ts');
  const entries = (await mirrorHistory(mirrorNamed(app.cwd, mirror))).slice(-last);
  const { io } = app;
  if (format === 'json') {
    writeJson(
      io,
      'history-of-mirror',
      entries.map(({ at, until, ...one }) => ({
        ...one,
        at: new Date(at).toISOString(),
        ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
      })),
    );
    return 'done';
  }
  if (entries.length === 0) {
    io.err(`Nothing was ever decided about who answers at the mirror of ${mirror}.`);
    return 'done';
  }
  const { records } = await import('../../ui/records.ts');
  const { mirrorHistoryRow } = await import('../views/mirror-rollout.ts');
  io.out(await records(io, ['when (UTC)', 'command', 'answers', 'what', 'by'], entries.map(mirrorHistoryRow)));
  io.err(text`See who answers: ${shown('status', { mirror })}`);
  return 'done';
}
