import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { App } from '../../../src/app.ts';
import type { ReportOptions } from '../../../src/cli/report/options.ts';
import { run } from '../../../src/cli/report/run.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { loadProject } from '../../../src/base/project.ts';
import type { Report } from '../../../src/report/report.ts';
import { capturedIo } from '../../support/io.ts';
import { OPTIONS } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-label-next-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** 500 requests of two rows in 100 minutes; the two differ in the second row of every fifth. */
for (const side of ['production', 'shadow']) {
  mkdirSync(join(folder, 'captures', side), { recursive: true });
  const lines = Array.from({ length: 500 }, (_, i) => {
    const second = i % 5 === 0 && side === 'shadow' ? 'no' : 'yes';
    const half = (data: string) => ({ observedContentType: 'text/csv', data, encoding: 'CSV' });
    return JSON.stringify({
      captureData: { endpointInput: half(`${i},first\n${i},"a, b"`), endpointOutput: half(`no\n${second}`) },
      eventMetadata: {
        eventId: `${side}-${i}`,
        inferenceId: `id-${i}`,
        inferenceTime: new Date(Date.UTC(2026, 0, 5, 9) + i * 12_000).toISOString(),
      },
      eventVersion: '0',
    });
  });
  writeFileSync(join(folder, 'captures', side, 'a.jsonl'), `${lines.join('\n')}\n`);
}

async function report(options: Partial<ReportOptions>) {
  const io = capturedIo([]);
  const app = {
    cwd: folder,
    clock: systemClock,
    io,
    signal: new AbortController().signal,
    project: () => loadProject(folder, undefined),
  } as unknown as App;
  await run(app, { ...OPTIONS, endpoint: undefined, last: undefined, files: 'captures', ...options });
  const seen = JSON.parse(io.outLines.join('\n')) as Report;
  return { seen, err: io.errLines.join('\n'), gate: seen.verdict?.gates.find(({ id }) => id === 'truth.accuracy') };
}

const rowsOf = (file: string) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');

describe('report --label-next', () => {
  test('writes rows on which the models differ, and some others, for its owner alone, without what they answered', async () => {
    const { err } = await report({ labelNext: '30', labelFile: 'one.csv' });
    const [header, ...rows] = rowsOf('one.csv');
    expect(header).toBe('inferenceId,label,input');
    expect(rows).toHaveLength(30);
    // A fifth of them are rows on which the models agree: recalls are shares of all rows of a class.
    const differing = rows.filter((row) => /^id-\d*[05]#1,,"\d+,""a, b"""$/.test(row));
    expect(differing.length).toBeGreaterThan(20);
    expect(differing.length).toBeLessThan(28);
    expect(statSync(join(folder, 'one.csv')).mode & 0o777).toBe(0o600);
    expect(err).toContain("customers' data");
    // The same order each time, with what the models answered where that is asked for.
    await report({ labelNext: '30', labelFile: 'same.csv', withAnswers: true });
    const [wide, ...again] = rowsOf('same.csv');
    expect(wide).toBe('inferenceId,label,production,shadow,input');
    expect(again.map((row) => row.replace(/,(yes|no),(yes|no),/, ','))).toEqual(rows);
  });

  test('what was filled in comes back by --labels, and is not asked for again', async () => {
    await report({ labelNext: '60', labelFile: 'filled.csv' });
    const [header, ...rows] = rowsOf('filled.csv');
    // Two of three are labelled: in the second row of a request production is right, and in the first both are.
    const label = (row: string) => row.replace(',,', row.includes('#1,') ? ',yes,' : ',no,');
    const filled = rows.map((row, i) => (i < 40 ? label(row) : row));
    writeFileSync(join(folder, 'filled.csv'), `${header}\n${filled.join('\n')}\n`);
    const { gate, seen } = await report({ labels: 'filled.csv', labelNext: '5', labelFile: 'more.csv' });
    expect(seen.observations.predictions?.truth).toMatchObject({ rows: 40, unknown: 0 });
    expect(gate).toMatchObject({ outcome: 'fail', estimate: 0.1 });
    expect(rowsOf('more.csv').slice(1)).toEqual(rows.slice(40, 45));
  });

  test.each([
    [{ labelNext: 'many' }, "--label-next 'many' is not a number of rows."],
    [{ labelNext: '0' }, "--label-next '0' is not a number of rows."],
    [{ withAnswers: true }, '--with-answers belongs to --label-next.'],
    [{ labelNext: '5', redact: true }, '--redact does not go with it.'],
    [{ labelNext: '5', labelFile: 'captures' }, 'captures exists, and may hold labels.'],
  ])('%j is refused', async (options, words) => {
    await expect(report(options)).rejects.toThrow(words);
  });
});
