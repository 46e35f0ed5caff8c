import type { App } from '../../app.ts';
import type { Rollout, RolloutEnd } from '../../state/rollouts.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import { wrap } from '../../ui/wrap.ts';
import { tellTargets } from '../shared/notify.ts';
import type { Target } from '../../lifecycle/events.ts';
import type { Ground } from '../shared/on-endpoint.ts';
import type { RolloutOptions } from './command.ts';
import { percent } from '../../base/units.ts';

/** One run of the command, on its way. */
export interface Course {
  app: App;
  ground: Ground;
  run: JournaledRun;
  rollout: Rollout;
  options: RolloutOptions;
  /** Who is told. */
  targets: readonly Target[];
}

/** Tells how this run of a rollout ended: here, and to everybody who is to be told. */
export async function tell(course: Course, ended: RolloutEnd | 'paused', share: number): Promise<void> {
  const { app, rollout, options, targets } = course;
  const { endpoint } = options;
  const facts = { endpoint, ended, model: rollout.model, previousModel: rollout.previousModel, share };
  const words = {
    passed: `${rollout.model} serves all requests of ${endpoint}.`,
    failed: `${rollout.model} failed; ${endpoint} is back on ${rollout.previous} with ${rollout.previousModel}.`,
    cancelled: `${endpoint} is back on ${rollout.previous} with ${rollout.previousModel}.`,
    paused: `Not decided at ${percent(share)}.`,
  };
  const next = {
    passed: `The way back: shadowctl undo --endpoint ${endpoint} --to ${rollout.previous}`,
    failed: undefined,
    cancelled: undefined,
    paused: `Go on: shadowctl rollout --endpoint ${endpoint} --resume; return: --cancel`,
  };
  if (options.format === 'json') app.io.out(JSON.stringify(facts, null, 2));
  else {
    for (const line of wrap(words[ended], app.io.columns, '  ')) app.io.out(line);
    if (ended === 'passed') app.io.out(`  ${next.passed}`);
  }
  const text = [words[ended], next[ended]].filter((line) => line !== undefined).join('\n');
  await tellTargets(app, targets, { subject: `shadowctl rollout: ${ended} - ${endpoint}`, text, facts });
}
