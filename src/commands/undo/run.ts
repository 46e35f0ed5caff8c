import type { App, Outcome } from '../../app.ts';
import { newRun } from '../../resources/apply.ts';
import { checkName } from '../../resources/naming.ts';
import { carryUpdate } from '../shared/carry-update.ts';
import { onEndpoint } from '../shared/on-endpoint.ts';
import type { UndoOptions } from './command.ts';
import { findWayBack } from './way-back.ts';

/** Takes an endpoint back to an earlier config, openly: shown, confirmed, written down. */
export async function run(app: App, options: UndoOptions): Promise<Outcome> {
  const { endpoint } = options;
  if (options.to !== undefined) checkName('endpoint config', options.to, '--to');
  if (options.guard !== undefined) return (await import('./guarded.ts')).undoGuarded(app, options, options.guard);
  return onEndpoint(app, { endpoint, command: 'undo', readOnly: options.plan }, async (ground) => {
    const { live, name, step, notes } = await findWayBack(app, ground, options);
    return carryUpdate(
      app,
      ground,
      { command: 'undo', run: newRun(app.clock), live, config: name, steps: [step], adopt: false, notes },
      options,
    );
  });
}
