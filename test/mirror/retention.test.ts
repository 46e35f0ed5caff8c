import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { collectFromFiles } from '../../src/analysis/observe/from-files.ts';
import { linesOf } from '../../src/analysis/mirrored/lines.ts';
import { openMirrorFolder, placeOf } from '../../src/analysis/observe/mirror/folder.ts';
import { REMOVED_FILE } from '../../src/analysis/mirrored/removed.ts';
import { comparisonBy } from '../../src/analysis/policy/answers.ts';
import { readPolicy } from '../../src/analysis/policy/schema.ts';
import type { SideMetrics } from '../../src/mirror/metrics.ts';
import { type RemovedEvent, Retention } from '../../src/mirror/record/retention.ts';
import { openModel, openRig, type Rig } from './rig.ts';
import { quantileMargins } from '../../src/analysis/observe/exceedances.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

/** Records in several files a side: each of `files` holds `requests` requests of the same minute. */
async function recorded(files: number, requests: number): Promise<Rig> {
  const answer = (
    _: unknown,
    res: { writeHead: (status: number, headers: object) => { end: (text: string) => void } },
  ) => res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"predicted_label":"sun"}');
  const [live, shadow] = [await openModel(answer as never), await openModel(answer as never)];
  const rig = await openRig({
    live: live.url,
    shadows: { shadow: shadow.url },
    records: { folder: 'records', rotateAfter: '1m' },
  });
  open.push(live, shadow, rig);
  for (let i = 0; i < files; i += 1) {
    for (let n = 0; n < requests; n += 1) await rig.post(`{"i":${i * requests + n}}`);
    const { shadows, live: lively } = rig.mirror.counted();
    const done = (side: SideMetrics | undefined) => side?.outcomes.answered === (i + 1) * requests;
    await rig.until(() => done(shadows.get('shadow')?.metrics) && done(lively));
    await rig.mirror.tick();
    if (i < files - 1) rig.clock.advance(61_000);
  }
  // What was compressed stands beside its original for a moment.
  const settled = (names: readonly string[]) =>
    names.length === files && names.filter((name) => name.endsWith('.gz')).length === files - 1;
  await rig.until(() => settled(filesOf(rig, 'live')) && settled(filesOf(rig, 'shadow')));
  return rig;
}

const filesOf = ({ records }: Rig, side: string) =>
  readdirSync(join(records, side))
    .filter((name) => /jsonl(\.gz)?$/.test(name))
    .sort();

function retention(rig: Rig, bounds: { keepBytes?: number; keepFor?: number }) {
  const told: RemovedEvent[] = [];
  const made = new Retention({
    folder: rig.records,
    keepBytes: undefined,
    keepFor: undefined,
    ...bounds,
    openRuns: () => [rig.mirror.run],
    wall: () => Date.now(),
    now: () => 0,
    onEvent: (event) => void told.push(event),
  });
  return { look: () => made.look(), told, made };
}

/** Gives the files of each side times, one hour apart, the last of them of now. */
function age(rig: Rig): void {
  for (const side of ['live', 'shadow'])
    for (const [i, name] of filesOf(rig, side).toReversed().entries()) {
      const at = Date.now() / 1000 - i * 3_600;
      utimesSync(join(rig.records, side, name), at, at);
    }
}

/** What still counts of each side, as requests. */
async function whole({ records }: Rig): Promise<{ live: number; shadow: number }> {
  const { live, shadow } = await openMirrorFolder(records, undefined);
  const count = async (files: typeof live) => {
    let n = 0;
    for (const file of files)
      for await (const { facts } of linesOf(file))
        if (facts !== undefined && placeOf(file.run, facts.at) === 'whole') n += 1;
    return n;
  };
  return { live: await count(live), shadow: await count(shadow) };
}

test('a folder within its bounds is left alone, and so is what is being written', async () => {
  const rig = await recorded(3, 2);
  age(rig);
  const { look, told } = retention(rig, { keepBytes: 1_000_000, keepFor: 86_400_000 });
  await look();
  const tight = retention(rig, { keepBytes: 1 });
  await tight.look();
  expect(told).toEqual([]);
  expect([filesOf(rig, 'live').length, filesOf(rig, 'shadow').length]).toEqual([1, 1]);
  expect(tight.told).toEqual([
    { kind: 'records-removed', why: 'size', files: 4, records: 8, until: expect.any(Number) },
  ]);
});

test('of a side that lost its file, no report takes the other one for unanswered', async () => {
  const rig = await recorded(4, 3);
  age(rig);
  const [oldest = ''] = filesOf(rig, 'live');
  const all = ['live', 'shadow'].flatMap((side) =>
    filesOf(rig, side).map((name) => statSync(join(rig.records, side, name)).size),
  );
  // Room for all but one: the oldest file of one side goes.
  const { look, told, made } = retention(rig, { keepBytes: all.reduce((a, b) => a + b) - 1 });
  await look();
  expect(told).toMatchObject([{ kind: 'records-removed', why: 'size', files: 1, records: 3 }]);
  expect(made.records).toBe(3);
  expect(filesOf(rig, 'live')).not.toContain(oldest);
  expect(filesOf(rig, 'shadow').length).toBe(4);
  rig.clock.advance(120_000);
  await rig.mirror.tick();
  expect(await whole(rig)).toEqual({ live: 9, shadow: 9 });
  const policy = readPolicy({ blockMinutes: 1 }, 'test');
  const observed = await collectFromFiles({
    path: rig.records,
    variants: undefined,
    window: undefined,
    comparison: { tolerance: undefined, ...comparisonBy(policy, undefined), memory: '1GB', spill: rig.folder },
    latency: quantileMargins(policy),
  });
  expect(observed.notes.join('\n')).toMatch(/removed 1 record file with 3 records/);
  expect(observed.predictions?.coverage).toBe(1);
});

test('age is a bound of its own, and what cannot be written down is not removed', async () => {
  const rig = await recorded(4, 1);
  age(rig);
  const { look, told } = retention(rig, { keepFor: 1.5 * 3_600_000 });
  await look();
  expect(told).toMatchObject([{ why: 'age', files: 4, records: 4 }]);
  expect(filesOf(rig, 'live').length).toBe(2);
  writeFileSync(join(rig.records, REMOVED_FILE), '{}');
  const tight = retention(rig, { keepBytes: 1 });
  await tight.look();
  await tight.look();
  expect(tight.told).toEqual([{ kind: 'records-not-removed', error: expect.stringContaining(REMOVED_FILE) }]);
  expect(filesOf(rig, 'live').length).toBe(2);
  await expect(openMirrorFolder(rig.records, undefined)).rejects.toMatchObject({ kind: 'usage' });
});
