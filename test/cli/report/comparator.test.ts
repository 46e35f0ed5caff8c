import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../../src/app.ts';
import type { ReportOptions } from '../../../src/cli/report/options.ts';
import { run } from '../../../src/cli/report/run.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { loadProject } from '../../../src/base/project.ts';
import type { Report } from '../../../src/report/report.ts';
import { violations } from '../../report/schema.ts';
import { capturedIo } from '../../support/io.ts';
import { OPTIONS } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-comparator-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** 400 requests in 100 minutes; both answer other words, and the shadow another number each tenth time. */
for (const side of ['production', 'shadow']) {
  mkdirSync(join(folder, 'captures', side), { recursive: true });
  const lines = Array.from({ length: 400 }, (_, i) => {
    const words = side === 'production' ? `It is ${i}` : `Indeed, the answer is ${i % 10 === 0 ? i + 1 : i}`;
    const half = (data: unknown) => ({
      observedContentType: 'application/json',
      data: JSON.stringify(data),
      encoding: 'JSON',
    });
    return JSON.stringify({
      captureData: { endpointInput: half({ inputs: `${i}?` }), endpointOutput: half([{ generated_text: words }]) },
      eventMetadata: {
        eventId: `${side}-${i}`,
        inferenceId: `id-${i}`,
        inferenceTime: new Date(Date.UTC(2026, 0, 5, 9) + i * 15_000).toISOString(),
      },
      eventVersion: '0',
    });
  });
  writeFileSync(join(folder, 'captures', side, 'a.jsonl'), `${lines.join('\n')}\n`);
}

/** Likes equal numbers; and says which answer came first, which must not tell production from the shadow. */
writeFileSync(
  join(folder, 'compare.mjs'),
  `import { createInterface } from 'node:readline';
const number = (answer) => /\\d+/.exec(answer[0].generated_text)[0];
createInterface({ input: process.stdin }).on('line', (line) => {
  const { a, b } = JSON.parse(line);
  const first = a[0].generated_text.startsWith('It') ? 1 : 0;
  console.log(JSON.stringify({ number: number(a) === number(b) ? 1 : 0, first, steady: 0.9 }));
});`,
);
const COMMAND = `"${process.execPath}" compare.mjs`;
const POLICY = join(folder, 'shadowctl.yaml');

function policy(answers: object): void {
  writeFileSync(
    POLICY,
    JSON.stringify({
      policy: {
        unparsed: 0.1,
        answers: { margins: { first: 0 }, ...answers },
        inform: ['answers.refusals', 'answers.first'],
      },
    }),
  );
}

async function report(options: Partial<ReportOptions>, replies: string[] = []) {
  const io = capturedIo(replies);
  const app = {
    io,
    cwd: folder,
    clock: systemClock,
    signal: new AbortController().signal,
    project: () => loadProject(folder, undefined),
  } as unknown as App;
  const outcome = await run(app, { ...OPTIONS, endpoint: undefined, files: 'captures', ...options });
  const shown = options.format === undefined ? (JSON.parse(io.outLines.join('\n')) as Report) : undefined;
  const gates = Object.fromEntries(shown?.verdict?.gates.map((gate) => [gate.id, gate]) ?? []);
  return { outcome, report: shown, gates, asked: io.errLines.filter((line) => line.includes('Run it')) };
}

beforeEach(() => {
  rmSync(join(folder, '.shadowctl'), { recursive: true, force: true });
  policy({});
});

describe('a comparator of the user', () => {
  test('gives gates by name, with their margins; what wording says only informs', async () => {
    policy({ margins: { number: 0.7, first: 0, steady: 0.6 } });
    const found = await report({ comparator: COMMAND });
    expect(found.gates['answers.number']).toMatchObject({
      outcome: 'pass',
      estimate: 0.9,
      margin: 0.7,
      n: 400,
      gating: true,
    });
    expect(found.gates['answers.first']?.estimate).toBeLessThan(0.6);
    expect(found.gates['answers.agreement']).toMatchObject({ gating: false });
    expect(found.outcome).toBe('done');
    expect(violations(found.report)).toEqual([]);
    expect(found.report?.observations.predictions?.comparator?.scores[1]?.lowest).toHaveLength(3);
  });

  test('fails a model that it finds unlike', async () => {
    policy({ margins: { number: 0.97, first: 0, steady: 0.6 } });
    const found = await report({ comparator: COMMAND });
    expect(found.gates['answers.number']).toMatchObject({ outcome: 'fail', estimate: 0.9 });
    expect(found.outcome).toBe('no');
  });

  test('is asked about no more pairs than was said, and they are what counts', async () => {
    const found = await report({ comparator: COMMAND, comparatorSample: 150 });
    const comparator = found.report?.observations.predictions?.comparator;
    expect(comparator).toMatchObject({ of: 400, halvings: 2 });
    expect(comparator?.pairs).toBeLessThanOrEqual(150);
    expect(found.gates['answers.number']?.n).toBe(comparator?.pairs);
  });

  test('that fails is an error, and no verdict', async () => {
    await expect(report({ comparator: 'exit 7' })).rejects.toMatchObject({
      kind: 'cannot-run',
      message: expect.stringContaining('exit code 7'),
    });
  });
});

describe('a command that stands in a file', () => {
  test('runs for nobody who cannot be asked, or says no', async () => {
    policy({ command: 'touch ran' });
    await expect(report({})).rejects.toMatchObject({ kind: 'usage', message: expect.stringContaining('touch ran') });
    await expect(report({}, ['n'])).rejects.toMatchObject({ kind: 'no' });
  });

  test('is remembered, until it is another', async () => {
    policy({ command: COMMAND });
    expect((await report({}, ['y'])).asked).toHaveLength(1);
    const again = await report({});
    expect(again.asked).toHaveLength(0);
    expect(again.gates['answers.steady']).toMatchObject({ estimate: expect.closeTo(0.9, 9) });
    policy({ command: `${COMMAND} --strict` });
    await expect(report({})).rejects.toMatchObject({ kind: 'usage' });
    expect((await report({ allowCommand: true })).asked).toHaveLength(0);
    expect((await report({})).asked).toHaveLength(0);
  });

  test('gives way to one that was typed', async () => {
    policy({ command: 'exit 7' });
    expect((await report({ comparator: COMMAND })).gates['answers.steady']).toBeDefined();
  });

  test('is not asked for where nothing is compared: saved sums are judged by it, or left open', async () => {
    policy({ command: COMMAND, margins: { number: 0.7, first: 0, steady: 0.6, kind: 0.5 } });
    const saved = join(folder, 'saved.json');
    const first = await report({ allowCommand: true, save: saved });
    rmSync(join(folder, '.shadowctl'), { recursive: true });
    const again = await report({ files: saved });
    expect(again.gates['answers.number']).toEqual(first.gates['answers.number']);
    expect(again.gates['answers.kind']).toMatchObject({ outcome: 'inconclusive', gating: true });
    policy({ command: 'another' });
    const other = await report({ files: saved });
    expect(other.gates['answers.comparator']).toMatchObject({ outcome: 'inconclusive', gating: true });
    expect(other.gates['answers.number']).toBeUndefined();
  });
});
