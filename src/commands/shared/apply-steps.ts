import type { App } from '../../app.ts';
import { sessionOf } from '../../cli/session.ts';
import { applySteps as applyInSession } from '../../lifecycle/session.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import type { Step } from '../../resources/steps.ts';

/** For commands that have not moved to the lifecycle yet. */
export function applySteps(app: App, run: JournaledRun, steps: readonly Step[]): Promise<void> {
  return applyInSession(sessionOf(app), run, steps);
}
