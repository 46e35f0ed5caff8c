import { describe, expect, test } from 'vitest';
import type { Aws } from '../../src/aws/clients.ts';
import { printText } from '../../src/base/text.ts';
import { Problem } from '../../src/base/errors.ts';
import { type Live, ownership, productionOf, readLive, requireOurs, requireSettled } from '../../src/resources/live.ts';
import { replay } from '../../src/state/replay.ts';
import type { JournalEvent } from '../../src/state/journal.ts';

const at = '2026-01-05T09:00:00.000Z';
const resource = { kind: 'endpoint', name: 'e' } as const;
const stateOf = (...events: JournalEvent[]) => replay(events.map((event) => ({ ...event, at })));
const run: JournalEvent = { type: 'run', run: 'r-1', command: 'deploy', by: 'me' };
const begun: JournalEvent = { type: 'begin', run: 'r-1', step: '1', action: 'create', resource, input: {} };
const done: JournalEvent = { type: 'end', step: '1', outcome: 'done' };
const adopted: JournalEvent = { type: 'fact', run: 'r-1', name: 'adopted', value: resource };
const deleted: JournalEvent[] = [
  { type: 'begin', run: 'r-1', step: '2', action: 'delete', resource },
  { type: 'end', step: '2', outcome: 'done' },
];

const live = (more: Partial<Live> = {}, endpoint: Partial<Live['endpoint']> = {}): Live => ({
  name: 'e',
  endpoint: { EndpointName: 'e', EndpointConfigName: 'c', ...endpoint } as Live['endpoint'],
  tags: { 'shadowctl:endpoint': 'e', 'shadowctl:run': 'r-1' },
  config: undefined,
  model: undefined,
  ...more,
});

function refusal(work: () => unknown): { message: string; next: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) {
      expect(error.kind).toBe('cannot-run');
      return { message: error.message, next: printText(error.next ?? '') };
    }
    throw error;
  }
  throw new Error('not refused');
}

describe('whose an endpoint is', () => {
  const ours = { 'shadowctl:endpoint': 'e', 'shadowctl:run': 'r-1' };
  test.each<[string, JournalEvent[], Record<string, string>, ReturnType<typeof ownership>]>([
    ['created here', [run, begun, done], ours, 'created'],
    [
      'created here, by a run that the tag does not name',
      [run, begun, done],
      { ...ours, 'shadowctl:run': 'r-2' },
      'unknown-here',
    ],
    ['begun here, and its end not known', [run, begun], ours, 'unknown-here'],
    ['deleted here, and somebody made it anew', [run, begun, done, ...deleted], {}, 'foreign'],
    ['with our tag, and not of this journal', [run], ours, 'unknown-here'],
    ['with the tag of another endpoint', [run, begun, done], { ...ours, 'shadowctl:endpoint': 'f' }, 'foreign'],
    ['without tags', [], {}, 'foreign'],
    ['adopted', [adopted], {}, 'adopted'],
    ['adopted, with our tag', [run, adopted], ours, 'adopted'],
    ['adopted, deleted, and made anew', [adopted, ...deleted], {}, 'foreign'],
  ])('%s', (_, events, tags, whose) => {
    const state = stateOf(...events);
    expect(ownership(live({ tags }), state)).toBe(whose);
    const required = () => requireOurs(live({ tags }), state, '/p/e.jsonl');
    if (whose === 'created' || whose === 'adopted') expect(required).not.toThrow();
    else expect(required).toThrow(Problem);
  });

  test('the refusal names the way: another name or folder, and --adopt where the command takes it', () => {
    const foreign = live({ tags: {} });
    const said = refusal(() => requireOurs(foreign, stateOf(), '/p/e.jsonl'));
    expect(said.message).toContain("exists without shadowctl's tag");
    expect(said.next).toMatch(/Choose another name.*--adopt/);
    expect(refusal(() => requireOurs(foreign, stateOf(), '/p/e.jsonl', 'adopt')).next).toMatch(/^Add --adopt/);
    const neither = refusal(() => requireOurs(foreign, stateOf(), '/p/e.jsonl', 'neither')).next;
    expect(neither).toContain('shadowctl adopt --endpoint e');
    expect(refusal(() => requireOurs(foreign, stateOf(), '/p/e.jsonl', 'neither', 'By hand.')).next).not.toContain(
      '--adopt',
    );
    const elsewhere = refusal(() => requireOurs(live(), stateOf(), '/p/e.jsonl', 'neither'));
    expect(elsewhere.message).toContain('/p/e.jsonl does not name it');
    expect(elsewhere.next).toContain('the folder whose .shadowctl/ holds the journal');
    expect(elsewhere.next).not.toContain('--adopt');
  });
});

describe('an endpoint that AWS would not update now', () => {
  test.each([
    ['Failed', 'only be deleted'],
    ['OutOfService', 'AWS does not say'],
  ] as const)('%s: %s', (status, words) => {
    const said = refusal(() => requireSettled(live({}, { EndpointStatus: status }), stateOf()));
    expect(said.message).toBe(`Endpoint "e" is ${status}.`);
    expect(said.next).toContain(words);
    expect(said.next).toContain('cleanup --endpoint e');
  });

  test('UpdateRollbackFailed: it answers, and is not to be deleted', () => {
    const said = refusal(() => requireSettled(live({}, { EndpointStatus: 'UpdateRollbackFailed' }), stateOf()));
    expect(said.next).toContain('It still answers requests');
    expect(said.next).toContain('Do not delete it while it has traffic');
    expect(said.next).not.toContain('cleanup');
  });

  test('on its way, with its target where AWS names one', () => {
    expect(refusal(() => requireSettled(live({}, { EndpointStatus: 'Creating' }), stateOf())).message).toMatch(
      /: Creating\.$/,
    );
    const pending = { PendingDeploymentSummary: { EndpointConfigName: 'c2' } };
    expect(
      refusal(() => requireSettled(live({}, { EndpointStatus: 'Updating', ...pending }), stateOf())).message,
    ).toMatch(/: Updating, towards config c2\.$/);
  });
});

describe('the production variant', () => {
  const config = (ProductionVariants: object[] | undefined) =>
    ({ EndpointConfigName: 'c', ProductionVariants }) as Live['config'];
  const variant = { VariantName: 'v', ModelName: 'm', InitialInstanceCount: 2 };

  test('is the one of the live config, with as many instances as it is scaled to', () => {
    const one = config([variant]);
    expect(productionOf(live({ config: one }))).toEqual({ config: one, variant, instances: 2 });
    const scaled = {
      ProductionVariants: [
        { VariantName: 'other', DesiredInstanceCount: 9 },
        { VariantName: 'v', DesiredInstanceCount: 5, CurrentInstanceCount: 4 },
      ],
    };
    expect(productionOf(live({ config: one }, scaled)).instances).toBe(5);
    expect(productionOf(live({ config: one }, { ProductionVariants: [{ VariantName: 'v' }] })).instances).toBe(2);
  });

  test.each([
    [config([]), 'has 0 production variants ()'],
    [config(undefined), 'has 0 production variants ()'],
    [config([variant, { ...variant, VariantName: 'w' }]), 'has 2 production variants (v, w)'],
    [config([{ ...variant, ServerlessConfig: {} }]), 'is serverless'],
    [{ ...(config([variant]) as object), AsyncInferenceConfig: {} } as Live['config'], 'is asynchronous'],
    [
      config([{ ...variant, InstancePools: [{ InstanceType: 'ml.m5.large' }, { InstanceType: 'ml.m5.xlarge' }] }]),
      'runs on pools of instances (ml.m5.large, ml.m5.xlarge)',
    ],
    [config([{ ModelName: 'm' }]), 'has 1 production variants'],
    [config([{ VariantName: 'v', InstanceType: 'ml.m5.large' }]), 'runs inference components'],
    [undefined, 'runs the config "c", which has been deleted'],
  ])('%j: refused', (there, words) => {
    expect(refusal(() => productionOf(live({ config: there }))).message).toContain(words);
  });
});

test('an endpoint whose name differs in case alone is refused by its own name: metrics and tags keep the case', async () => {
  const client = { send: async () => ({ EndpointName: 'Weather', EndpointStatus: 'InService' }) };
  const target = { region: 'us-east-1', endpointUrl: undefined, profile: undefined, credentials: undefined };
  const aws = { target, sagemaker: async () => client } as unknown as Aws;
  await expect(readLive(aws, 'weather')).rejects.toMatchObject({
    kind: 'usage',
    message: 'The endpoint is called "Weather", not "weather".',
  });
});
