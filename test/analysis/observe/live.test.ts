import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { collectFromFiles } from '../../../src/analysis/observe/from-files.ts';
import type { Live } from '../../../src/analysis/observe/from-files.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import { seededRandom } from '../../support/random.ts';
import { readTruth } from '../read-truth.ts';

const root = mkdtempSync(join(tmpdir(), 'live-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const MINUTES = 250;
const RATE = 10;
const START = Date.UTC(2026, 2, 2, 9);

const half = (data: string) => ({ observedContentType: 'text/csv', mode: 'X', data, encoding: 'CSV' });

/** Captures of one model, right in 90 % of rows; labels; and decisions, right in 85 %, on 95 % of the requests. */
function world(folder: string, says: (right: string, wrong: string, chance: number) => string | undefined) {
  const random = seededRandom(5);
  const lines: string[] = [];
  const answers: (string | undefined)[] = [];
  const labels = ['inferenceId,label'];
  const decisions = ['inferenceId,decision'];
  for (let i = 0; i < MINUTES * RATE; i += 1) {
    const right = random.next() < 0.4 ? 'no' : 'yes';
    const wrong = right === 'no' ? 'yes' : 'no';
    const answer = says(right, wrong, random.next());
    const at = new Date(START + (i / RATE) * 60_000).toISOString();
    answers.push(answer);
    const output = answer === undefined ? {} : { endpointOutput: half(answer) };
    lines.push(
      JSON.stringify({
        captureData: { endpointInput: half(`${i},${i % 7}`), ...output },
        eventMetadata: { eventId: `e${i}`, inferenceId: `r${i}`, inferenceTime: at },
        eventVersion: '0',
      }),
    );
    labels.push(`r${i},${right}`);
    if (random.next() < 0.95) decisions.push(`r${i},${random.next() < 0.85 ? right : wrong}`);
  }
  const path = join(root, folder, 'shadow', '2026', '03', '02', '09', 'a.jsonl.gz');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, gzipSync(`${lines.join('\n')}\n{"torn\n`));
  return {
    folder: join(root, folder),
    answers,
    labels: readTruth(labels.join('\n'), 'labels.csv'),
    decisions: { name: 'decisions.csv', decisions: readTruth(decisions.join('\n'), 'decisions.csv', 'decision') },
  };
}

const good = world('good', (right, wrong, chance) => (chance < 0.9 ? right : wrong));

async function report(from: ReturnType<typeof world>, live: Live, changed: Partial<Policy> = {}, labelled = true) {
  const observations = await collectFromFiles({
    path: from.folder,
    variants: undefined,
    live,
    window: undefined,
    comparison: {
      tolerance: undefined,
      truth: labelled ? from.labels : undefined,
      memory: '1GB',
      spill: join(root, 'spill'),
      prices: changed.costs,
    },
  });
  const verdict = judge(observations, { ...DEFAULT_POLICY, ...changed });
  const gate = (id: string) => verdict?.gates.find((one) => one.id === id);
  return { observations, verdict, gate };
}

const limits = (one: Partial<Policy['limits']>) => ({ limits: { ...DEFAULT_POLICY.limits, ...one } });

describe('nothing is live', () => {
  test('limits and labels alone decide, and nothing is held against production', async () => {
    const { verdict, observations } = await report(good, 'nothing', limits({ accuracy: 0.85, recall: { no: 0.85 } }));
    expect(verdict?.outcome).toBe('pass');
    expect(verdict?.gates.map(({ id }) => id)).toEqual(['output.readable', 'limits.accuracy', 'limits.recall.no']);
    expect(observations).toMatchObject({
      live: 'nothing',
      production: { name: 'nothing' },
      shadow: { name: 'shadow' },
    });
    expect(observations.predictions).toMatchObject({ rows: 2500, labels: undefined, production: { records: 0 } });
    expect((await report(good, 'nothing', limits({ accuracy: 0.95 }))).verdict?.outcome).toBe('fail');
  });

  test('without limits, or without labels, it is inconclusive and says so', async () => {
    const none = await report(good, 'nothing');
    expect(none.verdict).toMatchObject({ outcome: 'inconclusive', summary: expect.stringContaining('no limits') });
    const blind = await report(good, 'nothing', limits({ accuracy: 0.85 }), false);
    expect(blind.verdict?.outcome).toBe('inconclusive');
    expect(blind.gate('limits.accuracy')).toMatchObject({ outcome: 'inconclusive', n: 0 });
    const slow = await report(good, 'nothing', limits({ accuracy: 0.85, latency: { p99: 200 } }));
    expect(slow.verdict?.outcome).toBe('inconclusive');
    // No traffic changes files, which contain no metrics.
    expect(slow.gate('limits.latency.p99')).toMatchObject({
      outcome: 'inconclusive',
      missing: undefined,
      reason: 'It is not known: files of captures and logs contain no metrics.',
      needs: expect.stringContaining('inform: [limits.latency.p99]'),
    });
    const failing = await report(good, 'nothing', { ...limits({ errors: 0.01 }), resources: { memory: 0.2 } });
    expect(failing.gate('limits.errors')?.needs).toBe(
      slow.gate('limits.latency.p99')?.needs?.replace('latency.p99', 'errors'),
    );
    expect(failing.gate('resources.memory')?.needs).toContain('inform: [resources.memory]');
    const same = await report(good, 'nothing', { ...limits({ accuracy: 0.85 }), expect: { kind: 'same' } });
    expect(same.gate('output.pairs')).toMatchObject({ outcome: 'inconclusive', gating: true });
    expect(same.verdict?.outcome).toBe('inconclusive');
  });

  test('the cost of a row has a limit, too', async () => {
    const costs = { 'no→yes': 10, 'yes→no': 1 };
    const { verdict } = await report(good, 'nothing', { costs, ...limits({ cost: 1 }) });
    expect(verdict?.gates.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['output.readable', 'pass'],
      ['limits.cost', 'pass'],
    ]);
    expect((await report(good, 'nothing', { costs, ...limits({ cost: 0.2 }) })).verdict?.outcome).toBe('fail');
  });

  test('a model that says one thing to everything, and one that often says nothing, do not pass', async () => {
    const constant = world('constant', () => 'yes');
    const { verdict, gate } = await report(constant, 'nothing', limits({ accuracy: 0.5 }));
    expect(gate('limits.accuracy')).toMatchObject({ outcome: 'pass' });
    expect(gate('output.varied')).toMatchObject({ outcome: 'fail' });
    expect(verdict?.outcome).toBe('fail');
    const silent = world('silent', (right, _, chance) => (chance < 0.9 ? right : undefined));
    expect((await report(silent, 'nothing', limits({ accuracy: 0.5 }))).gate('output.readable')).toMatchObject({
      outcome: 'fail',
    });
  });
});

describe('what was decided is live', () => {
  test('a file of decisions stands for production, where it decided', async () => {
    const { observations, verdict, gate } = await report(good, good.decisions);
    expect(observations).toMatchObject({ live: 'decisions', production: { name: 'decisions.csv' } });
    expect(observations.predictions?.pairs).toBe(good.decisions.decisions.size);
    expect(observations.notes.join(' ')).toContain(
      `decided ${good.decisions.decisions.size.toLocaleString('en').replace(',', ' ')}`,
    );
    expect(gate('truth.accuracy')).toMatchObject({ outcome: 'pass' });
    expect(gate('truth.accuracy')?.estimate).toBeLessThan(0);
    expect(verdict?.outcome).toBe('pass');
  });

  test('a model that is worse than what was decided fails', async () => {
    const worse = world('worse', (right, wrong, chance) => (chance < 0.7 ? right : wrong));
    expect((await report(worse, worse.decisions)).verdict?.outcome).toBe('fail');
  });
});

test('which folder is judged must be clear', async () => {
  mkdirSync(join(root, 'two', 'blue'), { recursive: true });
  mkdirSync(join(root, 'two', 'green'), { recursive: true });
  for (const name of ['blue', 'green']) writeFileSync(join(root, 'two', name, 'a.jsonl'), '{}\n');
  await expect(report({ ...good, folder: join(root, 'two') }, 'nothing')).rejects.toThrow('it has blue, green');
  await expect(report({ ...good, folder: join(root, 'none') }, 'nothing')).rejects.toThrow('nothing at');
  // The folder of the model itself will do.
  expect(
    (await report({ ...good, folder: join(good.folder, 'shadow') }, 'nothing')).observations.predictions?.rows,
  ).toBe(2500);
});

test('labels of a part of the rows, of which none is wrong, prove no limit', async () => {
  const easy = [...good.labels.entries()].filter(([id]) => {
    const i = Number(id.slice(1));
    return good.answers[i] === good.labels.of(id, 0, undefined);
  });
  const labels = readTruth(
    ['inferenceId,label', ...easy.map(([id, label]) => `${id},${label}`)].join('\n'),
    'easy.csv',
  );
  const found = await report({ ...good, labels }, 'nothing', limits({ accuracy: 0.95 }));
  expect(found.gate('limits.accuracy')).toMatchObject({ outcome: 'inconclusive', estimate: 1 });
  expect(found.gate('limits.accuracy')?.reason).toContain('nothing tells whether those with one are like them');
  // Also where some of them are wrong; and who says that they were drawn at random, has them taken for that.
  const most = readTruth(
    ['inferenceId,label', ...[...good.labels.entries()].slice(0, 2200).map(([id, label]) => `${id},${label}`)].join(
      '\n',
    ),
    'most.csv',
  );
  const outcome = async (of: typeof most, said: Partial<Policy>) =>
    (await report({ ...good, labels: of }, 'nothing', { ...limits({ accuracy: 0.6 }), ...said })).gate(
      'limits.accuracy',
    );
  expect(await outcome(most, {})).toMatchObject({ outcome: 'inconclusive' });
  expect((await outcome(most, { labels: 'random' }))?.reason).not.toContain('nothing tells');
  expect((await outcome(labels, { labels: 'random' }))?.reason).toContain('easy alone');
});
