import { basename } from 'node:path';
import type { App, Outcome } from '../../app.ts';
import { newRun } from '../../resources/apply.ts';
import { productionOf } from '../../resources/live.ts';
import { tagList } from '../../resources/tags.ts';
import { beginGuarded } from '../shared/begin-guarded.ts';
import { conclude } from '../shared/conclude.ts';
import { followUpdate } from '../shared/follow-update.ts';
import type { GuardOptions } from '../../cli/flags/guard.ts';
import { targetsOf } from '../../cli/flags/targets.ts';
import { onEndpoint } from '../shared/on-endpoint.ts';
import type { UndoOptions } from './command.ts';
import { findWayBack } from './way-back.ts';

/** The way back through the same guardrails as the way there: alarms on the fleet that returns. */
export async function undoGuarded(app: App, options: UndoOptions, guard: GuardOptions): Promise<Outcome> {
  const { endpoint } = options;
  const targets = await targetsOf(app, guard.notify);
  const aws = await app.aws();
  const started = await onEndpoint(app, { endpoint, command: 'undo', readOnly: options.plan }, async (ground) => {
    const { live, name, target, notes } = await findWayBack(app, ground, options);
    for (const note of notes) app.io.err(note);
    const run = newRun(app.clock);
    const own = { project: basename((await app.project()).root), endpoint, run };
    return beginGuarded(app, ground, {
      ...options,
      command: 'undo',
      live,
      fleet: productionOf(live).instances ?? 1,
      guard,
      steps: [],
      names: { model: target?.ProductionVariants?.[0]?.ModelName ?? '', config: name, run, tags: tagList(own) },
      bringsTraffic: false,
      adopt: false,
    });
  });
  if (started === 'pending') return 'pending';
  const followed = await followUpdate(app, aws, started);
  const { metrics } = guard;
  return conclude(app, aws, followed, { targets, metrics, format: options.format });
}
