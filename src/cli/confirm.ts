import type { App } from '../app.ts';
import { Problem, usageError } from '../base/errors.ts';

/**
 * Asks whether to go on, unless `--yes` has answered. The question names where it would happen.
 * @param act what would be done, to precede "in account 000000000000, us-east-1? [y/N]"
 * @param untouched what a no leaves as it was
 * @throws Problem: (no) when the answer is no, (usage) when there is nobody to ask
 */
export async function confirm(app: App, act: string, yes: boolean, untouched = 'nothing was changed'): Promise<void> {
  if (yes) return;
  const aws = await app.aws();
  const answer = await app.io.ask(`${act} in account ${await aws.account()}, ${aws.target.region}? [y/N] `);
  if (answer === undefined)
    throw usageError(
      'Cannot prompt: standard input is not a terminal.',
      'Add --yes to go ahead, or --plan to only see what would be done.',
    );
  if (!/^y(es)?$/i.test(answer)) throw new Problem('no', `Not done; ${untouched}.`);
}
