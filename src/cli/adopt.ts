import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { shown, text } from '../base/text.ts';
import { nameOf } from '../resources/steps.ts';
import { formatFlag } from './flags/common.ts';
import { writeJson } from './views/json.ts';

export interface AdoptOptions {
  endpoint: string;
  plan: boolean;
  format: 'text' | 'json';
}

const HELP = `
Changes only the journal, so there is no prompt. Undo with shadowctl disown.
shadowctl never deletes what it has adopted; from now on, every command changes
the endpoint like one that shadowctl created. If shadowctl created the endpoint
and the journal is lost, everything with its tag is adopted, and the output says
what tags cannot tell. Changes that somebody else has made to the endpoint are
accepted as they are.

Example:
  $ shadowctl adopt --endpoint weather`;

export function adoptCommand(host: Host, start: Run<AdoptOptions> = run): Command {
  const command = new Command('adopt')
    .requiredOption('--endpoint <name>', 'the endpoint')
    .option('--plan', 'only show what would come under management; exit with 4 if there is something');
  return formatFlag(command)
    .addHelpText('after', HELP)
    .action(({ endpoint, plan, format }: Partial<AdoptOptions> & Pick<AdoptOptions, 'endpoint' | 'format'>) =>
      host.start(start, { endpoint, plan: plan === true, format }),
    );
}

/** Takes an endpoint under management, and says what came with it. */
export async function run(app: App, { endpoint, plan, format }: AdoptOptions): Promise<Outcome> {
  const { adoptEndpoint } = await import('../lifecycle/adopt.ts');
  const { sessionOf } = await import('./session.ts');
  const { wrap } = await import('../ui/wrap.ts');
  const { driftWords } = await import('./views/drift.ts');
  const { nextLines } = await import('./views/next.ts');
  const { io } = app;
  const adoption = await adoptEndpoint(sessionOf(app), endpoint, plan);
  const outcome = plan && adoption.adopted.length + adoption.takenOver.length > 0 ? 'pending' : 'done';
  if (format === 'json') {
    writeJson(io, 'adopt', { ...adoption });
    return outcome;
  }
  for (const one of adoption.adopted) io.out(`${plan ? 'would be adopted:' : 'adopted'} ${nameOf(one)}`);
  for (const one of adoption.known) io.out(`known already: ${nameOf(one)}`);
  for (const one of adoption.takenOver)
    for (const line of wrap(`${plan ? 'would be taken over' : 'taken over'}: ${driftWords(one)}`, io.columns, '  '))
      io.out(line);
  for (const what of adoption.notKnown)
    for (const line of wrap(`not known from tags: ${what}`, io.columns, '  ')) io.out(line);
  if (!plan) for (const line of nextLines(io, text`${shown('status', { endpoint })}`)) io.out(line);
  return outcome;
}
