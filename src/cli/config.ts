import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { nearest } from '../base/schema.ts';
import { Problem, usageError } from '../base/errors.ts';
import type { Project } from '../base/project.ts';
import { lines } from '../base/text.ts';
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
      .description('every setting that holds here, with where it comes from; asks nobody but files and variables')
      .option('--endpoint <name>', 'with the defaults that shadowctl.yaml has for this endpoint'),
  )
    .addHelpText('after', HELP)
    .action(({ endpoint, format }: ConfigOptions) => host.start(start, { endpoint, format }));
  return command;
}

/**
 * A wrong value is told here, not by the first command that would use it.
 * @throws Problem (usage) with what is wrong in every section
 */
async function requireRight(app: App, project: Project): Promise<void> {
  const { checkedDefaults } = await import('./flags/endpoint-defaults.ts');
  const { readReleaseSettings } = await import('../lifecycle/release/settings.ts');
  const { loadPolicy } = await import('../analysis/observe/policy-file.ts');
  const { file = 'shadowctl.yaml', endpoints } = project;
  const given = async () => project;
  const wrong = new Map<string, Problem>();
  const checks: (() => unknown)[] = [
    () => loadPolicy(app.cwd, undefined, given),
    () => readReleaseSettings([project.release], file),
    ...Object.entries(endpoints).flatMap(([name, own]) => [
      () => checkedDefaults(project, name, own),
      () => loadPolicy(app.cwd, undefined, given, name),
      () => readReleaseSettings([own.release], `${file}: endpoints.${name}`),
      // What each says may be right, and not both together.
      () => (wrong.size === 0 ? readReleaseSettings([project.release, own.release], file) : undefined),
    ]),
  ];
  for (const check of checks)
    try {
      await check();
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== 'usage') throw error;
      wrong.set(JSON.stringify([error.message, error.next]), error);
    }
  const [first, ...others] = wrong.values();
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw usageError(
    `${file}: ${wrong.size} sections are wrong.`,
    lines(...[first, ...others].flatMap(({ message, next }) => [message, next])),
  );
}

/** Shows every setting with its place. */
export async function run(app: App, { endpoint, format }: ConfigOptions): Promise<Outcome> {
  const { settingsOf } = await import('../lifecycle/settings.ts');
  const project = await app.project();
  const names = Object.keys(project.endpoints);
  await requireRight(app, project);
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
