import { Command, Option } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import { DAY, readDuration } from '../base/units.ts';
import type { functionCode } from '../pipeline/code/bundle.ts';
import {
  adoptFlag,
  commonFlags,
  type CommonFlags,
  type CommonOptions,
  commonOptions,
  formatFlag,
} from './flags/common.ts';
import { oneOf } from './flags/values.ts';

/** What a pipeline is made of, as flags say it. */
interface PartsOptions {
  endpoint: string;
  watch: string | undefined;
  emails: readonly string[];
  bucket: string | undefined;
  link: boolean;
  architecture: 'arm64' | 'x86_64';
  /** Milliseconds. */
  wayBack: number;
  adopt: boolean;
  /** A file that holds DuckDB's build, in place of the registry of npm. */
  duckdb: string | undefined;
}

export interface InstallOptions extends PartsOptions, CommonOptions {}

export interface TemplateOptions extends PartsOptions {
  yaml: boolean;
  /** Where the code is written, too. */
  code: string | undefined;
  format: 'text' | 'json';
}

export interface RemoveOptions extends CommonOptions {
  endpoint: string;
  deleteBucket: boolean;
  leaveRelease: boolean;
}

export interface ShowOptions {
  endpoint: string;
  format: 'text' | 'json';
}

export interface LogsOptions extends ShowOptions {
  /** Milliseconds. */
  last: number;
}

interface PartsFlags {
  endpoint: string;
  watch?: string;
  email?: string[];
  bucket?: string;
  link: boolean;
  architecture: 'arm64' | 'x86_64';
  wayBack: string;
  adopt?: boolean;
  duckdb?: string;
  mirror?: string;
}

const HELP = `
One function of AWS Lambda looks after releases on an endpoint: uploads (or versions of the Model Registry) start them, ticks
carry them on, people are mailed, and a page takes their answer. What release: says in shadowctl.yaml holds, as it is when the
pipeline is installed: install it again after a change. See shadowctl help pipeline.

Examples:
  $ shadowctl pipeline install --endpoint weather --watch s3://uploads/weather/ --email team@example.com
  $ shadowctl pipeline status --endpoint weather`;

export function pipelineCommand(
  host: Host,
  startTemplate: Run<TemplateOptions> = (app, options) => runTemplate(app, options),
  startInstall: Run<InstallOptions> = (app, options) => runInstall(app, options),
  startStatus: Run<ShowOptions> = runStatus,
  startLogs: Run<LogsOptions> = runLogs,
  startRemove: Run<RemoveOptions> = runRemove,
): Command {
  const command = new Command('pipeline').addHelpText('after', HELP);
  command.addCommand(
    formatFlag(partsFlags(new Command('template')))
      .description('print the CloudFormation template that install deploys')
      .option('--yaml', 'print YAML instead of JSON')
      .option('--code <file>', 'write the code of the function, a zip, to this file, too')
      .addHelpText(
        'after',
        '\nExample:\n  $ shadowctl pipeline template --endpoint weather --watch s3://uploads/weather/ --yaml',
      )
      .action((flags: PartsFlags & { yaml?: boolean; code?: string; format: 'text' | 'json' }) =>
        host.start(startTemplate, {
          ...parts(flags),
          yaml: flags.yaml === true,
          code: flags.code,
          format: flags.format,
        }),
      ),
  );
  command.addCommand(
    commonFlags(partsFlags(new Command('install')))
      .description('install the pipeline of an endpoint on AWS, or bring it up to date')
      .addHelpText(
        'after',
        '\nExample:\n  $ shadowctl pipeline install --endpoint weather --watch s3://uploads/weather/ --email team@example.com',
      )
      .action((flags: PartsFlags & CommonFlags) =>
        host.start(startInstall, { ...parts(flags), ...commonOptions(flags) }),
      ),
  );
  command.addCommand(
    formatFlag(named(new Command('status')))
      .description('what is installed, which release runs, who gets mail, the last tick, failures')
      .addHelpText('after', '\nExample:\n  $ shadowctl pipeline status --endpoint weather')
      .action((flags: ShowOptions) => host.start(startStatus, { endpoint: flags.endpoint, format: flags.format })),
  );
  command.addCommand(
    formatFlag(named(new Command('logs')))
      .description('what the function has printed')
      .option('--last <duration>', 'of this time', '1h')
      .addHelpText('after', '\nExample:\n  $ shadowctl pipeline logs --endpoint weather --last 6h')
      .action((flags: { endpoint: string; last: string; format: 'text' | 'json' }) =>
        host.start(startLogs, {
          endpoint: flags.endpoint,
          last: readDuration(flags.last, '--last'),
          format: flags.format,
        }),
      ),
  );
  command.addCommand(
    commonFlags(named(new Command('remove')))
      .description('remove the pipeline; the endpoint and the history of its releases stay')
      .option(
        '--delete-bucket',
        'delete the bucket of the journal, too, where the pipeline made it and nothing is in it',
      )
      .option(
        '--leave-release',
        'remove it even while a release is under way; the release must then be continued elsewhere',
      )
      .addHelpText('after', '\nExample:\n  $ shadowctl pipeline remove --endpoint weather')
      .action((flags: { endpoint: string; deleteBucket?: boolean; leaveRelease?: boolean } & CommonFlags) =>
        host.start(startRemove, {
          endpoint: flags.endpoint,
          deleteBucket: flags.deleteBucket === true,
          leaveRelease: flags.leaveRelease === true,
          ...commonOptions(flags),
        }),
      ),
  );
  return command;
}

function named(command: Command): Command {
  return command.requiredOption('--endpoint <name>', 'the endpoint');
}

function partsFlags(command: Command): Command {
  named(command)
    .option('--watch <place>', 'what starts releases: uploads below this s3:// prefix, or a registry group (ARN)')
    .option('--email <address...>', 'who gets mail; each must be confirmed once')
    .option('--bucket <name>', 'keep the journal in this bucket (default: that of the state, or one that is made)')
    .option('--no-link', 'make no address for pages: people answer with release approve, or in the registry')
    .option(
      '--architecture <name>',
      'of the function: arm64 or x86_64',
      oneOf('--architecture', ['arm64', 'x86_64'] as const),
      'arm64',
    )
    .option('--way-back <duration>', 'how long the former model stays after a promotion', '7d')
    .option(
      '--duckdb <file>',
      "DuckDB's build for the function, downloaded before; else it is fetched from npm's registry",
    )
    .addOption(new Option('--mirror <records>').hideHelp());
  return adoptFlag(command);
}

function parts(flags: PartsFlags): PartsOptions {
  if (flags.mirror !== undefined)
    throw usageError(
      'A pipeline takes no mirror: a mirror is a process beside a model server, which a function of AWS Lambda can neither reach nor keep running.',
      'Run the mirror and its rollout where it is: shadowctl help mirror',
    );
  const wayBack = /^0\w?$/.test(flags.wayBack) ? 0 : readDuration(flags.wayBack, '--way-back');
  if (wayBack > MAX_WAY_BACK) throw usageError(`--way-back ${flags.wayBack} is more than a year.`);
  for (const address of flags.email ?? [])
    if (!/^[^\s@]+@[^\s@]+$/.test(address)) throw usageError(`--email: "${address}" is not a valid address.`);
  return {
    endpoint: flags.endpoint,
    watch: flags.watch,
    emails: [...new Set(flags.email ?? [])],
    bucket: flags.bucket,
    link: flags.link,
    architecture: flags.architecture,
    wayBack,
    adopt: flags.adopt === true,
    duckdb: flags.duckdb,
  };
}

const MAX_WAY_BACK = 366 * DAY;

/** Makes the code of the function. */
export type MakeCode = typeof functionCode;

const ownCode: MakeCode = async (...asked) => (await import('../pipeline/code/bundle.ts')).functionCode(...asked);

/** Prints the template; changes nothing. */
export async function runTemplate(app: App, options: TemplateOptions, makeCode = ownCode): Promise<Outcome> {
  const { filesOf } = await import('../pipeline/install.ts');
  const { pipelineTemplate } = await import('../pipeline/template/template.ts');
  const { writeJson } = await import('./views/json.ts');
  const { templateNoteLines } = await import('./views/pipeline.ts');
  const { plan, code } = await prepare(app, options, makeCode);
  const { spec } = filesOf(plan, code);
  if (options.code !== undefined) {
    const { writeFile } = await import('node:fs/promises');
    const { resolve } = await import('node:path');
    await writeFile(resolve(app.cwd, options.code), code.zip);
  }
  const template = pipelineTemplate(spec);
  for (const line of templateNoteLines(app.io, spec, options.code)) app.io.err(line);
  if (options.format === 'json') writeJson(app.io, 'pipeline template', { template });
  else if (options.yaml) {
    const { stringify } = await import('yaml');
    app.io.out(stringify(template, { aliasDuplicateObjects: false }).trimEnd());
  } else app.io.out(JSON.stringify(template, null, 2));
  return 'done';
}

/** Installs the pipeline, or brings it up to date. */
export async function runInstall(app: App, options: InstallOptions, makeCode = ownCode): Promise<Outcome> {
  const { installPipeline } = await import('../pipeline/install.ts');
  const { sessionOf } = await import('./session.ts');
  const { confirm } = await import('./confirm.ts');
  const { writeJson } = await import('./views/json.ts');
  const { drawPipeline, installedFacts, installedLines, installPlanLines, planFacts } = await import(
    './views/pipeline.ts'
  );
  const { plan, code } = await prepare(app, options, makeCode);
  const json = options.format === 'json';
  const lines = installPlanLines(app.io, plan, code);
  if (options.plan) {
    if (json) writeJson(app.io, 'pipeline install', planFacts(plan));
    else for (const line of lines) app.io.out(line);
    return 'pending';
  }
  for (const line of lines) app.io.err(line);
  await confirm(
    app,
    `${plan.stands ? 'Bring the pipeline' : 'Install the pipeline'} of endpoint ${options.endpoint}${plan.stands ? ' up to date' : ''}`,
    options.yes,
  );
  const installed = await installPipeline(sessionOf(app, { yes: true }), plan, code, drawPipeline(app.io));
  if (json) writeJson(app.io, 'pipeline install', installedFacts(installed));
  else for (const line of installedLines(app.io, plan, installed)) app.io.out(line);
  return 'done';
}

/** `pipeline status` */
export async function runStatus(app: App, { endpoint, format }: ShowOptions): Promise<Outcome> {
  const { pipelineStatus } = await import('../pipeline/status.ts');
  const { sessionOf } = await import('./session.ts');
  const { writeJson } = await import('./views/json.ts');
  const { statusFacts, statusLines } = await import('./views/pipeline.ts');
  const status = await pipelineStatus(sessionOf(app), endpoint);
  if (format === 'json') writeJson(app.io, 'pipeline status', statusFacts(status));
  else for (const line of statusLines(app.io, status)) app.io.out(line);
  return 'done';
}

/** `pipeline logs`: what the function has printed in the last `last` milliseconds. */
export async function runLogs(app: App, { endpoint, last, format }: LogsOptions): Promise<Outcome> {
  const { pipelineLog } = await import('../pipeline/status.ts');
  const { sessionOf } = await import('./session.ts');
  const { writeJson } = await import('./views/json.ts');
  const { logLinesOf } = await import('./views/pipeline.ts');
  const found = await pipelineLog(sessionOf(app), endpoint, app.clock.now() - last);
  if (format === 'json')
    writeJson(app.io, 'pipeline logs', {
      lines: found.map(({ at, message }) => ({ at: new Date(at).toISOString(), message: message.trimEnd() })),
    });
  else for (const line of logLinesOf(found)) app.io.out(line);
  return 'done';
}

/** Removes the pipeline; the endpoint and its history stay. */
export async function runRemove(app: App, options: RemoveOptions): Promise<Outcome> {
  const { planRemoval, removePipeline } = await import('../pipeline/remove.ts');
  const { sessionOf } = await import('./session.ts');
  const { confirm } = await import('./confirm.ts');
  const { writeJson } = await import('./views/json.ts');
  const { drawPipeline, removalFacts, removalPlanLines, removedLines } = await import('./views/pipeline.ts');
  const session = sessionOf(app, { yes: true });
  const { endpoint, deleteBucket, leaveRelease } = options;
  const plan = await planRemoval(session, { endpoint, deleteBucket, leaveRelease, state: await statePlaceOf(app) });
  const lines = removalPlanLines(app.io, plan);
  if (options.plan) {
    if (options.format === 'json') writeJson(app.io, 'pipeline remove', removalFacts(plan));
    else for (const line of lines) app.io.out(line);
    return plan.stack === undefined && plan.off.length === 0 ? 'done' : 'pending';
  }
  for (const line of lines) app.io.err(line);
  await confirm(app, `Remove the pipeline of endpoint ${endpoint}`, options.yes);
  const removed = await removePipeline(session, plan, drawPipeline(app.io));
  if (options.format === 'json')
    writeJson(app.io, 'pipeline remove', { result: 'removed', endpoint, ...removed, bucket: removed.bucket ?? null });
  else for (const line of removedLines(app.io, plan, removed)) app.io.out(line);
  return 'done';
}

async function statePlaceOf(app: App): Promise<string> {
  const { statePlace } = await import('../lifecycle/open-state.ts');
  const { stateSetting } = await import('../base/settings.ts');
  const project = await app.project();
  return statePlace(stateSetting(app.globals, app.env, project), project, app.cwd).place;
}

/** What is to be installed: decided, and its code made, before anything is changed. */
async function prepare(app: App, options: PartsOptions, makeCode: MakeCode) {
  const { basename, join, resolve } = await import('node:path');
  const { planPipeline } = await import('../pipeline/plan.ts');
  const { projectForFunction } = await import('../pipeline/settings.ts');
  const { readReleaseSettings, requireKnownAuthor } = await import('../lifecycle/release/settings.ts');
  const { checkName } = await import('../resources/naming.ts');
  const { loadPolicy } = await import('../analysis/observe/policy-file.ts');
  const { parseTarget } = await import('../lifecycle/targets.ts');
  const { releaseSections } = await import('./release-parts.ts');
  const { sessionOf } = await import('./session.ts');
  const { endpoint, duckdb, architecture, ...asked } = options;
  checkName('endpoint', endpoint, '--endpoint');
  const project = await app.project();
  const sections = releaseSections(project, endpoint);
  refuseRollout(sections);
  const release = readReleaseSettings(sections, project.file ?? 'shadowctl.yaml');
  requireKnownAuthor(release, asked.watch);
  const file = release.policy === undefined ? undefined : join(project.root, release.policy);
  const judged = await loadPolicy(app.cwd, file, () => app.project(), endpoint);
  const value = (text: string) => valueOf(text, app.env);
  const target = (text: string) => parseTarget(text, { option: '`notify:`', env: app.env });
  const request = {
    endpoint,
    architecture,
    ...asked,
    state: await statePlaceOf(app),
    project: basename(project.root),
    tags: project.tags,
    release,
    targets: [...release.notify, ...project.notify].map(target),
    settings: projectForFunction(project, endpoint, {
      release,
      judged,
      named: { own: release.notify.map(value), project: project.notify.map(value) },
    }),
  };
  const session = sessionOf(app, { yes: true });
  const plan = await planPipeline(session, request);
  const { npm_config_registry: registry } = app.env;
  const code = await makeCode(architecture, {
    file: duckdb === undefined ? undefined : resolve(app.cwd, duckdb),
    cache: join(project.stateDir, 'cache', 'npm'),
    registry: registry === '' ? undefined : registry,
    signal: app.signal,
  });
  return { plan, code };
}

/** @throws Problem (usage) with the reason */
function refuseRollout(sections: readonly unknown[]): void {
  const said = sections.some(
    (section) =>
      typeof section === 'object' && section !== null && 'strategy' in section && section.strategy === 'rollout',
  );
  if (said)
    throw usageError(
      'strategy: rollout is not for a pipeline: between its steps requests would stay divided until the next tick, and only shadowctl would watch them. A guarded update is watched by AWS.',
      'Write strategy: canary, linear or rolling.',
    );
}

/** A variable that holds who is told becomes the value: the function does not have it. */
function valueOf(text: string, env: App['env']): string {
  const variable = /^env:(\w+)$/.exec(text)?.[1];
  return variable === undefined ? text : (env[variable] ?? text);
}
