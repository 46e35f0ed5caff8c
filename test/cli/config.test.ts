import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadProject, PROJECT_KEYS } from '../../src/base/project.ts';
import { canaryCommand } from '../../src/cli/canary.ts';
import { deployCommand } from '../../src/cli/deploy.ts';
import { doctorCommand } from '../../src/cli/doctor.ts';
import { ENDPOINT_DEFAULTS, fillDefaults } from '../../src/cli/flags/endpoint-defaults.ts';
import { invokeCommand } from '../../src/cli/invoke.ts';
import { promoteCommand } from '../../src/cli/promote.ts';
import { reportCommand } from '../../src/cli/report/command.ts';
import { rolloutCommand } from '../../src/cli/rollout.ts';
import { shadowCommand } from '../../src/cli/shadow.ts';
import { undoCommand } from '../../src/cli/undo.ts';
import type { Host } from '../../src/app.ts';
import { read } from '../docs/pages.ts';
import { emulatorEnvironment } from '../../src/emulator/daemon/process.ts';
import { ARTIFACT_009, ROLE, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());
const yaml = (content: string) => writeFileSync(join(world.root, 'shadowctl.yaml'), content);
beforeEach(() => yaml(''));

interface Config {
  settings: { key: string; value: unknown; from: { kind: string; name: string } }[];
}

async function config(words = '', env: Record<string, string | undefined> = {}): Promise<Config> {
  const { code, out, err } = await world.shadowctl(`config show --format json ${words}`.trim(), { env });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as Config;
}

const found = ({ settings }: Config, key: string) => {
  const { value, from } = settings.find((one) => one.key === key) ?? {
    value: 'not told',
    from: { kind: '', name: '' },
  };
  return [value, from.kind, from.name];
};

test('what any section says wrong is told at once, and nothing is shown', async () => {
  yaml(`
release: { aprove: ask }
policy: { erors: 0.1, blockMinutes: 0 }
endpoints:
  weather: { release: { timebox: 1d }, maxLatency: fast }
`);
  const { code, out, err } = await world.shadowctl('config show');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  for (const key of ['aprove', 'erors', 'blockMinutes', 'timebox', 'maxLatency']) expect(err).toContain(key);
  yaml('policy: { erors: 0.1 }\n');
  const one = await world.shadowctl('config show');
  expect(one.code).toBe(2);
  expect(one.err).toContain('erors');
});

describe('what wins', () => {
  const FILE = `
region: eu-west-1
profile: everyday
role: arn:aws:iam::000000000000:role/of-the-file
state: of-file
environments:
  staging: { region: eu-north-1, profile: stage, account: '000000000000', state: of-staging }
  bare: {}
endpoints:
  weather: { role: 'arn:aws:iam::000000000000:role/of-the-endpoint' }
`;
  const AMBIENT = { AWS_REGION: 'us-west-2', AWS_PROFILE: 'ambient', SHADOWCTL_STATE: undefined };
  test.each<[string, string, Record<string, string | undefined>, Record<string, unknown[]>]>([
    [
      'nothing chosen',
      '',
      AMBIENT,
      {
        region: ['us-west-2', 'variable', 'AWS_REGION'],
        profile: ['everyday', 'file', 'profile'],
        state: ['of-file', 'file', 'state'],
        role: ['arn:aws:iam::000000000000:role/of-the-file', 'file', 'role'],
      },
    ],
    [
      'no variable',
      '',
      { AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined },
      {
        region: ['eu-west-1', 'file', 'region'],
      },
    ],
    [
      'an environment',
      '--env staging',
      AMBIENT,
      {
        environment: ['staging', 'flag', '--env'],
        region: ['eu-north-1', 'environment', 'environments.staging.region'],
        profile: ['stage', 'environment', 'environments.staging.profile'],
        account: ['000000000000', 'environment', 'environments.staging.account'],
        state: ['of-staging', 'environment', 'environments.staging.state'],
      },
    ],
    [
      'an environment by variable, without keys',
      '',
      { ...AMBIENT, SHADOWCTL_ENV: 'bare' },
      {
        environment: ['bare', 'variable', 'SHADOWCTL_ENV'],
        region: ['us-west-2', 'variable', 'AWS_REGION'],
        state: ['of-file', 'file', 'state'],
      },
    ],
    [
      'variables of its own over the environment',
      '--env staging',
      { ...AMBIENT, SHADOWCTL_STATE: 'of-variable' },
      {
        state: ['of-variable', 'variable', 'SHADOWCTL_STATE'],
      },
    ],
    [
      'flags over all',
      '--env staging --region ap-south-1 --profile typed --state typed',
      { ...AMBIENT, SHADOWCTL_STATE: 'x' },
      {
        region: ['ap-south-1', 'flag', '--region'],
        profile: ['typed', 'flag', '--profile'],
        state: ['typed', 'flag', '--state'],
      },
    ],
    [
      'the emulator, which knows no profiles',
      '--emulator',
      { ...AMBIENT, SAGEMAKER_ROLE_ARN: undefined },
      {
        region: ['us-west-2', 'variable', 'AWS_REGION'],
        profile: [null, 'default', 'the emulator asks for none'],
        account: ['000000000000', 'default', "the emulator's"],
        role: ['arn:aws:iam::000000000000:role/of-the-file', 'file', 'role'],
      },
    ],
    [
      'the emulator, an account of it',
      '--emulator --env staging',
      { AWS_REGION: 'us-west-2', AWS_ACCESS_KEY_ID: '123456789012' },
      {
        region: ['eu-north-1', 'environment', 'environments.staging.region'],
        account: ['123456789012', 'default', "the emulator's"],
      },
    ],
    [
      'an endpoint',
      '--endpoint weather',
      AMBIENT,
      {
        role: ['arn:aws:iam::000000000000:role/of-the-endpoint', 'endpoint', 'endpoints.weather.role'],
      },
    ],
  ])('%s', async (_, words, env, expected) => {
    yaml(FILE);
    const told = await config(words, env);
    for (const [key, value] of Object.entries(expected)) expect(found(told, key), key).toEqual(value);
  });

  test('what config show says is where commands work', async () => {
    yaml(`environments: { north: { region: eu-north-1, state: north } }`);
    const line = 'deploy --endpoint where --algorithm linear-learner --plan --format json';
    const words = [...line.split(' '), '--artifact', ARTIFACT_009];
    for (const [more, region] of [
      [['--env', 'north'], 'eu-north-1'],
      [[], 'us-east-1'],
    ] as const) {
      const { code, out, err } = await world.shadowctl([...words, ...more]);
      expect(code, err).toBe(4);
      expect(out).toContain(`sagemaker-${region}-000000000000`);
    }
  });

  test('a next step carries the environment', async () => {
    yaml(`environments: { north: { region: eu-north-1, state: north } }`);
    const { err } = await world.shadowctl('status --env north');
    expect(err).toContain('shadowctl status --env north --endpoint NAME');
  });

  test('what nobody says on the emulator is what commands then use, which no file of the SDK tells', async () => {
    yaml('target: emulator\nprofile: everyday\naccount: "111111111111"\n');
    const env = {
      AWS_REGION: undefined,
      AWS_DEFAULT_REGION: undefined,
      AWS_PROFILE: 'x',
      SAGEMAKER_ROLE_ARN: undefined,
    };
    const told = await config('', env);
    const used = emulatorEnvironment('http://127.0.0.1:1', { ...world.env, ...env });
    expect(found(told, 'region')).toEqual([used.AWS_REGION, 'default', "the emulator's"]);
    expect(found(told, 'role')).toEqual([used.SAGEMAKER_ROLE_ARN, 'default', "the emulator's"]);
    expect(found(told, 'account')).toEqual(['000000000000', 'default', "the emulator's"]);
    expect(found(told, 'profile').slice(0, 2)).toEqual([null, 'default']);
  });

  test('an environment of AWS is not on the emulator of the file', async () => {
    yaml(`target: emulator\nenvironments: { prod: { profile: prod }, dev: { region: eu-north-1 } }`);
    expect(found(await config('--env prod'), 'target')).toEqual(['aws', 'environment', 'environments.prod.profile']);
    expect(found(await config('--env dev'), 'target')).toEqual(['emulator', 'file', 'target']);
  });

  test.each([
    ['--env stging', '--env: .*has no environment "stging". Did you mean staging\\?'],
    ['--env constructor', 'has no environment "constructor"'],
  ])('%s is refused', async (words, expected) => {
    yaml(FILE);
    const { code, err } = await world.shadowctl(`config show ${words}`);
    expect(code).toBe(2);
    expect(err).toMatch(new RegExp(expected));
  });

  test('a webhook is told without its secret', async () => {
    yaml(
      'notify: https://hooks.example.com/services/T0/SECRET\nendpoints: { w: { notify: https://x.example/SECRET, release: { notify: ["slack:https://y.example/SECRET", "env:HOOK"] } } }',
    );
    const told = JSON.stringify(await config('--endpoint w'));
    yaml(
      'prices: { ml.m5.large: 0.13 }\nrelease: { timeBox: 2h, notify: https://z.example/SECRET }\nnotify: https://hooks.example.com/services/T0/SECRET\nendpoints: { w: { release: { notify: ["slack:https://y.example/SECRET", "env:HOOK"] } } }',
    );
    const all = await config('--endpoint w');
    expect(found(all, 'release.timeBox')).toEqual(['2h', 'file', 'release.timeBox']);
    expect(all.settings.filter(({ key }) => key.startsWith('prices.'))).toHaveLength(1);
    expect(JSON.stringify(all)).not.toContain('SECRET');
    for (const shown of ['https://hooks.example.com/…', 'https://y.example/…', 'env:HOOK'])
      expect(told).toContain(shown);
    expect(told).not.toContain('SECRET');
  });
});

describe('defaults of an endpoint', () => {
  /** The options a command line runs with, where shadowctl.yaml says this of its endpoint. */
  async function optionsWith(
    make: (host: Host) => Command,
    said: string,
    line: string,
  ): Promise<Record<string, unknown>> {
    yaml(`endpoints:\n  weather: ${said}`);
    let options: Record<string, unknown> = {};
    const command = make({
      async start(_, given) {
        options = given as Record<string, unknown>;
      },
    });
    const program = new Command('shadowctl').addCommand(command);
    program.hook('preAction', (_, one) => fillDefaults(one, () => loadProject(world.root, undefined)));
    await program.parseAsync([command.name(), '--endpoint', 'weather', ...line.split(' ').filter(Boolean)], {
      from: 'user',
    });
    return options;
  }
  const GUARDED =
    '{ strategy: linear, stepSize: 25%, bake: 10m, maxLatency: p99=250ms, alarms: mine, max5xxRate: 0.02 }';
  const LINEAR = { strategy: { strategy: 'linear', size: { unit: 'percent', value: 25 }, bakeSeconds: 600 } };

  test.each<[string, (host: Host) => Command, string, string, object]>([
    [
      'canary takes alarms and thresholds',
      canaryCommand,
      GUARDED,
      '',
      {
        guard: {
          ...LINEAR,
          alarms: ['mine'],
          limits: { max5xxRate: 0.02, maxLatency: { statistic: 'p99', milliseconds: 250 } },
        },
      },
    ],
    [
      'a flag replaces the key',
      canaryCommand,
      GUARDED,
      '--bake 2m --alarm other',
      {
        guard: { strategy: { bakeSeconds: 120 }, alarms: ['other'] },
      },
    ],
    [
      'a size of another strategy is left out',
      canaryCommand,
      GUARDED,
      '--strategy canary',
      {
        guard: { strategy: { strategy: 'canary', size: undefined, bakeSeconds: 600 } },
      },
    ],
    [
      'the other limit of latency is left out',
      canaryCommand,
      GUARDED,
      '--max-latency-increase p90=50%',
      {
        guard: { limits: { maxLatency: undefined, maxLatencyIncrease: { statistic: 'p90', share: 0.5 } } },
      },
    ],
    [
      'promote takes them',
      promoteCommand,
      `{ strategy: rolling, labels: truth.csv:label }`,
      '',
      {
        guard: { strategy: { strategy: 'rolling' } },
      },
    ],
    ['undo stays all at once', undoCommand, GUARDED, '', { guard: undefined }],
    [
      'undo with a strategy takes them',
      undoCommand,
      GUARDED,
      '--strategy canary',
      {
        guard: { strategy: { strategy: 'canary', bakeSeconds: 600 }, alarms: ['mine'] },
      },
    ],
    [
      'a rollout takes the limits, not the bake',
      rolloutCommand,
      GUARDED,
      '',
      {
        bakeSeconds: 600,
        guard: { limits: { max5xxRate: 0.02 }, alarms: ['mine'] },
      },
    ],
    ['a rollout that resumes keeps what it began with', rolloutCommand, GUARDED, '--resume', { guard: { alarms: [] } }],
    ['doctor takes the bake', doctorCommand, GUARDED, '', { bakeSeconds: 600, alarms: [] }],
    [
      'deploy takes role and instance type with a model',
      deployCommand,
      `{ role: '${ROLE}', instanceType: ml.c5.large, algorithm: xgboost }`,
      '--artifact m.tar.gz',
      {
        instanceType: 'ml.c5.large',
        candidate: { role: ROLE, algorithm: 'xgboost' },
      },
    ],
    [
      'and not where only the fleet changes',
      deployCommand,
      `{ role: '${ROLE}', instanceType: ml.c5.large }`,
      '--instances 2',
      {
        instanceType: undefined,
        candidate: { role: undefined },
        instances: 2,
      },
    ],
    [
      'a model that exists has its role',
      deployCommand,
      `{ role: '${ROLE}', volume: 20 }`,
      '--model m1',
      {
        candidate: { role: undefined, volume: 20 },
      },
    ],
    [
      'an image replaces the algorithm',
      deployCommand,
      '{ algorithm: xgboost }',
      '--artifact m.tar.gz --image i',
      {
        candidate: { algorithm: undefined, image: 'i' },
      },
    ],
    [
      'tags add up',
      deployCommand,
      '{ tags: { a: "1", b: "1" } }',
      '--artifact m.tar.gz --tag b=2',
      {
        candidate: { tag: { a: '1', b: '2' } },
      },
    ],
    [
      'a shadow takes sample and captures',
      shadowCommand,
      '{ sample: 50%, captureTo: s3://b/c, instanceType: ml.c5.large }',
      '--model m',
      {
        sample: 0.5,
        captureTo: 's3://b/c',
        instanceType: undefined,
      },
    ],
    [
      'captures that stay as they are',
      shadowCommand,
      '{ captureTo: s3://b/c }',
      '--model m --no-capture',
      { captureTo: undefined },
    ],
    [
      'invoke takes the content type',
      invokeCommand,
      '{ contentType: text/csv, labelColumn: y }',
      '--data rows',
      {
        data: { contentType: 'text/csv', labels: undefined },
      },
    ],
    [
      'a report of files takes no labels',
      reportCommand,
      '{ labels: t.csv }',
      '--files saved.json',
      { labels: undefined },
    ],
  ])('%s', async (_, make, said, line, expected) => {
    const options = await optionsWith(make, said, line);
    if (make === rolloutCommand) delete options.go;
    expect(options).toMatchObject(expected);
  });

  test('files lie beside shadowctl.yaml', async () => {
    const said = '{ labels: data/t.csv:label, traffic: rows.csv, rate: 3, labelColumn: y, contentType: text/csv }';
    const { report, traffic } = (await optionsWith(promoteCommand, said, '')) as { report: unknown; traffic: unknown };
    expect(report).toMatchObject({ labels: join(world.root, 'data/t.csv:label') });
    expect(traffic).toMatchObject({
      file: join(world.root, 'rows.csv'),
      rate: 3,
      labels: 'y',
      contentType: 'text/csv',
    });
  });

  test.each([
    ['{ maxLatency: fast }', 'endpoints.weather.maxLatency fast: a latency limit looks like'],
    ['{ bake: 10 }', 'endpoints.weather.bake 10: a duration needs a unit'],
    ['{ instanceType: m5.large }', 'endpoints.weather.instanceType: "m5.large" is not an instance type'],
    ['{ strategy: slow }', 'endpoints.weather.strategy: "slow" is not known'],
    ['{ sample: 0 }', 'endpoints.weather.sample: "0" is not a share'],
    ['{ notify: me }', 'endpoints.weather.notify "me"'],
    ['{ maxLatency: p99=1s, maxLatencyIncrease: p99=20% }', 'maxLatency and maxLatencyIncrease exclude each other'],
    [
      '{ instancetype: ml.m5.large }',
      'endpoints.weather.instancetype: there is no such key, did you mean instanceType?',
    ],
    ['{ bias: 0.2 }', 'it belongs in the policy: endpoints: { weather: { policy: { bias: … } } }.'],
    [
      '{ p99: 0.2 }\nanswers: { path: $.x }',
      'answers: there is no such key here; it belongs in the policy: policy: { answers: … }.',
    ],
  ])('%s is refused, by key and value', async (said, expected) => {
    yaml(`endpoints:\n  weather: ${said}`);
    const { code, err } = await world.shadowctl('config show --endpoint weather');
    expect({ code, err }).toMatchObject({ code: 2 });
    expect(err).toContain(expected);
  });

  test('everything that is wrong is told at once, by whichever command reads the file', async () => {
    yaml('regoin: x\npolicy: { errors: 7 }\nrelease: { foo: 1 }\nendpoints: { weather: { bakee: 5m } }');
    const all = await world.shadowctl('status');
    expect(all.code).toBe(2);
    for (const words of ['regoin: ', 'weather.bakee: ', 'errors: 7 is not', 'foo: there is no'])
      expect(all.err).toContain(words);
    // Where only sections are wrong that a look does not need, it looks all the same.
    yaml('policy: { errors: 7 }\nendpoints: { weather: { bake: 5q, instanceType: ml.m5 } }');
    const { err } = await world.shadowctl('status');
    for (const words of ['warning: ', 'errors: 7 is not', 'weather.bake 5q', 'without a size'])
      expect(err).toContain(words);
    expect(err).toContain('shadowctl manages nothing');
  });

  test('the policy of an endpoint stands over that of all, and a file may hold it', async () => {
    mkdirSync(join(world.root, 'policies'), { recursive: true });
    writeFileSync(join(world.root, 'policies/w.yaml'), 'errors: 0.03\n');
    yaml(
      'policy: { errors: 0.5, latency: { p99: 0.7 } }\nendpoints: { weather: { policy: { latency: { p50: 0.4 } } }, other: { policy: policies/w.yaml } }',
    );
    const { loadPolicy } = await import('../../src/analysis/observe/policy-file.ts');
    const policyOf = async (endpoint: string) =>
      (await loadPolicy(world.root, undefined, () => loadProject(world.root, undefined), endpoint)).policy;
    expect(await policyOf('weather')).toMatchObject({ errors: 0.5, latency: { p99: 0.7, p50: 0.4 } });
    expect(await policyOf('other')).toMatchObject({ errors: 0.03 });
    expect(await policyOf('third')).toMatchObject({ errors: 0.5 });
    const told = await config('--endpoint weather');
    expect(found(told, 'policy.latency.p50')).toEqual([0.4, 'endpoint', 'endpoints.weather.policy.latency.p50']);
    expect(found(told, 'policy.errors')).toEqual([0.5, 'file', 'policy.errors']);
  });

  test('every key is the default of a flag or a section of the policy, and stands in docs/configuration.md', () => {
    const keys = [...Object.keys(ENDPOINT_DEFAULTS), 'answers', 'policy', 'release'].toSorted();
    expect(PROJECT_KEYS.endpoint.toSorted()).toEqual(keys);
    const page = read('docs/configuration.md');
    expect(keys.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
    expect([...PROJECT_KEYS.top, ...PROJECT_KEYS.environment].filter((key) => !page.includes(`\`${key}\``))).toEqual(
      [],
    );
  });
});
