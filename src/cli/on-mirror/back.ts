import type { App, Outcome } from '../../app.ts';
import { shown, text } from '../../base/text.ts';
import type { Target } from '../../lifecycle/events.ts';
import type { MirrorBackResult } from '../../lifecycle/mirror/back.ts';
import type { CommonOptions } from '../flags/common.ts';
import { mirrorNamed } from '../flags/mirror.ts';
import { writeJson } from '../views/json.ts';

export interface MirrorUndoFlags extends CommonOptions {
  mirror: string;
}

export interface MirrorKeepFlags extends CommonOptions {
  mirror: string;
  shadow: string | undefined;
  reason: string | undefined;
  notify: readonly Target[];
}

/** Takes the last change of who answers back, at once. */
export async function runUndo(app: App, { mirror, ...options }: MirrorUndoFlags): Promise<Outcome> {
  const { undoMirror } = await import('../../lifecycle/mirror/back.ts');
  const { sessionOf } = await import('../session.ts');
  const name = mirrorNamed(app.cwd, mirror);
  return tell(app, options, await undoMirror(sessionOf(app, options), { mirror: name, plan: options.plan }));
}

/** Ends a shadow of a mirror. */
export async function runKeep(app: App, { mirror, ...options }: MirrorKeepFlags): Promise<Outcome> {
  const { keepMirror } = await import('../../lifecycle/mirror/back.ts');
  const { sessionOf } = await import('../session.ts');
  const name = mirrorNamed(app.cwd, mirror);
  return tell(app, options, await keepMirror(sessionOf(app, options), { ...options, mirror: name }));
}

async function tell(app: App, { format }: CommonOptions, { kind, plan }: MirrorBackResult): Promise<Outcome> {
  const { mirrorChangedWords, mirrorChangeFacts, mirrorChangeLines } = await import('../views/mirror-rollout.ts');
  const { io } = app;
  if (format === 'json') writeJson(io, 'change-of-mirror', mirrorChangeFacts(plan, kind === 'done'));
  else if (kind === 'planned') for (const line of mirrorChangeLines(io, plan)) io.out(line);
  else {
    const { wrap } = await import('../../ui/wrap.ts');
    for (const line of wrap(mirrorChangedWords(plan), io.columns, '  ')) io.out(line);
  }
  if (kind === 'planned') return 'pending';
  io.err(text`See who answers: ${shown('status', { mirror: plan.mirror })}`);
  return 'done';
}
