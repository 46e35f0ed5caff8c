import { appendFileSync } from 'node:fs';
import type { App, Outcome } from '../app.ts';
import type { EndedUpdate } from '../lifecycle/guarded-update/ended.ts';
import type { FinishedUpdate } from '../lifecycle/guarded-update/finish.ts';
import type { GuardedUpdatePlan } from '../lifecycle/plans.ts';
import type { Session } from '../lifecycle/session.ts';
import { type SessionOptions, sessionOf } from './session.ts';
import { guardedPlanFacts } from './views/plan.ts';
import { metricLines } from './views/update-metrics.ts';
import { resultJson, resultLines, resultMarkdown } from './views/update-result.ts';
import { writeJson } from './views/json.ts';

interface GuardedFlags {
  plan?: boolean;
  yes: boolean;
  format: 'text' | 'json';
  prices?: SessionOptions['prices'];
}

/** The session of a command that guards an update: its result is shown as soon as it is known, before the metrics come. */
export function guardedSession(app: App, { plan = false, yes, format, prices }: GuardedFlags): Session {
  return sessionOf(app, {
    plan,
    format,
    yes,
    prices,
    onEvent(event) {
      if (event.kind !== 'update-ended') return;
      if (format === 'text') for (const line of resultLines(app.io, event.ended)) app.io.out(line);
      appendSummary(app, event.ended);
    },
  });
}

/** A plan that was only asked for, for machines; people have seen it when it was examined. */
export function reportPlanned(
  app: App,
  command: string,
  format: GuardedFlags['format'],
  plan: GuardedUpdatePlan,
): Outcome {
  if (format === 'json') writeJson(app.io, command, guardedPlanFacts(plan));
  return 'pending';
}

/** The rest of the result: charts for people, the whole for machines. Only the config that was asked for is `done`. */
export function reportFinished(
  app: App,
  command: string,
  format: GuardedFlags['format'],
  { ended, metrics }: FinishedUpdate,
): Outcome {
  if (format === 'json') writeJson(app.io, command, resultJson(ended, metrics));
  else if (metrics !== undefined) for (const line of metricLines(app.io, ended, metrics)) app.io.out(line);
  return ended.ending.kind === 'updated' ? 'done' : 'no';
}

/** To GitHub, where it runs there. */
function appendSummary(app: App, ended: EndedUpdate): void {
  const summary = app.env.GITHUB_STEP_SUMMARY;
  if (summary !== undefined && summary !== '') appendFileSync(summary, resultMarkdown(ended));
}
