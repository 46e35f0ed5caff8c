import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { readFacts } from '../../src/analysis/mirrored/record.ts';
import { isWhole } from '../support/sizes.ts';
import { openModel, openRig } from './rig.ts';

const open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

/** A file system of so many kilobytes; undefined where this user may not make one. */
function smallDisk(kilobytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'shadowctl-disk-'));
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder]);
  if (made.status !== 0) {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  open.push({
    close() {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    },
  });
  return folder;
}

describe.runIf(isWhole('matrix'))('a disk that is full', () => {
  test('stops nobody; what is lost is counted, and its time is a gap; with room again, records go on', async (context) => {
    const disk = smallDisk(1_024);
    if (disk === undefined) return context.skip('mounting a file system takes root');
    const live = await openModel((_, res) =>
      res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"score":1}'),
    );
    const records = join(disk, 'records');
    mkdirSync(records);
    const rig = await openRig({ live: live.url, shadows: { shadow: live.url }, records: { folder: records } });
    open.push(live, rig);
    // Most of it is somebody else's, who leaves later.
    writeFileSync(join(disk, 'other'), Buffer.alloc(800 * 1024));
    let sent = 0;
    const send = async (n: number) => {
      for (let i = 0; i < n; i += 1) {
        sent += 1;
        expect((await rig.post(JSON.stringify({ text: 'x'.repeat(4_000), sent }))).status).toBe(200);
      }
      const { live: lively, shadows } = rig.mirror.counted();
      await rig.until(
        () => lively.outcomes.answered === sent && shadows.get('shadow')?.metrics.outcomes.answered === sent,
      );
      await rig.mirror.tick();
      rig.clock.advance(2_000);
      await rig.mirror.tick();
    };
    await send(20);
    expect(rig.mirror.counted().recordsLost).toBe(0);
    for (let i = 0; i < 6; i += 1) await send(20);
    expect(rig.events).toContainEqual({ kind: 'records-lost', why: 'disk', error: 'ENOSPC' });
    // That nothing had to be written is no sign of room.
    await rig.mirror.tick();
    expect(rig.events.filter(({ kind }) => kind.startsWith('records-')).at(-1)).toMatchObject({ kind: 'records-lost' });
    const { recordsLost } = rig.mirror.counted();
    expect(recordsLost).toBeGreaterThan(0);
    rmSync(join(disk, 'other'));
    await send(20);
    await rig.mirror.tick();
    expect(rig.events).toContainEqual({ kind: 'records-resumed' });
    rig.clock.advance(2_000);
    await rig.mirror.tick();
    expect(rig.mirror.counted().recordsLost).toBe(recordsLost);

    const run = readdirSync(join(records, 'runs')).find((name) => name.endsWith('.json')) ?? '';
    const { gaps } = JSON.parse(readFileSync(join(records, 'runs', run), 'utf8')) as {
      gaps: { from: number; to: number; why: string; records: number }[];
    };
    expect(gaps.reduce((n, gap) => n + gap.records, 0)).toBe(recordsLost);
    expect(new Set(gaps.map(({ why }) => why))).toEqual(new Set(['disk']));
    // No line is torn, and outside of the gaps both sides have every request.
    const ids = (side: string) =>
      readdirSync(join(records, side)).flatMap((name) => {
        const bytes = readFileSync(join(records, side, name));
        const lines = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n').filter(Boolean);
        return lines.map((line) => readFacts(line) ?? expect.fail(`torn: ${line.slice(0, 80)}`));
      });
    const outside = (side: string) =>
      ids(side)
        .filter(({ at }) => !gaps.some(({ from, to }) => at >= from && at <= to))
        .map(({ id }) => id);
    expect(outside('shadow').sort()).toEqual(outside('live').sort());
    expect(ids('live').length + ids('shadow').length).toBe(2 * sent - recordsLost);
    expect(outside('live').length).toBeGreaterThanOrEqual(40);
  });
});
