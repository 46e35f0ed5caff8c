import type { App } from '../app.ts';
import { interrupted, Problem, usageError } from '../base/errors.ts';
import { wrap } from '../ui/wrap.ts';

/**
 * Asks whether to go on, unless `--yes` has answered. The question names where it would happen.
 * @param act what would be done, to precede "in account 000000000000, us-east-1? [y/N]"
 * @param untouched what a no leaves as it was
 * @param onAws false where nothing of AWS is changed: then AWS is not asked whose account it is
 * @throws Problem: (no) when the answer is no, (interrupted) at Ctrl-C, (usage) when there is nobody to ask
 */
export async function confirm(
  app: App,
  act: string,
  yes: boolean,
  { untouched = 'nothing was changed', onAws = true }: { untouched?: string; onAws?: boolean } = {},
): Promise<void> {
  if (yes) return;
  const question = `${act}${onAws ? await placeOf(app) : ''}? [y/N] `;
  const undone = `Not done; ${untouched}.`;
  const agreed = await asksYes(app, question, undone);
  if (agreed === undefined)
    throw usageError(
      'Cannot prompt: standard input is not a terminal.',
      'Add --yes to go ahead, or --plan to only see what would be done.',
    );
  if (!agreed) throw new Problem('no', undone);
}

async function placeOf(app: App): Promise<string> {
  const aws = await app.aws();
  return ` in account ${await aws.account()}, ${aws.target.region}`;
}

/**
 * A question that is answered by yes or no; undefined when there is nobody to ask.
 * @param undone what a user who stops the program at the question is told
 * @throws Problem (interrupted) at Ctrl-C or Ctrl-D
 */
export async function asksYes(
  { io, signal }: Pick<App, 'io' | 'signal'>,
  question: string,
  undone: string,
): Promise<boolean | undefined> {
  try {
    // A terminal would break a long question in the middle of a word.
    const lines = io.interactive ? wrap(question.trimEnd(), io.columns - 4, '  ') : [question.trimEnd()];
    for (const line of lines.slice(0, -1)) io.alert(line);
    const answer = await io.ask(`${lines.at(-1)} `, signal);
    return answer === undefined ? undefined : /^y(es)?$/i.test(answer);
  } catch (error) {
    if (error instanceof Problem && error.kind === 'interrupted') throw interrupted(undone);
    throw error;
  }
}
