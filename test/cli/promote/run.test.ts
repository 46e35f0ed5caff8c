import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { describeEndpoint, describeEndpointConfig } from '../../../src/aws/sagemaker.ts';
import { invoke, ROWS } from '../../support/traffic.ts';
import { ARTIFACT, ENDPOINT, openStage, type Said, type Stage } from '../../support/stage.ts';
import { matrixTest } from '../../support/sizes.ts';

let stage: Stage;
afterEach(() => stage.close());

const MINUTE = 60_000;
const SHADOW = [
  'shadow',
  '--endpoint',
  ENDPOINT,
  '--adopt',
  '--yes',
  '--artifact',
  ARTIFACT,
  '--model-name',
  'm2',
  '--config-name',
  's2',
];
const PROMOTE = ['promote', '--endpoint', ENDPOINT, '--yes', '--config-name', 'v2'];

/** Attaches a shadow, lets it see requests for so many minutes, then does `work`. */
async function shadowed<T>(algorithm: readonly string[], minutes: number, work: () => Promise<T>): Promise<T> {
  const { result } = await stage.traffic(async () => {
    const said = await stage.shadowctl([...SHADOW, ...algorithm]);
    expect(said).toMatchObject({ code: 0 });
    await stage.clock.sleep(minutes * MINUTE);
    return work();
  }, 1);
  return result;
}

/** What this test's models can pass: 005 and 009 agree in about four of five. */
function lenient(): string[] {
  writeFileSync(
    join(stage.cwd, 'policy.yaml'),
    'inform: [latency, labels, numbers]\nminimumBlocks: 2\nblockMinutes: 2\nerrors: 0.1\n',
  );
  return ['--policy', join(stage.cwd, 'policy.yaml')];
}

const good = ['--algorithm', 'linear-learner'];
const mismatched = ['--algorithm', 'xgboost:1.2-1', '--allow-mismatch'];

async function production(): Promise<string | undefined> {
  const config = (await describeEndpoint(stage.aws, ENDPOINT))?.EndpointConfigName ?? '';
  return (await describeEndpointConfig(stage.aws, config))?.ProductionVariants?.[0]?.ModelName;
}

/** The shadow has turned it on, and a promotion leaves it on. */
async function captureIsTurnedOff() {
  const kept = await stage.shadowctl(['cleanup', '--endpoint', ENDPOINT, '--yes']);
  expect(kept.out.replaceAll('\n  ', ' ')).toContain('the endpoint is kept, and captures to it');
  expect(kept.out).toContain('shadowctl deploy --endpoint weather --no-capture');
  const off = ['deploy', '--endpoint', ENDPOINT, '--no-capture', '--config-name', 'v3', '--yes'];
  expect(await stage.shadowctl(off)).toMatchObject({ code: 0 });
  const { DataCaptureConfig: capture, ProductionVariants } = (await describeEndpointConfig(stage.aws, 'v3')) ?? {};
  expect(capture).toMatchObject({ EnableCapture: false, InitialSamplingPercentage: 100 });
  expect(ProductionVariants).toMatchObject([{ ModelName: 'm2', InitialInstanceCount: 3 }]);
  expect((await describeEndpoint(stage.aws, ENDPOINT))?.DataCaptureConfig?.EnableCapture).toBe(false);
  expect((await stage.shadowctl([...off.slice(0, -3), '--plan'])).code).toBe(0);
  const gone = await stage.shadowctl(['cleanup', '--endpoint', ENDPOINT, '--yes']);
  expect(gone.out).toContain('deleted captures under');
  // The bucket stays, for the model that runs: late captures could come.
  expect(gone.out).toContain('SageMaker may write captures of the last requests');
}

describe('promote', () => {
  test('a passing shadow goes into production through a canary; name, counts and capture stay', async () => {
    stage = await openStage();
    const said = await shadowed(good, 30, () => stage.shadowctl([...PROMOTE, ...lenient(), '--format', 'json']));
    expect(said.err).toContain('Verdict on m2: pass');
    expect(said.code).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({ ending: 'updated', runningConfig: 'v2', previousConfig: 's2' });
    const [before, after] = [
      await describeEndpointConfig(stage.aws, 's2'),
      await describeEndpointConfig(stage.aws, 'v2'),
    ];
    expect(after?.ShadowProductionVariants ?? []).toEqual([]);
    expect(after?.ProductionVariants).toEqual(
      before?.ProductionVariants?.map((variant) => ({ ...variant, ModelName: 'm2' })),
    );
    expect(after?.DataCaptureConfig).toEqual(before?.DataCaptureConfig);
    const capture = { percent: 100, destination: before?.DataCaptureConfig?.DestinationS3Uri };
    expect(JSON.parse(said.out)).toMatchObject({ capture });
    await captureIsTurnedOff();
    const history = JSON.parse(
      (await stage.shadowctl(['history', '--endpoint', ENDPOINT, '--format', 'json'])).out,
    ) as { command: string }[];
    expect(history.map((entry) => entry.command)).toEqual(['shadow', 'promote', 'deploy']);
  });

  test('guardrails that SageMaker refuses beside a shadow: it is taken away first, then its model comes through a canary', async () => {
    stage = await openStage({ settings: { switches: { guardrailsWithShadow: false } } });
    const [none, said] = await shadowed(good, 30, async () => {
      const policy = lenient();
      writeFileSync(
        join(stage.cwd, 'none.yaml'),
        'inform: [latency, labels, numbers]\nminimumBlocks: 2\nblockMinutes: 2\nerrors: 0.1\nfallback: none\n',
      );
      const stopped = await stage.shadowctl([...PROMOTE, '--policy', join(stage.cwd, 'none.yaml')]);
      const before = (await describeEndpoint(stage.aws, ENDPOINT))?.EndpointConfigName;
      const unasked = await stage.shadowctl([...['promote', '--endpoint', ENDPOINT, '--config-name', 'v3'], ...policy]);
      expect(unasked.code).toBe(2);
      expect((await describeEndpoint(stage.aws, ENDPOINT))?.EndpointConfigName).toBe(before);
      return [stopped, await stage.shadowctl([...PROMOTE.slice(0, -1), 'v4', ...policy])];
    });
    expect(none?.code).toBe(2);
    expect(none?.err).toContain('fallback: none');
    expect(none?.err).toContain('shadow detach --endpoint weather');
    expect(said?.err).toContain('nothing was changed');
    expect(said?.code, said?.err).toBe(0);
    expect(await production()).toBe('m2');
    const journal = await stage.shadowctl(['history', '--endpoint', ENDPOINT, '--format', 'json']);
    expect((JSON.parse(journal.out) as { command: string }[]).map(({ command }) => command)).toEqual([
      'shadow',
      'shadow detach',
      'promote',
    ]);
  });

  test('a failing shadow is refused: exit 1, production untouched', async () => {
    stage = await openStage();
    const said = await shadowed(mismatched, 20, () => stage.shadowctl([...PROMOTE, ...lenient()]));
    expect(said.code).toBe(1);
    expect(said.err).toContain('Verdict on m2: fail');
    expect(said.err).toContain('shadowctl keep --endpoint weather');
    expect(await production()).toBe('m1');
    expect(await describeEndpointConfig(stage.aws, 'v2')).toBeUndefined();
  });

  test('a shadow of seconds is told when there is something to read: exit 3', async () => {
    stage = await openStage();
    writeFileSync(join(stage.cwd, 'shadowctl.yaml'), 'engine: athena\n');
    const said = await shadowed(good, 0.5, () => stage.shadowctl(PROMOTE));
    expect(said.code).toBe(3);
    expect(said.err).toMatch(
      /Verdict on m2: inconclusive\. Evidence on this shadow counts from \S+ UTC on;\s+that\s+first minute can be read from \S+ UTC on\./,
    );
    expect(await production()).toBe('m1');
    // Captures are read here, whatever the file says, and that is said.
    expect(said.err.match(/`?engine: athena/g)).toHaveLength(1);
    const watched = await stage.shadowctl(['watch', '--endpoint', ENDPOINT, '--once']);
    expect(watched.err.match(/engine: athena/g)).toHaveLength(1);
    writeFileSync(join(stage.cwd, 'shadowctl.yaml'), '');
    expect((await stage.shadowctl(['watch', '--endpoint', ENDPOINT, '--once'])).err).not.toContain('athena');
  });

  test('too little evidence is refused: exit 3', async () => {
    stage = await openStage();
    const asked = [...PROMOTE, '--from', '-4m', '--expect', 'better'];
    const [said, json] = await shadowed(good, 5, async () => [
      await stage.shadowctl(asked),
      await stage.shadowctl([...asked, '--plan', '--format', 'json']),
    ]);
    expect(said?.code).toBe(3);
    expect(json?.code).toBe(3);
    expect(JSON.parse(json?.out ?? '')).toMatchObject({
      promoted: false,
      verdict: 'inconclusive',
      reasons: expect.any(Array),
    });
    expect(said.err.replace(/\s+/g, ' ')).toContain('report --endpoint weather --from -4m --expect better --watch');
    expect(said.err).toContain('Verdict on m2: inconclusive');
    expect(await production()).toBe('m1');
  });

  matrixTest('--force overrules the verdict, the alarm still does not, and the journal has it', async () => {
    stage = await openStage();
    const said = await shadowed(mismatched, 10, () => stage.shadowctl([...PROMOTE, '--force', '--format', 'json']));
    expect(said.err).toContain('against the verdict (--force)');
    expect(said.code).toBe(1);
    expect(JSON.parse(said.out)).toMatchObject({ ending: 'rolled-back-by-alarm', runningConfig: 's2' });
    const { folderJournal } = await import('../../support/journal.ts');
    const journal = await folderJournal({
      stateDir: join(stage.cwd, '.shadowctl'),
      account: '000000000000',
      region: 'us-east-1',
      endpoint: ENDPOINT,
      clock: stage.clock,
    });
    const fact = journal.events().find((event) => event.type === 'fact' && event.name === 'promoted');
    expect(fact).toMatchObject({
      value: { model: 'm2', forced: true, verdict: expect.stringMatching(/fail|inconclusive/), wayBack: 's2' },
    });
    const { out } = await stage.shadowctl(['history', '--endpoint', ENDPOINT]);
    expect(out.replace(/\s+/g, ' ')).toMatch(/forced \(the verdict was (fail|inconclusive)\)/);
  });

  test('--force overrules the verdict alone: an update that no alarm would guard takes --unguarded, too', async () => {
    stage = await openStage();
    const promote = [...PROMOTE, '--plan', '--bake', '1m'];
    const [forced, unguarded, both] = await shadowed(good, 3, async () => [
      await stage.shadowctl([...promote, '--force']),
      await stage.shadowctl([...promote, '--unguarded']),
      await stage.shadowctl([...promote, '--force', '--unguarded']),
    ]);
    expect([forced?.code, unguarded?.code, both?.code]).toEqual([2, 3, 4]);
    expect(forced?.err).toContain('add --unguarded');
  });

  matrixTest(
    'what is waived, and a window that the policy accepts, promote through a canary alone; both are noted',
    async () => {
      stage = await openStage();
      const file = join(stage.cwd, 'window.yaml');
      writeFileSync(
        file,
        'agreement: 0.5\nclasses: { agreement: 0.5 }\nminimumBlocks: 20\nblockMinutes: 2\nerrors: 0.1\naccept: window\ninform: [labels.scores]\n',
      );
      const latencies = ['mean', 'p50', 'p90', 'p99'].map((name) => `latency.${name}`);
      const asked = [...PROMOTE, '--policy', file, '--waive', ...latencies, '--reason', 'callers agreed'];
      const report = ['report', '--endpoint', ENDPOINT, ...asked.slice(PROMOTE.length)];
      const [reported, again, linear, unwaived, canary] = await shadowed(good, 30, async () => [
        await stage.shadowctl(report),
        await stage.shadowctl(report),
        await stage.shadowctl([...asked, '--strategy', 'linear']),
        await stage.shadowctl([...PROMOTE, '--policy', file]),
        await stage.shadowctl(asked),
      ]);
      expect([reported?.code, again?.code]).toEqual([3, 3]);
      expect(linear).toMatchObject({ code: 2 });
      expect(linear?.err).toContain('The verdict rests on this window alone');
      expect(unwaived).toMatchObject({ code: 3 });
      expect(canary).toMatchObject({ code: 0 });
      expect(canary?.err).toContain('Waived: latency.p99, which is inconclusive, does not decide: callers agreed.');
      expect(canary?.err).toContain('accept: window');
      const { folderJournal } = await import('../../support/journal.ts');
      const journal = await folderJournal({
        stateDir: join(stage.cwd, '.shadowctl'),
        account: '000000000000',
        region: 'us-east-1',
        endpoint: ENDPOINT,
        clock: stage.clock,
      });
      const facts = journal.events().filter((event) => event.type === 'fact' && event.name === 'promoted');
      expect(facts).toMatchObject([
        {
          value: {
            verdict: 'inconclusive',
            forced: false,
            accepted: 'window',
            waived: latencies.map((gate) => ({ gate, outcome: 'inconclusive', reason: 'callers agreed' })),
          },
        },
      ]);
      // The same report twice is one entry, and changes nothing.
      const { out } = await stage.shadowctl(['history', '--endpoint', ENDPOINT, '--format', 'json']);
      const waived = latencies.map((gate) => ({ gate, outcome: 'inconclusive', reason: 'callers agreed' }));
      const entries = (JSON.parse(out) as { command: string; waived: unknown[] }[]).filter(
        (one) => one.waived.length > 0,
      );
      expect(entries).toMatchObject([
        { command: 'report', from: 's2', to: 's2', verdict: { outcome: 'inconclusive', forced: false }, waived },
        { command: 'promote', from: 's2', verdict: { outcome: 'inconclusive' }, waived },
      ]);
      const text = await stage.shadowctl(['history', '--endpoint', ENDPOINT]);
      expect(text.out.replace(/\s+/g, ' ')).toContain('latency.p99 waived: callers agreed');
    },
  );

  matrixTest(
    'a gate that failed with labels is not forgotten with them: it is asked again, or --force is noted',
    async () => {
      stage = await openStage();
      const plan = [...PROMOTE, ...lenient(), '--plan', '--format', 'json'];
      const said = await shadowed(good, 26, async () => {
        // Labels by which production is right in nine of ten rows, and the shadow far less often.
        const rows = await Promise.all(
          [...new Set(ROWS)].map(async (body, i) => {
            const { body: answer } = await invoke(stage.emulator, { endpoint: ENDPOINT, body });
            const [found] = (JSON.parse(answer) as { predictions: { predicted_label: number }[] }).predictions;
            const label = found?.predicted_label ?? 0;
            return `${body},${i % 10 === 0 ? (label + 1) % 3 : label}`;
          }),
        );
        const features = (ROWS[0] ?? '').split(',').map((_, i) => `f${i}`);
        writeFileSync(join(stage.cwd, 'truth.csv'), [[...features, 'label'].join(','), ...rows, ''].join('\n'));
        const judge = async (...flags: string[]) => {
          const { code, out, err } = await stage.shadowctl([...plan, ...flags]);
          const { verdict, earlier } = JSON.parse(out) as {
            verdict?: string;
            earlier?: { gate: string; why: string }[];
          };
          return { code, verdict, err: err.replace(/\s+/g, ' '), earlier };
        };
        return {
          before: await judge(),
          failed: await judge('--labels', 'truth.csv:label'),
          forgotten: await judge(),
          forced: await judge('--force'),
          report: await stage.shadowctl(['report', '--endpoint', ENDPOINT, ...lenient()]),
          history: await stage.shadowctl(['history', '--endpoint', ENDPOINT, '--format', 'json']),
        };
      });
      expect(said.before.code).toBe(4);
      expect(said.failed).toMatchObject({ code: 1, verdict: 'fail' });
      expect(said.forgotten).toMatchObject({
        code: 3,
        verdict: 'inconclusive',
        earlier: [{ gate: 'truth.accuracy', why: 'unasked', command: 'promote', asked: { labels: 'truth.csv:label' } }],
      });
      const policy = join(stage.cwd, 'policy.yaml');
      expect(said.forgotten.err).toContain(`promote --endpoint weather --labels truth.csv:label --policy ${policy}`);
      expect(said.forced.code).toBe(4);
      expect(said.report.code).toBe(0);
      const text = said.report.out.replace(/\s+/g, ' ');
      expect(text).toContain('! truth.accuracy failed at');
      expect(text).toContain(`report --endpoint weather --policy ${policy} --labels truth.csv:label`);
      const entries = JSON.parse(said.history.out) as { command: string; failed: { gate: string }[] }[];
      expect(entries.filter(({ failed }) => failed.length > 0)).toMatchObject([
        { command: 'promote', verdict: { outcome: 'fail' }, failed: [{ gate: 'truth.accuracy' }] },
      ]);
    },
  );

  test('a canary of one instance is refused before anything is judged', async () => {
    stage = await openStage({ instances: 1 });
    const [plan, whole] = await shadowed(good, 0.5, async () => [
      await stage.shadowctl([...PROMOTE, '--plan']),
      await stage.shadowctl([...PROMOTE, '--plan', '--strategy', 'all-at-once']),
    ]);
    expect(plan).toMatchObject({ code: 2, err: expect.stringContaining('needs at least 2 instances') });
    expect(plan?.err).not.toContain('Verdict');
    expect(whole).toMatchObject({ code: 3, err: expect.stringContaining('Verdict') });
  });

  test('no shadow, no promotion', async () => {
    stage = await openStage();
    const said = await stage.shadowctl(PROMOTE);
    expect(said.code).toBe(2);
  });
});

describe('keep', () => {
  test('ends the shadow; production keeps its model and its config', async () => {
    stage = await openStage();
    const cleanup = ['cleanup', '--endpoint', ENDPOINT];
    const said: Said = await shadowed(good, 2, async () => {
      // A cleanup would end the shadow, too, and take away what it is judged by.
      expect(await stage.shadowctl([...cleanup, '--plan'])).toMatchObject({
        code: 4,
        out: expect.stringContaining('- model m2') as string,
      });
      return stage.shadowctl(['keep', '--endpoint', ENDPOINT, '--yes', '--reason', 'not yet']);
    });
    expect(said.code).toBe(0);
    const [, kept] = JSON.parse((await stage.shadowctl(['history', '--endpoint', ENDPOINT, '--format', 'json'])).out);
    expect(kept).toMatchObject({ command: 'keep', reason: 'not yet' });
    const began = stage.clock.now();
    const { out } = await stage.shadowctl([...cleanup, '--yes']);
    expect(out).toContain('deleted captures under');
    // The last captures of the shadow are waited for, also where the endpoint stays.
    expect(stage.clock.now() - began).toBeGreaterThan(20_000);
    // What comes later still is found: the journal knows the folder.
    const { CreateBucketCommand, PutObjectCommand } = await import('@aws-sdk/client-s3');
    const bucket = 'sagemaker-us-east-1-000000000000';
    const s3 = await stage.aws.s3();
    await s3.send(new CreateBucketCommand({ Bucket: bucket })).catch(() => undefined);
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: `shadowctl/${ENDPOINT}/captures/${ENDPOINT}/late.jsonl`,
        Body: '{}',
      }),
    );
    expect((await stage.shadowctl([...cleanup, '--yes'])).out).toContain('deleted captures under');
    expect((await stage.shadowctl([...cleanup, '--yes'])).out).not.toContain('deleted captures under');
    expect(said.err).toContain('Production keeps m1; the shadow with m2 ends.');
    expect(await describeEndpoint(stage.aws, ENDPOINT)).toMatchObject({ EndpointConfigName: 'v1' });
  });

  test('no shadow, nothing to end', async () => {
    stage = await openStage();
    await stage.shadowctl(['adopt', '--endpoint', ENDPOINT, '--yes']);
    const said = await stage.shadowctl(['keep', '--endpoint', ENDPOINT, '--yes']);
    expect(said.code).toBe(2);
    expect(said.err).toContain('carries no shadow; it runs v1');
  });
});
