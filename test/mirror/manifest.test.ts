import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { run } from '../../src/main.ts';
import { readSettings } from '../../src/mirror/settings.ts';
import { capturedIo } from '../support/io.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'shadowctl-manifest-'));
  writeFileSync(join(cwd, 'mirror.yaml'), MIRROR);
  writeFileSync(join(cwd, 'model.yaml'), MODEL);
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const MIRROR = `
live: http://127.0.0.1:8501
control: 127.0.0.1:9090
shadows:
  candidate: { url: 'http://candidate:8501', headers: { Authorization: { env: SHADOW_TOKEN } } }
records: { folder: records, keepBytes: 5GB }
bounds: { drain: 60s }
`;
const MODEL = `
apiVersion: v1
kind: Service
metadata: { name: weather }
spec: { selector: { app: weather }, ports: [{ port: 80, targetPort: 8501 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: weather, namespace: models }
spec:
  replicas: 2
  selector: { matchLabels: { app: weather } }
  template:
    metadata: { labels: { app: weather } }
    spec:
      containers:
        - { name: model, image: 'tensorflow/serving:2.16.1', ports: [{ containerPort: 8501 }] }
`;

async function manifest(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = capturedIo();
  const signal = new AbortController().signal;
  const argv = ['mirror', 'manifest', ...words];
  const code = await run(argv, { clock: systemClock, env: {}, cwd, signal, io: () => io });
  return { code, out: io.outLines.join('\n'), err: io.errLines.join('\n') };
}

const KUBERNETES = [
  'kubernetes',
  '--file',
  'mirror.yaml',
  '--deployment',
  'model.yaml',
  '--image',
  'registry/shadowctl:0.1',
];

describe('of Kubernetes', () => {
  test('is the Deployment with a mirror beside the model, its configuration and a Service', async () => {
    const { code, out, err } = await manifest(...KUBERNETES);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [config, deployment, service] = parseAllDocuments(out).map((one) => one.toJS());
    expect([config.kind, deployment.kind, service.kind]).toEqual(['ConfigMap', 'Deployment', 'Service']);
    // What the sidecar is told can be read, with the paths and ports of the pod.
    const env = { SHADOW_TOKEN: 'own' };
    const told = readSettings(parse(config.data['mirror.yaml']), {
      where: 'map',
      folder: '/',
      env,
      readFile: () => '',
    });
    expect(told).toMatchObject({
      listen: { host: '0.0.0.0', port: 8080 },
      control: { host: '0.0.0.0', port: 9090 },
      records: { folder: '/records', keepBytes: 5e9 },
      live: { target: { url: 'http://127.0.0.1:8501' } },
      shadows: [{ headers: { Authorization: 'own' } }],
    });
    const { containers, volumes, terminationGracePeriodSeconds } = deployment.spec.template.spec;
    expect(containers.map(({ name }: { name: string }) => name)).toEqual(['model', 'mirror']);
    expect(containers[1].env).toEqual([
      { name: 'SHADOW_TOKEN', valueFrom: { secretKeyRef: { name: 'weather-mirror', key: 'SHADOW_TOKEN' } } },
    ]);
    expect(containers[1].volumeMounts.map(({ name }: { name: string }) => name).sort()).toEqual(
      volumes.map(({ name }: { name: string }) => name).sort(),
    );
    // Kubernetes must not kill it while requests under way may still end.
    expect(terminationGracePeriodSeconds).toBeGreaterThan(60);
    expect(service.spec).toEqual({
      selector: { app: 'weather' },
      ports: [{ name: 'http', port: 80, targetPort: 8080 }],
    });
    expect([config, service].map(({ metadata }) => metadata.namespace)).toEqual(['models', 'models']);
    expect(out).not.toContain('unknown');
  });

  test('takes a claim, and the ports that the configuration names', async () => {
    writeFileSync(join(cwd, 'model.yaml'), MODEL.replace('containerPort: 8501', 'containerPort: 8080'));
    const taken = await manifest(...KUBERNETES);
    expect(taken.code).toBe(2);
    expect(taken.err).toContain('8080');
    const { out } = await manifest(...KUBERNETES, '--listen', '8090', '--claim', 'pairs');
    const [, deployment, service] = parseAllDocuments(out).map((one) => one.toJS());
    expect(service.spec.ports[0].targetPort).toBe(8090);
    expect(deployment.spec.template.spec.volumes).toContainEqual({
      name: 'mirror-records',
      persistentVolumeClaim: { claimName: 'pairs' },
    });
  });

  test.each([
    ['no image', ['kubernetes', '--file', 'mirror.yaml', '--deployment', 'model.yaml']],
    [
      'no file of a Deployment',
      ['kubernetes', '--file', 'mirror.yaml', '--image', 'a', '--deployment', 'missing.yaml'],
    ],
    ['no Deployment in it', ['kubernetes', '--file', 'mirror.yaml', '--image', 'a', '--deployment', 'mirror.yaml']],
    ['another kind', ['nomad', '--file', 'mirror.yaml']],
    ['no live side', ['envoy', '--shadow', 'http://b']],
  ])('%s is refused', async (_, words) => {
    const { code, out } = await manifest(...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('does not come twice into a Deployment', async () => {
    writeFileSync(join(cwd, 'model.yaml'), (await manifest(...KUBERNETES)).out);
    expect(await manifest(...KUBERNETES)).toMatchObject({ code: 2, out: '' });
  });
});

describe('of Envoy', () => {
  test('asks the mirror for its health, and has the live server behind it', async () => {
    const { code, out } = await manifest('envoy', '--file', 'mirror.yaml', '--listen', '0.0.0.0:8080');
    expect(code).toBe(0);
    const [cluster] = parse(out).static_resources.clusters;
    const places = cluster.load_assignment.endpoints.map(
      ({ priority, lb_endpoints: [{ endpoint }] }: { priority: number; lb_endpoints: [{ endpoint: Endpoint }] }) => [
        priority,
        endpoint.address.socket_address,
        endpoint.health_check_config,
      ],
    );
    expect(places).toEqual([
      [0, { address: '127.0.0.1', port_value: 8080 }, { port_value: 9090 }],
      [1, { address: '127.0.0.1', port_value: 8501 }, { disable_active_health_check: true }],
    ]);
  });

  test.each([
    ['health that nobody serves', 'live: http://a\nshadows: { s: http://b }\n'],
    ['an endpoint of SageMaker', 'live: sagemaker:a\ncontrol: 9090\nshadows: { s: http://b }\n'],
    ['TLS on one side', 'live: https://a\ncontrol: 9090\nshadows: { s: http://b }\n'],
    ['a path of its own', 'live: http://a/base\ncontrol: 9090\nshadows: { s: http://b }\n'],
  ])('%s is refused', async (_, content) => {
    writeFileSync(join(cwd, 'mirror.yaml'), content);
    expect(await manifest('envoy', '--file', 'mirror.yaml')).toMatchObject({ code: 2, out: '' });
  });
});

interface Endpoint {
  address: { socket_address: object };
  health_check_config: object;
}

test('the Dockerfile, the unit and the commands of docs/mirror.md name what there is', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/mirror.md'), 'utf8');
  const [, unit = ''] = /```ini\n([\s\S]*?)```/.exec(page) ?? [];
  expect(unit).toMatch(/^ExecStart=.*shadowctl mirror --file /m);
  expect(unit).toMatch(/^Restart=always$/m);
  // A mirror that drains is not to be killed before it has ended.
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(30);
});
