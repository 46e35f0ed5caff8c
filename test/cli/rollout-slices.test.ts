import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateEndpointCommand, CreateEndpointConfigCommand, CreateModelCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Model, openModel } from '../mirror/rig.ts';
import { openStage, type Said, type Stage } from '../support/stage.ts';
import { invoke } from '../support/traffic.ts';

const MINUTE = 60_000;
const ON = 'routed';
/** Three classes, of which a tenth of the answers miss what was really the case. */
const CLASSES = ['sun', 'rain', 'snow'];
const POLICY =
  'inform: [latency, output.pairs]\nlooks: once\nagreement: 0.6\ntruth: 0.2\nerrors: 0.2\nminimumPairs: 100\nblockMinutes: 1\nminimumBlocks: 5\n';

interface Request {
  country: string;
  n: number;
}

const really = ({ n }: Request) => CLASSES[n % 3] as string;
const usual = (one: Request) => (n10(one) ? 'sun' : really(one));
const n10 = ({ n }: Request) => n % 10 === 0;

let stage: Stage;
let models: Model[];
/** What the candidate answers. */
let candidate: (one: Request) => string;
/** Which variant the callers name, by country. */
let routes: Map<string, string>;
let sent: number;
const rows: string[] = [];

async function model(answer: (one: Request) => string): Promise<Model> {
  return openModel((req, res) => {
    if (req.method === 'GET') return res.end();
    res.setHeader('content-type', 'application/json');
    const label = answer(JSON.parse(req.text) as Request);
    if (label === '') res.statusCode = 500;
    return res.end(JSON.stringify({ label }));
  });
}

beforeEach(async () => {
  candidate = usual;
  routes = new Map();
  sent = 0;
  rows.length = 0;
  models = [await model(usual), await model((one) => candidate(one))];
  const [m1, m2] = models as [Model, Model];
  stage = await openStage({ settings: { containers: [`acme/one=${m1.url}`, `acme/two=${m2.url}`] } });
  writeFileSync(join(stage.cwd, 'policy.yaml'), POLICY);
  await (await stage.aws.s3()).send(new CreateBucketCommand({ Bucket: 'captures' }));
  const sagemaker = await stage.aws.sagemaker();
  const image = (name: string) => `000000000000.dkr.ecr.us-east-1.amazonaws.com/acme/${name}:1`;
  for (const name of ['one', 'two'])
    await sagemaker.send(
      new CreateModelCommand({
        ModelName: name,
        ExecutionRoleArn: 'arn:aws:iam::000000000000:role/sagemaker',
        PrimaryContainer: { Image: image(name) },
      }),
    );
  const variant = (VariantName: string, ModelName: string, InitialVariantWeight: number) => ({
    VariantName,
    ModelName,
    InitialVariantWeight,
    InstanceType: 'ml.m5.large' as const,
    InitialInstanceCount: 1,
  });
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'both',
      ProductionVariants: [variant('blue', 'one', 1), variant('green', 'two', 0)],
      DataCaptureConfig: {
        EnableCapture: true,
        InitialSamplingPercentage: 100,
        DestinationS3Uri: 's3://captures/here',
        CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
        CaptureContentTypeHeader: { JsonContentTypes: ['application/json'] },
      },
    }),
  );
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: ON, EndpointConfigName: 'both' }));
  await stage.clock.sleep(5 * MINUTE);
});

afterEach(async () => {
  await stage.close();
  for (const one of models) await one.close();
});

/** Callers ask for some minutes, each country as often as said. */
async function callers(minutes: number, often: Record<string, number> = { LI: 10, AT: 13, DE: 14 }): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    const began = stage.clock.now();
    for (const [country, times] of Object.entries(often))
      for (let i = 0; i < times; i += 1) {
        const n = sent++;
        const request = { country, n };
        const inferenceId = `r-${n}`;
        rows.push(`${inferenceId},${really(request)}`);
        await invoke(stage.emulator, {
          endpoint: ON,
          body: JSON.stringify(request),
          contentType: 'application/json',
          inferenceId,
          variant: routes.get(country) ?? 'blue',
        });
      }
    await stage.clock.sleep(Math.max(0, began + MINUTE - stage.clock.now()));
  }
  // Until the captures are there.
  await stage.clock.sleep(3 * MINUTE);
}

interface Document {
  ended: string;
  slice: string | null;
  next: string | null;
  slices: { slice: string; state: string }[];
  verdict: { outcome: string; gates: { id: string; outcome: string; gating: boolean }[] } | null;
}

const LOOK = [
  'rollout',
  '--endpoint',
  ON,
  '--by',
  'country',
  '--policy',
  'policy.yaml',
  '--bake',
  '5m',
  '--patience',
  '0s',
];

async function rollout(...more: string[]): Promise<Said & { document: Document }> {
  const said = await stage.shadowctl([...LOOK, ...more, '--format', 'json']);
  return { ...said, document: JSON.parse(said.out) as Document };
}

describe('slices that callers choose', () => {
  test('a good candidate passes slice by slice, and the next is named; progress survives', async () => {
    await callers(20);
    const planned = await rollout('--plan');
    expect({ code: planned.code, next: planned.document.next }).toEqual({ code: 4, next: 'LI' });
    const begun = await rollout();
    expect(begun.document).toMatchObject({ ended: 'waiting', next: 'LI', verdict: null });
    expect(begun.document.slices.map(({ slice }) => slice)).toEqual(['LI', 'AT', 'DE']);
    expect(begun.code).toBe(3);
    for (const [slice, next] of [
      ['LI', 'AT'],
      ['AT', 'DE'],
    ] as const) {
      routes.set(slice, 'green');
      await callers(20);
      const found = await rollout();
      expect(found.document, found.err).toMatchObject({ ended: 'passed', slice, next });
      expect(found.code).toBe(0);
      const again = await rollout();
      expect(again.document).toMatchObject({ ended: 'waiting', next });
    }
  }, 60_000);

  test('one that is bad in the second slice fails there, by its answers alone, and stays failed', async () => {
    candidate = (one) => (one.country === 'AT' ? 'snow' : usual(one));
    await callers(20);
    await rollout();
    routes.set('LI', 'green');
    await callers(20);
    expect((await rollout()).document).toMatchObject({ ended: 'passed', slice: 'LI', next: 'AT' });
    routes.set('AT', 'green');
    await callers(20);
    const failed = await rollout();
    expect(failed.document, failed.err).toMatchObject({ ended: 'failed', slice: 'AT', next: null });
    expect(failed.document.verdict?.gates.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)).toEqual([
      'distance.classes',
    ]);
    expect(failed.code).toBe(1);
    const again = await rollout();
    expect(again).toMatchObject({ code: 1, document: { ended: 'failed', slice: 'AT' } });
    const text = await stage.shadowctl(LOOK);
    expect(text.out).toContain('Have your callers send it back to blue');
    expect((await rollout('--cancel')).code).toBe(0);
    expect((await rollout('--plan')).document.slices.map(({ state }) => state)).not.toContain('failed');
  }, 60_000);

  test('labels decide: the same distribution, and no answer right', async () => {
    candidate = (one) => usual({ ...one, n: one.n + 1 });
    await callers(20);
    await rollout();
    routes.set('LI', 'green');
    await callers(20);
    writeFileSync(join(stage.cwd, 'labels.csv'), `inferenceId,label\n${rows.join('\n')}\n`);
    const seen = await rollout('--plan');
    expect(seen.document.verdict).toMatchObject({ outcome: 'pass' });
    writeFileSync(join(stage.cwd, 'unpaired.yaml'), POLICY.replace(', output.pairs', ''));
    const { verdict } = (await rollout('--plan', '--policy', 'unpaired.yaml')).document;
    expect(verdict?.outcome).toBe('inconclusive');
    expect(
      verdict?.gates.filter(({ gating, outcome }) => gating && outcome === 'inconclusive').map(({ id }) => id),
    ).toEqual(['output.pairs']);
    const failed = await rollout('--labels', 'labels.csv');
    expect(failed).toMatchObject({ code: 1, document: { ended: 'failed', slice: 'LI' } });
    expect(failed.document.verdict?.gates.filter(({ gating, outcome }) => gating && outcome === 'fail')).toMatchObject([
      { id: 'truth.accuracy' },
    ]);
  }, 60_000);

  test('too few requests, no labels that count, and nothing that production still answers are no verdict', async () => {
    await callers(8);
    await rollout();
    routes.set('LI', 'green');
    await callers(8);
    const few = await rollout();
    expect(few.document).toMatchObject({ ended: 'paused', slice: 'LI', verdict: { outcome: 'inconclusive' } });
    expect(few.code).toBe(3);
    writeFileSync(join(stage.cwd, 'labels.csv'), `inferenceId,label\n${rows.slice(0, 20).join('\n')}\n`);
    expect((await rollout('--labels', 'labels.csv')).document.verdict?.outcome).toBe('inconclusive');
  }, 60_000);

  test('failures of a small slice are not lost among the requests of a large one', async () => {
    const often = { DE: 40, LI: 10 };
    candidate = (one) => (one.country === 'LI' && one.n % 2 === 0 ? '' : usual(one));
    await callers(15, often);
    await rollout('--steps', 'DE,LI');
    routes.set('DE', 'green');
    await callers(15, often);
    expect((await rollout()).document).toMatchObject({ ended: 'passed', slice: 'DE', next: 'LI' });
    routes.set('LI', 'green');
    await callers(30, often);
    const found = await rollout();
    expect(found.document).toMatchObject({ ended: 'paused', slice: 'LI' });
    const of = (id: string) => found.document.verdict?.gates.find((one) => one.id === id)?.outcome;
    expect({ errors: of('errors'), answered: of('output.answered') }).toEqual({
      errors: 'pass',
      answered: 'inconclusive',
    });
  }, 60_000);

  test.each([
    [['--model', 'two'], '--model says what shadowctl does'],
    [['--variants', 'blue'], 'name two'],
    [['--variants', 'blue,red'], 'no two production variants blue and red'],
    [['--steps', 'LI,LI'], 'each once'],
  ])('%j is refused', async (more, words) => {
    const { code, err } = await stage.shadowctl([...LOOK, ...more]);
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(words) });
  });

  test('another model under the same name is told, not judged', async () => {
    await callers(4);
    await rollout();
    const sagemaker = await stage.aws.sagemaker();
    const { UpdateEndpointCommand } = await import('@aws-sdk/client-sagemaker');
    await sagemaker.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: 'later',
        ProductionVariants: [
          {
            VariantName: 'blue',
            ModelName: 'one',
            InstanceType: 'ml.m5.large',
            InitialInstanceCount: 1,
            InitialVariantWeight: 1,
          },
          {
            VariantName: 'green',
            ModelName: 'one',
            InstanceType: 'ml.m5.large',
            InitialInstanceCount: 1,
            InitialVariantWeight: 0,
          },
        ],
        DataCaptureConfig: {
          EnableCapture: true,
          InitialSamplingPercentage: 100,
          DestinationS3Uri: 's3://captures/here',
          CaptureOptions: [{ CaptureMode: 'InputAndOutput' }],
        },
      }),
    );
    await sagemaker.send(new UpdateEndpointCommand({ EndpointName: ON, EndpointConfigName: 'later' }));
    await stage.clock.sleep(10 * MINUTE);
    const { code, err } = await stage.shadowctl(LOOK);
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('says nothing of that') });
  });
});
