import packageJson from '../package.json' with { type: 'json' };
import { topicList } from './cli/help/topics.ts';
import { fitHelp } from './ui/help.ts';

/** What `shadowctl --help` shows, and what the parser is made of: names and words, without a command's code. */

export const VERSION: string = packageJson.version;

export const DESCRIPTION =
  'Takes a newly trained model to production on Amazon SageMaker: deploy, canary, shadow, report, clean up.';

/** Every command, in the order in which it is shown. */
export const COMMANDS = [
  {
    name: 'demo',
    summary: 'the whole life cycle on the embedded emulator: deploy, canary, rollback, shadow, report, cleanup',
  },
  {
    name: 'deploy',
    summary: 'create an endpoint for a model, or put another model on one that shadowctl manages, all at once',
  },
  {
    name: 'invoke',
    summary: 'send payloads to an endpoint at a given rate; print throughput, errors, latency and accuracy',
  },
  { name: 'canary', summary: 'put a new model on an endpoint step by step, with alarms that roll it back' },
  { name: 'rollout', summary: 'give a new model a growing share of the requests, judged after every step' },
  {
    name: 'shadow',
    summary: 'let a candidate see a copy of every request of a live endpoint; only production answers',
  },
  {
    name: 'mirror',
    summary:
      'a proxy in front of any model behind HTTP: callers get the live answer, a shadow gets copies, pairs are kept',
  },
  {
    name: 'record',
    summary: 'keep pairs of what callers log, who call live model and shadow themselves: for report',
  },
  {
    name: 'replay',
    summary:
      'send recorded requests again to any endpoint or server: pairs for report, or a multiple of the peak as load',
  },
  { name: 'report', summary: 'compare shadow and production over a window of time: is it safe to promote?' },
  {
    name: 'promote',
    summary: 'make the shadow the production model, through a canary; refused without a passing verdict',
  },
  {
    name: 'release',
    summary: 'from an upload to production by itself: shadow, verdict, approval, canary; resumable, by hand or by cron',
  },
  {
    name: 'pipeline',
    summary: 'the same on AWS by itself: install, status, logs, remove; a function, mail, and a page for the answer',
  },
  {
    name: 'batch',
    summary: 'judge a model over recorded inputs, day by day, with transform jobs: no endpoint is needed',
  },
  { name: 'keep', summary: 'end the shadow and keep production as it is' },
  {
    name: 'undo',
    summary: 'take an endpoint back to an earlier config from shadowctl: all at once, or with guardrails',
  },
  { name: 'abort', summary: 'stop an update that is under way and return to the old fleet, as far as AWS permits' },
  {
    name: 'watch',
    summary: 'one screen for whatever goes on: traffic, errors, latency, alarms, gates, time left',
  },
  { name: 'status', summary: 'what exists: endpoint, variants, alarms, what is in progress, what shadowctl created' },
  {
    name: 'ls',
    summary: 'list endpoints: what they run, a shadow since when, their age, whose they are, what they cost',
  },
  { name: 'history', summary: 'what was deployed to an endpoint, when, by whom, and how it ended' },
  { name: 'doctor', summary: 'find alarms that can never fire, and anything else that would endanger an update' },
  { name: 'policy', summary: 'what a shadow must prove before it may be promoted' },
  {
    name: 'iam-policy',
    summary: 'print the least IAM policy: for whoever runs shadowctl, or for the role of the models',
  },
  {
    name: 'adopt',
    summary: 'take an endpoint that exists under management, without touching it',
  },
  { name: 'disown', summary: 'give an adopted endpoint back, without touching it' },
  {
    name: 'prune',
    summary: 'delete old models and configs from shadowctl that nothing runs with and no way back needs',
  },
  {
    name: 'cleanup',
    summary: 'delete everything that shadowctl created for an endpoint, and prove that nothing is left',
  },
  {
    name: 'state',
    summary: 'where the journals are kept: show, move to a bucket that a team shares, unlock',
  },
  { name: 'init', summary: 'write a commented shadowctl.yaml: asks, or takes the defaults with --yes' },
  { name: 'config', summary: 'the settings that hold here, and where each comes from' },
  { name: 'emulator', summary: 'the embedded emulator of the AWS APIs: start, stop, inspect, add faults' },
  { name: 'completion', summary: 'print the completion of bash, zsh or fish' },
  { name: 'help', summary: 'show the help of a command, or a page of the documentation' },
] as const;

export type CommandName = (typeof COMMANDS)[number]['name'];

export const VERSION_FLAGS = '-V, --version';

/** The options that every command takes. */
export const GLOBAL_OPTIONS = [
  { flags: '--emulator', description: 'use the embedded emulator instead of AWS; it is started if necessary' },
  { flags: '--endpoint-url <url>', description: 'use any server that speaks the AWS APIs' },
  { flags: '--profile <name>', description: 'AWS profile' },
  { flags: '--region <name>', description: 'AWS region' },
  { flags: '--config <file>', description: 'config file (default: the nearest shadowctl.yaml)' },
  { flags: '--env <name>', description: 'an environment of shadowctl.yaml: its account, region, profile and state' },
  { flags: '--state <place>', description: 'where journals are kept: a folder, or s3://bucket/prefix for a team' },
  { flags: '--lock-timeout <duration>', description: "how long to wait for another's lock on s3:// (default: 2m)" },
  { flags: '-q, --quiet', description: 'only results and errors' },
  { flags: '--no-color', description: 'no color (NO_COLOR works too)' },
  { flags: '--debug', description: 'show the stack trace of an error' },
] as const;

const FOOTER = `${topicList()}

Try it without an AWS account:
  $ shadowctl demo                  the whole life cycle, emulated
  $ shadowctl deploy --emulator …   any command, emulated

Exit codes: 0 done or pass, 1 the answer is no (verdict fail, rolled back, you said no), 2 could not run, 3 inconclusive,
4 changes pending (--plan), 130 interrupted.`;

/** What `shadowctl --help` prints, broken to fit `width` columns. */
export function overview(width: number): string {
  const options = [
    [VERSION_FLAGS, 'output the version number'],
    ...GLOBAL_OPTIONS.map(({ flags, description }) => [flags, description]),
    ['-h, --help', 'display help for command'],
  ];
  const commands = COMMANDS.map(({ name, summary }) => [name, summary]);
  const longest = Math.max(...[...options, ...commands].map(([term = '']) => term.length));
  const list = (lines: string[][]) => lines.map(([term = '', words = '']) => `  ${term.padEnd(longest)}  ${words}`);
  return fitHelp(
    [
      'Usage: shadowctl [options] [command]',
      '',
      DESCRIPTION,
      '',
      'Options:',
      ...list(options),
      '',
      'Commands:',
      ...list(commands),
      '',
      FOOTER,
    ].join('\n'),
    width,
  );
}

/** The widest that help is drawn, in columns. */
const MAX_HELP_WIDTH = 120;

/** How wide help is set on a terminal of so many columns. */
export function helpWidth(columns: number): number {
  return Math.min(columns, MAX_HELP_WIDTH);
}
