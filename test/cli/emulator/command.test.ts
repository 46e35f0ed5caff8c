import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../../src/app.ts';
import { emulatorCommand } from '../../../src/cli/emulator/command.ts';
import { LATENCIES, SWITCHES } from '../../../src/cli/emulator/flags.ts';
import { flagsOf } from '../../../src/cli/emulator/start.ts';
import { STRICT_SWITCHES, REALISTIC_LATENCIES, QUICK_LATENCIES } from '../../../src/emulator/world/options.ts';

/** What a command line is understood as. */
async function parse(line: string[]): Promise<unknown> {
  let parsed: unknown;
  const host: Host = {
    async start(_run, options) {
      parsed = options;
    },
  };
  const command = emulatorCommand(host);
  silence(command);
  await command.parseAsync(line, { from: 'user' });
  return parsed;
}

function silence(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const inner of command.commands) silence(inner);
}

const START = {
  dir: undefined,
  port: undefined,
  foreground: false,
  verbose: false,
  containers: [],
  latencies: {},
  switches: {},
  pace: 'quick',
  iam: [],
  prices: [],
  quotas: [],
  trino: undefined,
};

describe('the words of shadowctl emulator', () => {
  it.each<[string[], unknown]>([
    [['start'], START],
    [
      ['start', '--port', '8080', '--dir', 'd', '--foreground', '--verbose'],
      { ...START, port: 8080, dir: 'd', foreground: true, verbose: true },
    ],
    [
      ['start', '--container', 'a:1=http://127.0.0.1:1', '--container', 'b=python serve.py --x=y'],
      { ...START, containers: ['a:1=http://127.0.0.1:1', 'b=python serve.py --x=y'] },
    ],
    [
      ['start', '--latency', 'createEndpoint=5', '--latency', 'modelLatency=0.5', '--pace', 'lifelike'],
      { ...START, latencies: { createEndpoint: 5, modelLatency: 0.5 }, pace: 'lifelike' },
    ],
    [
      ['start', '--switch', 'sharedEventId=true', '--switch', 'shadowSampling=weight'],
      { ...START, switches: { sharedEventId: true, shadowSampling: 'weight' } },
    ],
    [
      [
        'start',
        '--iam',
        'a.json',
        '--iam',
        'role/models=b.json',
        '--iam',
        'scp:c.json',
        '--iam',
        'boundary:test=d.json',
      ],
      {
        ...START,
        iam: [
          { kind: 'identity', who: undefined, file: 'a.json' },
          { kind: 'identity', who: 'role/models', file: 'b.json' },
          { kind: 'scp', who: undefined, file: 'c.json' },
          { kind: 'boundary', who: 'test', file: 'd.json' },
        ],
      },
    ],
    [
      ['start', '--quota', 'ml.m5.xlarge for transform job usage=2'],
      { ...START, quotas: [{ name: 'ml.m5.xlarge for transform job usage', limit: 2 }] },
    ],
    [['start', '--trino', 'http://127.0.0.1:8080/'], { ...START, trino: 'http://127.0.0.1:8080' }],
    [['stop'], { dir: undefined }],
    [['status', '--format', 'json'], { dir: undefined, format: 'json' }],
    [['env', '--shell', 'fish', '--dir', 'x'], { dir: 'x', shell: 'fish' }],
    [
      [
        'fault',
        'add',
        'error',
        '--service',
        's3',
        '--operation',
        'PutObject',
        '--share',
        '0.5',
        '--times',
        '3',
        '--status',
        '503',
        '--milliseconds',
        '10',
      ],
      {
        dir: undefined,
        fault: {
          kind: 'error',
          service: 's3',
          operation: 'PutObject',
          share: 0.5,
          times: 3,
          status: 503,
          milliseconds: 10,
        },
      },
    ],
    [
      ['fault', 'add', 'unhealthy', '--endpoint', 'e', '--variant', 'v', '--endpoint-config', 'c'],
      { dir: undefined, fault: { kind: 'unhealthy', endpoint: 'e', variant: 'v', endpointConfig: 'c' } },
    ],
    [
      ['fault', 'add', 'failing-model', '--transform-job', 'nightly'],
      { dir: undefined, fault: { kind: 'failing-model', transformJob: 'nightly' } },
    ],
    // As the flag was called before.
    [['fault', 'add', 'delay', '--ms', '5'], { dir: undefined, fault: { kind: 'delay', milliseconds: 5 } }],
    [['fault', 'list'], { dir: undefined, format: 'text' }],
    [['fault', 'clear', 'fault-1', 'fault-2'], { dir: undefined, ids: ['fault-1', 'fault-2'] }],
    [['fault', 'clear'], { dir: undefined, ids: [] }],
  ])('%j', async (line, options) => {
    expect(await parse(line)).toEqual({ format: 'text', ...(options as object) });
  });

  it.each<[string[], string]>([
    [['start', '--port', '70000'], 'A port is a number'],
    [['start', '--container', 'image'], 'Write IMAGE='],
    [['start', '--latency', 'boot=5'], 'There is no latency "boot". The latencies are createEndpoint'],
    [['start', '--latency', 'createEndpoint=soon'], '"soon" is not a number'],
    [['start', '--switch', 'magic=true'], 'There is no switch "magic". The switches are sharedEventId'],
    [['start', '--switch', 'shadowSampling=often'], 'shadowSampling is one of ratio, weight, not "often"'],
    [['env', '--shell', 'cmd'], 'Allowed choices are bash, fish, powershell'],
    [['fault', 'add', 'meteor'], 'Allowed choices are throttle'],
    [['fault', 'add', 'error', '--share', '2'], 'number from 0 to 1'],
  ])('refuses %j', async (line, words) => {
    await expect(parse(line)).rejects.toThrow(words);
  });

  it('knows every latency and switch of the emulator, with its defaults', () => {
    expect(Object.fromEntries(LATENCIES.map(([name, quick]) => [name, quick]))).toEqual(QUICK_LATENCIES);
    expect(Object.fromEntries(LATENCIES.map(([name, , lifelike]) => [name, lifelike]))).toEqual(REALISTIC_LATENCIES);
    expect(Object.fromEntries(SWITCHES.map((one) => [one.name, one.default]))).toEqual(
      Object.fromEntries(Object.entries(STRICT_SWITCHES).map(([name, value]) => [name, String(value)])),
    );
  });

  it('hands every flag on to the process in the background', async () => {
    const line = [
      '--port',
      '1',
      '--verbose',
      '--container',
      'a=b',
      '--pace',
      'lifelike',
      '--latency',
      'createEndpoint=5',
      '--switch',
      'sharedEventId=true',
    ];
    const options = (await parse(['start', ...line])) as Parameters<typeof flagsOf>[0];
    expect(flagsOf(options)).toEqual(line);
  });
});
