import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { nearest } from '../base/schema.ts';
import { usageError } from '../base/errors.ts';
import { formatFlag } from './flags/common.ts';

export interface ConfigOptions {
  /** Undefined: what holds for every endpoint. */
  endpoint: string | undefined;
  format: 'text' | 'json';
}

const HELP = `
What wins: a flag, a variable of shadowctl's own (SHADOWCTL_STATE, SHADOWCTL_ENV), what shadowctl.yaml says of the endpoint, of the
environment, of everything. AWS_REGION comes before the region: of the file, and after that of an environment that was chosen.

Example:
  $ shadowctl config show`;

export function configCommand(host: Host, start: Run<ConfigOptions> = run): Command {
  const command = new Command('config');
  formatFlag(
    command
      .command('show')
      .description('every setting in effect here and where it comes from; reads only files and variables')
      .option('--endpoint <name>', 'with the defaults that shadowctl.yaml has for this endpoint'),
  )
    .addHelpText('after', HELP)
    .action(({ endpoint, format }: ConfigOptions) => host.start(start, { endpoint, format }));
  return command;
}

/** Shows every setting with its place. */
export async function run(app: App, { endpoint, format }: ConfigOptions): Promise<Outcome> {
  const { settingsOf } = await import('../lifecycle/settings.ts');
  const project = await app.project();
  const names = Object.keys(project.endpoints);
  const { mistakesIn, together } = await import('./flags/sections.ts');
  const wrong = together(project.file ?? 'shadowctl.yaml', await mistakesIn(app.cwd, project));
  if (wrong !== undefined) throw wrong;
  if (endpoint !== undefined && names.length > 0 && !names.includes(endpoint)) {
    const near = nearest(endpoint, names);
    if (near !== undefined)
      throw usageError(
        `${project.file ?? 'shadowctl.yaml'} says nothing of an endpoint "${endpoint}". Did you mean ${near}?`,
      );
  }
  const settings = await settingsOf({ flags: app.globals, env: app.env, project, endpoint });
  const environments = Object.keys(project.environments);
  if (format === 'json') {
    const { writeJson } = await import('./views/json.ts');
    writeJson(app.io, 'config-show', {
      file: project.file ?? null,
      endpoint: endpoint ?? null,
      settings,
      endpoints: names,
      environments,
    });
    return 'done';
  }
  const { configLines } = await import('./views/config.ts');
  for (const line of await configLines(app.io, { project, endpoint, settings })) app.io.out(line);
  return 'done';
}
