import { existsSync } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onDisk, writeWhole } from '../base/disk.ts';
import { packageFile } from '../base/package.ts';

/** What a new shadowctl.yaml is to say; what is undefined stands in it as a comment. */
export interface InitAnswers {
  target: 'aws' | 'emulator';
  region: string | undefined;
  profile: string | undefined;
  /** ARN. */
  role: string | undefined;
  /** Where journals are kept; undefined: beside the file. */
  state: string | undefined;
  /** Name of an endpoint that gets a section of its own. */
  endpoint: string | undefined;
}

/** The schema of shadowctl.yaml, from the root of the package. */
const SCHEMA = 'schemas/shadowctl.schema.json';

/**
 * The file: what was said, and what else could be, as comments that hold when their `#` is taken away.
 * @param schema where an editor finds the schema, as for `yaml-language-server`; undefined: nowhere that holds for a team
 */
export function projectFile(said: InitAnswers, schema: string | undefined): string {
  const { target, region, profile, role, state, endpoint } = said;
  const line = (key: string, value: string | undefined, example: string, words: string) =>
    `${(value === undefined ? `# ${key}: ${example}` : `${key}: ${scalar(value)}`).padEnd(44)} # ${words}`;
  return [
    ...(schema === undefined ? [] : [`# yaml-language-server: $schema=${schema}`]),
    '# What shadowctl does in this folder and below. Every key: shadowctl help configuration',
    '# Flags come before this file; shadowctl config show says what holds and where it comes from.',
    '',
    line('target', target === 'emulator' ? target : undefined, 'emulator', 'aws (the default), or emulator'),
    line('region', region, 'eu-west-1', 'AWS_REGION comes before it'),
    line('profile', profile, 'releases', 'AWS profile'),
    line('account', undefined, "'123456789012'", 'credentials of any other account are refused'),
    line('role', role, 'arn:aws:iam::123456789012:role/models', 'the role that models run with'),
    line('state', state, 's3://my-bucket/shadowctl', 'journals that a team shares; default: .shadowctl/ here'),
    line('cache', undefined, 'off', 'keep no downloaded captures: what callers sent, in plain text'),
    '# tags: { team: forecasting }                 # for everything that is created',
    '# notify: https://hooks.example.com/releases  # who is told how updates end: SNS topics, webhooks',
    '',
    '# What a shadow must prove. Defaults: shadowctl policy init; in sentences: shadowctl policy explain',
    '# policy: { errors: 0.01, latency: { p99: 0.2 } }',
    '',
    '# Defaults for single endpoints: flags by their names.',
    ...(endpoint === undefined ? ['# endpoints:', ...section('weather', '# ')] : ['endpoints:', ...section(endpoint)]),
    '',
    '# Places to work in, chosen by --env NAME.',
    '# environments:',
    '#   staging: { region: eu-west-1, profile: staging }',
    "#   production: { region: eu-west-1, profile: production, account: '123456789012' }",
    '',
  ].join('\n');
}

function section(endpoint: string, off = ''): string[] {
  // A section needs a key: bake has the value that it has without one.
  return [
    `${off}  ${scalar(endpoint)}:`,
    `${off}    bake: 5m                              # how long each stage of an update is watched`,
    ...[
      'instanceType: ml.m5.large             # of a new endpoint, or with another model',
      'maxLatency: p99=250ms                 # rolls back: latency above it',
      'max5xxRate: 1%                        # rolls back: more failed requests',
      'alarms: [my-alarm]                    # your own alarms, which roll back, too',
      'policy: { errors: 0.005 }             # over what stands above',
    ].map((words) => `${off === '' ? '    # ' : '#     '}${words}`),
  ];
}

/** As YAML takes it for a text, whatever it is. */
function scalar(value: string): string {
  return /^[A-Za-z][\w:/.@-]*$/.test(value) &&
    !value.endsWith(':') &&
    !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value)
    ? value
    : JSON.stringify(value);
}

/**
 * Where an editor finds the schema of shadowctl.yaml: in the installed package, or in this program where both are in one
 * repository, by a path from the file, which holds for everybody who has the same there. Undefined: a path of this machine alone
 * would be a mistake in the editor of everybody else, who gets the file with the repository.
 */
export function schemaFor(file: string): string | undefined {
  const folder = dirname(file);
  const own = fileURLToPath(packageFile(SCHEMA));
  for (let at = folder; ; at = dirname(at)) {
    const installed = join(at, 'node_modules', 'shadowctl', SCHEMA);
    if (existsSync(installed)) return pathFrom(folder, installed);
    if (existsSync(join(at, '.git')) && own.startsWith(at + sep)) return pathFrom(folder, own);
    if (dirname(at) === at) return undefined;
  }
}

function pathFrom(folder: string, to: string): string {
  return relative(folder, to)
    .split(sep)
    .join('/')
    .replace(/^(?!\.)/, './');
}

/**
 * Writes the file, and never over another unless that is asked for: that one is kept beside it.
 * @returns the path of the copy of what stood there before, where something did
 */
export async function writeProjectFile(file: string, text: string, replace: boolean): Promise<string | undefined> {
  const folder = dirname(file);
  const next = 'Make it writable, or run it elsewhere.';
  if (!replace) {
    await onDisk(folder, next, async () => {
      const made = await open(file, 'wx');
      await made.writeFile(text);
      await made.close();
    });
    return undefined;
  }
  const kept = `${file}.before`;
  await onDisk(folder, next, () => copyFile(file, kept));
  await onDisk(folder, next, () => writeWhole(file, text));
  return kept;
}
