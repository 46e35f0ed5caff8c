import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { calibrationOf } from '../../src/state/calibration.ts';
import { parseEvent, type Recorded } from '../../src/state/events.ts';
import { FACTS } from '../../src/state/facts.ts';
import { latestNoise } from '../../src/state/noise.ts';
import { existing, replay, type State } from '../../src/state/replay.ts';
import { positionOf } from '../../src/state/rollouts.ts';
import { firingByAbort, recordedUpdates, unfinishedUpdate } from '../../src/state/updates.ts';
import { type TestWorld, testWorld } from '../support/world.ts';
import { OLD, withJournal } from './files.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

async function eventsOf(name: string): Promise<Recorded[]> {
  const lines = (await readFile(join(OLD, 'journals', `${name}.jsonl`), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => {
    const parsed = parseEvent(JSON.parse(line));
    if ('wrong' in parsed) throw new Error(`${parsed.wrong}: ${line}`);
    return parsed.event;
  });
}

const stateOf = async (name: string): Promise<State> => replay(await eventsOf(name));

test('every line of a whole life means something, and every kind of fact that is recorded stands in it', async () => {
  const events = await eventsOf('whole-life');
  expect(events.filter((event) => event.type === 'unknown')).toEqual([]);
  const names = new Set(events.flatMap((event) => (event.type === 'fact' ? [event.name] : [])));
  // An endpoint that shadowctl made is not adopted; the others, version 0.1 did not write.
  expect(
    Object.keys(FACTS)
      // Releases, pipelines and batches are of 0.2 altogether.
      .filter((name) => !names.has(name as keyof typeof FACTS) && !/^(?:release|pipeline|batch)-/.test(name))
      .toSorted(),
  ).toEqual([
    'adopted',
    'disowned',
    'found',
    'judged',
    'keep-decided',
    'ran',
    'replaces',
    'slice-judged',
    'slices-begun',
    'slices-ended',
    'stands',
    'state-arrived',
    'state-moved',
    'state-moving',
    'taken-over',
    'waived',
  ]);
});

test('the history of a whole life', async () => {
  await withJournal(world, 'whole-life');
  const { code, out } = await world.shadowctl('history --endpoint weather --last 100 --format json');
  expect(code).toBe(0);
  const told = (JSON.parse(out) as Record<string, string | null>[]).map(
    ({ command, from, to, ending }) => `${command} ${from} ${to} ${ending}`,
  );
  expect(told).toMatchInlineSnapshot(`
    [
      "deploy null c1 created",
      "canary c1 c2 updated",
      "canary c2 c3 rolled-back-by-alarm",
      "canary c2 c4 aborted",
      "undo c2 c1 updated",
      "undo c1 c2 updated",
      "shadow c2 weather-calibrate-config-20250602-100325 updated",
      "shadow weather-calibrate-config-20250602-100325 c5 updated",
      "shadow detach c5 c2 updated",
      "shadow c2 c6 updated",
      "shadow detach c6 c2 updated",
      "shadow c2 c7 updated",
      "promote c7 c8 updated",
      "rollout c8 c9 rollout-passed",
      "rollout c9 c9-final updated",
      "rollout c9-final c10 rollout-passed",
      "rollout c10 c9-final null",
      "rollout c9-final c11 rollout-failed",
      "rollout --cancel c11 c9-final null",
      "cleanup c9-final c9-final deleted",
      "deploy null c1 created",
    ]
  `);
});

test('what the journal of a whole life says', async () => {
  const state = await stateOf('whole-life');
  expect(recordedUpdates(state).map((update) => `${update.started.command} ${update.ended?.kind}`)).toEqual([
    'canary updated',
    'canary rolled-back-by-alarm',
    'canary aborted',
    'undo updated',
    'promote updated',
  ]);
  expect(unfinishedUpdate(state)).toBeUndefined();
  expect(positionOf(state)).toBeUndefined();
  expect(firingByAbort(state)).toBeUndefined();
  expect(latestNoise(state.facts)).toMatchObject({ model: 'm2', labels: { differing: 0 } });
  expect(existing(state).map((tracked) => `${tracked.ref.kind} ${tracked.ref.name.slice(0, 20)}`)).toEqual([
    's3-bucket sagemaker-us-east-1-',
    's3-object s3://sagemaker-us-ea',
    'model m1',
    'endpoint-config c1',
    'log-group /aws/sagemaker/Endpo',
    'endpoint weather',
  ]);
  expect(state.open).toEqual([]);
});

test('an endpoint that is gone meanwhile: status says so, cleanup proves that nothing is left', async () => {
  await withJournal(world, 'whole-life');
  expect(await world.shadowctl('status --endpoint weather --format json')).toMatchObject({ code: 0 });
  const cleanup = await world.shadowctl('cleanup --endpoint weather --yes --format json');
  expect(cleanup.code).toBe(0);
  expect(JSON.parse(cleanup.out)).toMatchObject({ left: [] });
});

test('a canary under way is followed to its end', async () => {
  expect(unfinishedUpdate(await stateOf('canary-under-way'))?.started).toMatchObject({
    command: 'canary',
    requested: 'c2',
    previous: 'c1',
    strategy: 'canary',
    ownAlarms: ['weather-5XXError', 'weather-4XXError', 'weather-ModelLatency'],
  });
  await withJournal(world, 'canary-under-way');
  const said = await world.shadowctl('canary --endpoint weather --resume --format json --no-metrics');
  expect(said.code).toBe(1);
  expect(JSON.parse(said.out)).toMatchObject({ ending: 'deleted' });
});

test('an abort under way: the rule that the alarm gets back', async () => {
  const state = await stateOf('abort-under-way');
  expect(firingByAbort(state)).toMatchObject({ AlarmName: 'weather-5XXError', Threshold: 0.01 });
  expect(recordedUpdates(state)).toMatchObject([{ aborted: true, ended: undefined }]);
});

test('a rollout under way: where it stands', async () => {
  expect(positionOf(await stateOf('rollout-under-way'))).toMatchObject({
    step: 0,
    rollout: { config: 'c2', final: 'c2-final', model: 'm2', steps: [0.1, 0.25, 0.5, 1], bakeSeconds: 1800 },
  });
});

test('a calibration under way: what it returns to', async () => {
  const state = await stateOf('calibration-under-way');
  const config = state.configs.at(-1)?.config;
  expect(calibrationOf(state, config)).toMatchObject({ before: 'c1', model: 'm1' });
});
