import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { Problem, usageError } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import type { InitAnswers } from '../lifecycle/init.ts';
import { plain } from '../ui/io.ts';
import { commonFlags, type CommonFlags, type CommonOptions, commonOptions } from './flags/common.ts';

export interface InitOptions extends CommonOptions {
  /** An endpoint that gets a section. */
  endpoint: string | undefined;
  /** A file that exists is replaced, and kept beside the new one. */
  replace: boolean;
}

interface Flags extends CommonFlags {
  endpoint?: string;
  replace?: boolean;
}

const HELP = `
It asks for region, profile, role, state and an endpoint; an empty answer takes what stands in brackets. --yes takes all of
these, from --region, --profile, --state, AWS_REGION, AWS_PROFILE and SAGEMAKER_ROLE_ARN. --plan prints the file only.

Example:
  $ shadowctl init --yes --endpoint weather`;

export function initCommand(host: Host, start: Run<InitOptions> = run): Command {
  return commonFlags(
    new Command('init')
      .option('--endpoint <name>', 'an endpoint that gets a section of its own')
      .option('--replace', 'replace a shadowctl.yaml that exists; it is kept as shadowctl.yaml.before'),
  )
    .addHelpText('after', HELP)
    .action((flags: Flags) =>
      host.start(start, { endpoint: flags.endpoint, replace: flags.replace === true, ...commonOptions(flags) }),
    );
}

/** Writes shadowctl.yaml into the current folder, or where `--config` says. */
export async function run(app: App, options: InitOptions): Promise<Outcome> {
  const { projectFile, schemaFor, writeProjectFile } = await import('../lifecycle/init.ts');
  const { io, cwd, globals } = app;
  const file = resolve(cwd, globals.config ?? 'shadowctl.yaml');
  const exists = existsSync(file);
  if (exists && !options.replace && !options.plan)
    throw usageError(
      `There is a ${plain(file)} already; it was left as it is.`,
      'Edit it, see the file that init would write with --plan, or replace it with --replace, which keeps the old one beside it.',
    );
  noteAbove(app, file);
  const said = options.yes || options.plan ? defaults(app, options) : await ask(app, options);
  await requireUsable(said);
  const content = projectFile(said, schemaFor(file));
  if (options.plan) {
    if (options.format === 'json') {
      const { writeJson } = await import('./views/json.ts');
      writeJson(io, 'init', { file, written: false, kept: null, content });
    } else io.out(content.trimEnd());
    return 'pending';
  }
  const kept = await writeProjectFile(file, content, exists);
  if (options.format === 'json') {
    const { writeJson } = await import('./views/json.ts');
    writeJson(io, 'init', { file, written: true, kept: kept ?? null, content });
    return 'done';
  }
  io.out(`Wrote ${plain(file)}.${kept === undefined ? '' : ` What stood there is in ${plain(kept)}.`}`);
  io.out('What holds now, and where it comes from:');
  io.out(text`  ${shown('config show')}`);
  return 'done';
}

/** What comes from the environment or a flag is looked at as an answer is: a file that is refused would stop every command here. */
async function requireUsable({ endpoint, ...said }: InitAnswers): Promise<void> {
  const { checkProject } = await import('../base/project.ts');
  const { checkName } = await import('../resources/naming.ts');
  checkProject(Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)));
  if (endpoint !== undefined) checkName('endpoint', endpoint, '--endpoint');
}

/** A file above governed this folder until now. */
function noteAbove({ io, globals }: App, file: string): void {
  if (globals.config !== undefined) return;
  for (let at = dirname(dirname(file)); ; at = dirname(at)) {
    const above = resolve(at, 'shadowctl.yaml');
    if (existsSync(above)) {
      io.err(
        `note: ${plain(above)} governs this folder until now. The new file takes its place here, with a state (.shadowctl/) of its own.`,
      );
      return;
    }
    if (dirname(at) === at) return;
  }
}

/** What holds without an answer. */
function defaults({ env, globals }: App, { endpoint }: Pick<InitOptions, 'endpoint'>): InitAnswers {
  const variable = (name: string) => (env[name] === '' ? undefined : env[name]);
  return {
    target: globals.emulator ? 'emulator' : 'aws',
    region: globals.region ?? variable('AWS_REGION') ?? variable('AWS_DEFAULT_REGION'),
    profile: globals.profile ?? variable('AWS_PROFILE'),
    role: variable('SAGEMAKER_ROLE_ARN'),
    state: globals.state ?? variable('SHADOWCTL_STATE'),
    endpoint,
  };
}

async function ask(app: App, options: InitOptions): Promise<InitAnswers> {
  const { checkProject } = await import('../base/project.ts');
  const { checkName } = await import('../resources/naming.ts');
  const own = defaults(app, options);
  const question = (words: string, fallback: string | undefined, check: (answer: string) => void) =>
    answered(app, `${words} [${fallback ?? 'none'}] `, fallback, check);
  const key = (name: string) => (answer: string) => checkProject({ [name]: answer });
  const target = await question('Work on AWS, or on the emulator first? aws or emulator', own.target, key('target'));
  return {
    target: target === 'emulator' ? 'emulator' : 'aws',
    region: await question('AWS region', own.region, key('region')),
    profile: target === 'emulator' ? own.profile : await question('AWS profile', own.profile, key('profile')),
    role: await question('ARN of the role that models run with', own.role, key('role')),
    state: await question('Journals that a team shares, s3://bucket/prefix', own.state, key('state')),
    endpoint: await question('Name of an endpoint', own.endpoint, (name) => checkName('endpoint', name, '--endpoint')),
  };
}

/** Asks until the answer can be used. @throws Problem (usage) where there is nobody to ask */
async function answered(
  { io, signal }: App,
  words: string,
  fallback: string | undefined,
  check: (answer: string) => void,
): Promise<string | undefined> {
  for (;;) {
    const answer = (await io.ask(words, signal))?.trim();
    if (answer === undefined)
      throw usageError(
        'Cannot prompt: standard input is not a terminal. Nothing was written.',
        'Add --yes to take the defaults, or --plan to see the file that they make.',
      );
    if (answer === '') return fallback;
    if (answer === 'none') return undefined;
    try {
      check(answer);
      return answer;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      io.err(error.message);
    }
  }
}
