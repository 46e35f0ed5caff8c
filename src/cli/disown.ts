import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { lines, shown, text } from '../base/text.ts';
import { nameOf } from '../resources/steps.ts';
import { formatFlag } from './flags/common.ts';
import { writeJson } from './views/json.ts';

export interface DisownOptions {
  endpoint: string;
  plan: boolean;
  format: 'text' | 'json';
}

const HELP = `
Changes only the journal, so there is no prompt. Undo with shadowctl adopt. The
endpoint keeps running what it runs. What shadowctl created for it still belongs
to shadowctl: cleanup deletes the shadowctl-created resources that this endpoint
no longer uses.

Example:
  $ shadowctl disown --endpoint weather`;

export function disownCommand(host: Host, start: Run<DisownOptions> = run): Command {
  const command = new Command('disown')
    .requiredOption('--endpoint <name>', 'the endpoint')
    .option('--plan', 'only show what would be given back, and exit with 4');
  return formatFlag(command)
    .addHelpText('after', HELP)
    .action(({ endpoint, plan, format }: Partial<DisownOptions> & Pick<DisownOptions, 'endpoint' | 'format'>) =>
      host.start(start, { endpoint, plan: plan === true, format }),
    );
}

/** Gives an adopted endpoint back, and says what is still shadowctl's. */
export async function run(app: App, { endpoint, plan, format }: DisownOptions): Promise<Outcome> {
  const { disownEndpoint } = await import('../lifecycle/adopt.ts');
  const { sessionOf } = await import('./session.ts');
  const { nextLines } = await import('./views/next.ts');
  const { wrap } = await import('../ui/wrap.ts');
  const { io } = app;
  const { givenBack, ours, shadow, cleans } = await disownEndpoint(sessionOf(app), endpoint, plan);
  const outcome = plan ? 'pending' : 'done';
  if (format === 'json') {
    writeJson(io, 'disown', { endpoint, planned: plan, givenBack, ours, shadow: shadow ?? null });
    return outcome;
  }
  for (const one of givenBack) io.out(`${plan ? 'would be given back' : 'given back'}: ${nameOf(one)}`);
  for (const one of ours) for (const line of wrap(`still shadowctl's: ${nameOf(one)}`, io.columns, '  ')) io.out(line);
  if (shadow !== undefined) {
    const { layout } = await import('../ui/wrap.ts');
    const warning = lines(
      `warning: the endpoint carries a shadow, the variant ${shadow}: it runs on, and its instances are billed.`,
      ...(plan ? [text`End it first: ${shown('keep', { endpoint })}`] : []),
    );
    for (const line of layout(warning, io.columns, '  ', io.command)) io.err(line);
  }
  if (plan) return outcome;
  const next =
    shadow !== undefined
      ? lines(text`${shown('adopt', { endpoint })}`, text`${shown('keep', { endpoint })}`)
      : cleans
        ? text`${shown('cleanup', { endpoint })}`
        : undefined;
  if (next !== undefined) for (const line of nextLines(io, next)) io.out(line);
  return outcome;
}
