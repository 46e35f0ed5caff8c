import type { App } from '../../app.ts';
import { interrupted, usage } from '../../errors.ts';

/**
 * Asks whether to go on, unless `--yes` has answered.
 * @throws Problem: (interrupted) when the answer is no, (usage) when there is nobody to ask
 */
export async function confirm(app: App, question: string, yes: boolean): Promise<void> {
  if (yes) return;
  const answer = await app.io.ask(`${question} [y/N] `);
  if (answer === undefined)
    throw usage(
      'Nobody can be asked here: standard input is no terminal.',
      'Add --yes to go ahead, or --plan to only see what would be done.',
    );
  if (!/^y(es)?$/i.test(answer)) throw interrupted('Nothing was changed.');
}
