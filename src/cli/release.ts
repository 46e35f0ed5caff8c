import { isAbsolute, join } from 'node:path';
import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import { allowFlag } from './flags/comparator.ts';
import { adoptFlag, formatFlag } from './flags/common.ts';
import { pricedFlags, type PricedFlags, type PricedOptions, pricedOptions } from './flags/price.ts';
import { oneOf, wholeNumber } from './flags/values.ts';
import { endpointOf, flagsWithParent } from './flags/parent.ts';

export interface ReleaseOptions extends PricedOptions {
  endpoint: string;
  artifact: string | undefined;
  algorithm: string | undefined;
  image: string | undefined;
  model: string | undefined;
  modelPackage: string | undefined;
  allowMismatch: boolean;
  /** `s3://bucket/prefix/` */
  watch: string | undefined;
  once: boolean;
  /** Undefined: as the settings say. */
  approve: 'ask' | 'auto' | undefined;
  again: boolean;
  adopt: boolean;
  allowCommand: boolean;
}

export interface AnswerOptions extends PricedOptions {
  endpoint: string;
  answer: 'approve' | 'reject' | 'cancel';
  question: number | undefined;
  reason: string | undefined;
  allowCommand: boolean;
}

export interface ShowOptions {
  endpoint: string;
  show: 'status' | 'history';
  format: 'text' | 'json';
}

export interface ServeOptions {
  /** On the loopback interface; 0: any that is free. */
  port: number;
  format: 'text' | 'json';
}

interface Flags extends PricedFlags {
  endpoint?: string;
  artifact?: string;
  algorithm?: string;
  image?: string;
  model?: string;
  modelPackage?: string;
  allowMismatch?: boolean;
  watch?: string;
  once?: boolean;
  approve?: 'ask' | 'auto';
  again?: boolean;
  adopt?: boolean;
  allowCommand?: boolean;
  question?: number;
  reason?: string;
}

const HELP = `
The candidate shadows production until it has passed or failed, or the time box is over; whoever approves is asked, and a
canary with alarms brings it into production. Whatever else happens, production stays as it is. Everything is in the journal:
a run that is stopped goes on with the next, and --once does what can be done now and returns, for cron, CI or AWS.
Settings stand under release: in shadowctl.yaml (shadowctl help release).
Exit codes: 0 production, or (--once) it waits; 1 production was kept; 2 something is in the way: the next look tries again.

Examples:
  $ shadowctl release --endpoint weather --artifact s3://models/run-7/output/model.tar.gz
  $ shadowctl release --endpoint weather --watch s3://models/ --once`;

export function releaseCommand(
  host: Host,
  start: Run<ReleaseOptions> = run,
  startAnswer: Run<AnswerOptions> = runAnswer,
  startShow: Run<ShowOptions> = runShow,
  startServe: Run<ServeOptions> = runServe,
): Command {
  const command = new Command('release')
    .option('--endpoint <name>', 'the endpoint')
    .optionsGroup('The candidate:')
    .option('--artifact <path|s3 uri>', 'the model: a local model.tar.gz (uploaded), or an s3:// URI (copied)')
    .option('--algorithm <name[:version]>', 'built-in container, where it is not that of production')
    .option('--image <uri>', 'any other container image, where it is not that of production')
    .option('--model <name>', 'a model that exists in SageMaker, instead of an artifact')
    .option('--model-package <arn>', 'an approved version in the Model Registry, instead of an artifact')
    .option('--allow-mismatch', 'release an artifact even if the image cannot read it')
    .option(
      '--watch <place>',
      'begin a release of each new model.tar.gz below this s3:// prefix, or of each approved version of a registry group (ARN)',
    )
    .option('--again', 'begin another release of a candidate whose release has ended')
    .optionsGroup('The release:')
    .option('--once', 'do what can be done now, and return: the tick of cron, CI or AWS')
    .option('--approve <how>', 'who approves a pass: ask, or auto (default: as shadowctl.yaml says)', approval());
  pricedFlags(adoptFlag(allowFlag(command)).optionsGroup('Other options:'))
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(start, parse(flags)));
  for (const show of ['status', 'history'] as const)
    command.addCommand(showCommand(show, (flags) => host.start(startShow, { show, ...flags })));
  for (const answer of ['approve', 'reject', 'cancel'] as const)
    command.addCommand(answerCommand(answer, (options) => host.start(startAnswer, options)));
  command.addCommand(serveCommand((options) => host.start(startServe, options)));
  return command;
}

function approval() {
  return oneOf('--approve', ['ask', 'auto'] as const);
}

function parse(flags: Flags): ReleaseOptions {
  const { artifact, model, modelPackage, watch } = flags;
  const named = Object.entries({
    '--artifact': artifact,
    '--model': model,
    '--model-package': modelPackage,
    '--watch': watch,
  })
    .filter(([, value]) => value !== undefined)
    .map(([flag]) => flag);
  if (named.length > 1)
    throw usageError(`${named.join(' and ')} each name what is to be released.`, 'Give one of them.');
  if (named.length === 0 && (flags.again === true || flags.algorithm !== undefined || flags.image !== undefined))
    throw usageError('No candidate was named.', 'Give --artifact, --model, --model-package or --watch.');
  if (watch !== undefined && flags.again === true)
    throw usageError('--watch begins a release of each content once; --again is for one that is named.');
  return {
    endpoint: endpointOf(flags),
    artifact,
    algorithm: flags.algorithm,
    image: flags.image,
    model,
    modelPackage,
    allowMismatch: flags.allowMismatch === true,
    watch,
    once: flags.once === true,
    approve: flags.approve,
    again: flags.again === true,
    adopt: flags.adopt === true,
    allowCommand: flags.allowCommand === true,
    ...pricedOptions(flags),
  };
}

const SHOWS = {
  status: 'where the release stands, what it waits for, and what comes then',
  history: 'every release of an endpoint, and how it ended',
} as const;

function showCommand(
  show: ShowOptions['show'],
  start: (flags: { endpoint: string; format: 'text' | 'json' }) => Promise<void>,
): Command {
  const command = new Command(show).description(SHOWS[show]).option('--endpoint <name>', 'the endpoint');
  return formatFlag(command)
    .addHelpText('after', `\nExample:\n  $ shadowctl release ${show} --endpoint weather`)
    .action((_: unknown, given: Command) => {
      const flags = flagsWithParent<Flags>(given);
      return start({ endpoint: endpointOf(flags), format: flags.format });
    });
}

const ANSWERS = {
  approve: 'answer yes: the candidate becomes production, if it still passes',
  reject: 'answer no: the shadow is removed, and production stays as it is',
  cancel: 'end the release: the shadow is removed, and production stays as it is',
} as const;

function answerCommand(answer: AnswerOptions['answer'], start: (options: AnswerOptions) => Promise<void>): Command {
  const command = new Command(answer)
    .description(ANSWERS[answer])
    .option('--endpoint <name>', 'the endpoint')
    .option('--reason <text>', 'the reason, for the journal');
  if (answer !== 'cancel')
    command.option(
      '--question <number>',
      'the question that is answered, as the message has it',
      wholeNumber('--question', 1),
    );
  const example = answer === 'cancel' ? '' : ' --question 1';
  return pricedFlags(allowFlag(command))
    .addHelpText('after', `\nExample:\n  $ shadowctl release ${answer} --endpoint weather${example}`)
    .action((_: unknown, given: Command) => {
      const flags = flagsWithParent<Flags>(given);
      return start({
        endpoint: endpointOf(flags),
        answer,
        question: flags.question,
        reason: flags.reason,
        allowCommand: flags.allowCommand === true,
        ...pricedOptions(flags),
      });
    });
}

const SERVE_HELP = `
Serves the pages that links in messages lead to (link: in shadowctl.yaml), on this machine alone: put a server with TLS in
front of it. A GET changes nothing; the buttons send a token that counts once, for its question. What was answered is carried
out by the next tick.

Example:
  $ shadowctl release serve --port 8710`;

function serveCommand(start: (options: ServeOptions) => Promise<void>): Command {
  const command = new Command('serve')
    .description('serve the pages by which questions are answered, on this machine')
    .option('--port <port>', 'the port; 0 takes any that is free', wholeNumber('--port', 0, 65_535), 8710);
  return formatFlag(command)
    .addHelpText('after', SERVE_HELP)
    .action(({ port }: ServeOptions, given: Command) => start({ port, format: flagsWithParent<Flags>(given).format }));
}

/** Serves the pages of questions until it is interrupted. */
export async function runServe(app: App, { port, format }: ServeOptions): Promise<Outcome> {
  const { servePages } = await import('../lifecycle/release/serve.ts');
  const { approvalHtml } = await import('./views/approval-page.ts');
  const { writeJson } = await import('./views/json.ts');
  const { sessionOf } = await import('./session.ts');
  const { keptReports } = await import('./release-parts.ts');
  const session = sessionOf(app, { yes: true });
  await servePages(session, {
    port,
    draw: approvalHtml,
    reports: await keptReports(session, 'redacted'),
    onStarted(taken) {
      if (format === 'json') writeJson(app.io, 'release serve', { url: `http://127.0.0.1:${taken}/release/` });
      else app.io.err(`Serving the pages of questions at http://127.0.0.1:${taken}/release/… until interrupted.`);
    },
  });
  return 'done';
}

/** Begins a release where a candidate is named, and takes what there is as far as it goes. */
export async function run(app: App, options: ReleaseOptions): Promise<Outcome> {
  const { endpoint, plan, once } = options;
  const { runRelease } = await import('../lifecycle/release/run.ts');
  const { releaseOutcome, releasePlanned } = await import('./views/release.ts');
  // A command that goes on after an end has no result that says it.
  const standing = options.watch !== undefined && !once;
  const { prepareRelease } = await import('./release-parts.ts');
  const { session, parts } = await prepareRelease(app, { ...options, hidesEnd: !standing });
  const artifact = options.artifact;
  const local = artifact !== undefined && !artifact.startsWith('s3://') && !isAbsolute(artifact);
  const result = await runRelease(session, parts, {
    endpoint,
    wanted: {
      artifact: local ? join(app.cwd, artifact) : artifact,
      model: options.model,
      modelPackage: options.modelPackage,
    },
    image: options.image,
    algorithm: options.algorithm,
    allowMismatch: options.allowMismatch,
    again: options.again,
    adopt: options.adopt,
    watch: options.watch,
    approve: options.approve,
    once,
    plan,
  });
  if (result.kind === 'planned') return releasePlanned(app.io, options.format, result);
  return releaseOutcome(app.io, options.format, result);
}

/** Writes an answer down, and does what follows from it now. */
export async function runAnswer(app: App, options: AnswerOptions): Promise<Outcome> {
  const { answer } = await import('../lifecycle/release/run.ts');
  const { releaseFacts, releaseOutcome, answerPlanLines } = await import('./views/release.ts');
  const { writeJson } = await import('./views/json.ts');
  const { confirm } = await import('./confirm.ts');
  const { prepareRelease } = await import('./release-parts.ts');
  const { session, parts } = await prepareRelease(app, { ...options, hidesEnd: true });
  const { requireOpen } = await import('../lifecycle/release/release.ts');
  const release = await requireOpen(session, options);
  for (const line of answerPlanLines(app.io, release, options.answer)) app.io.err(line);
  if (options.plan) {
    if (options.format === 'json')
      writeJson(app.io, `release ${options.answer}`, { result: 'planned', release: releaseFacts(release) });
    return 'pending';
  }
  await confirm(
    app,
    `${options.answer[0]?.toUpperCase()}${options.answer.slice(1)} release ${release.id}`,
    options.yes,
  );
  // What was shown is what is answered.
  const question = options.answer === 'cancel' ? undefined : (options.question ?? release.ask?.ask);
  const result = await answer(session, parts, { ...options, question });
  return releaseOutcome(app.io, options.format, result, `release ${options.answer}`);
}

/** `release status` and `release history`. */
export async function runShow(app: App, { endpoint, show, format }: ShowOptions): Promise<Outcome> {
  const { historyLines, releaseFacts, statusFacts, statusLines } = await import('./views/release.ts');
  const { writeJson } = await import('./views/json.ts');
  const none = `There is no release of ${endpoint} in the journals of ${(await app.state()).place}.`;
  if (show === 'history') {
    const { releaseHistory } = await import('../lifecycle/release/release.ts');
    const { sessionOf } = await import('./session.ts');
    const all = await releaseHistory(sessionOf(app), endpoint);
    if (format === 'json') writeJson(app.io, 'release history', all.map(releaseFacts));
    else if (all.length === 0) app.io.err(none);
    else app.io.out(await historyLines(app.io, all));
    return 'done';
  }
  const { statusOfRelease } = await import('../lifecycle/release/status.ts');
  const { prepareRelease } = await import('./release-parts.ts');
  const { session, parts } = await prepareRelease(app, { endpoint, allowCommand: undefined, yes: false });
  const status = await statusOfRelease(session, parts);
  if (format === 'json')
    writeJson(app.io, 'release status', status === undefined ? { release: null } : statusFacts(status));
  else if (status === undefined) app.io.err(none);
  else for (const line of statusLines(app.io, endpoint, status)) app.io.out(line);
  return 'done';
}
