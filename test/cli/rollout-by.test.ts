import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { run } from '../../src/main.ts';
import { ask, type Model, openModel } from '../mirror/rig.ts';
import { capturedIo } from '../support/io.ts';

let cwd: string;
let models: Model[];
let stop: () => Promise<void>;

async function shadowctl(...argv: string[]) {
  const io = capturedIo();
  const signal = new AbortController().signal;
  const code = await run(argv, { clock: systemClock, env: {}, cwd, signal, io: () => io });
  return { code, out: io.outLines.join('\n'), err: io.errLines.join('\n') };
}

/** A mirror of both models, and what ends it. */
async function mirror() {
  const io = capturedIo();
  const [live, candidate] = models as [Model, Model];
  const argv = [
    'mirror',
    '--listen',
    '0',
    '--records',
    'records',
    '--live',
    live.url,
    '--shadow',
    `c=${candidate.url}`,
  ];
  const ended = run(argv, {
    clock: systemClock,
    env: {},
    cwd,
    signal: new AbortController().signal,
    io: () => io,
  });
  while (io.errLines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const { port } = JSON.parse(io.errLines[0] ?? '') as { port: number };
  return {
    port,
    async stop() {
      await shadowctl('mirror', 'stop', '--mirror', 'records');
      await ended;
    },
  };
}

const COUNTRIES = { DE: 120, AT: 60, LI: 40, CH: 40 };

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'shadowctl-by-'));
  const label = (name: string) => JSON.stringify({ label: name });
  models = [
    await openModel((_, res) => res.end(label('sun'))),
    // It sees Liechtenstein otherwise.
    await openModel((req, res) => res.end(label(req.text.includes('"LI"') ? 'rain' : 'sun'))),
  ];
  const first = await mirror();
  for (const [country, n] of Object.entries(COUNTRIES))
    for (let i = 0; i < n; i += 1) {
      const body = JSON.stringify({ country, age: i, user: { country } });
      await ask(
        undefined,
        first.port,
        { method: 'POST', path: '/invocations', headers: { 'content-type': 'application/json' } },
        body,
      );
    }
  await first.stop();
  // Of a mirror that runs only whole minutes count: what it has recorded is whole once it has ended.
  ({ stop } = await mirror());
}, 60_000);
afterAll(async () => {
  await stop();
  for (const model of models) await model.close();
  rmSync(cwd, { recursive: true, force: true });
});

const BY = ['rollout', '--mirror', 'records', '--bake', '5m', '--plan'];

test('slices of a field are the steps: the least risky first, those that stand out last, and 100 % in the end', async () => {
  const planned = await shadowctl(...BY, '--by', 'country', '--format', 'json');
  expect({ code: planned.code, err: planned.code === 4 ? '' : planned.err }).toEqual({ code: 4, err: '' });
  const { steps, by, ranking } = JSON.parse(planned.out) as {
    steps: string[];
    by: string;
    ranking: { basis: string; differs: boolean; parts: { part: string; standsOut: boolean }[] };
  };
  expect(steps).toEqual(['$.country=CH', '$.country=AT', '$.country=DE', '$.country=LI', '100%']);
  expect(by).toBe('request');
  expect(ranking).toMatchObject({ basis: 'disagreement', differs: true });
  expect(ranking.parts[0]).toMatchObject({ part: 'LI', standsOut: true });
  const text = await shadowctl(...BY, '--by', 'country');
  expect(text.out.replaceAll(/\s+/g, ' ')).toContain('LI (40 rows, 100 % differ, stands out)');
});

test('a path says where a field lies', async () => {
  const planned = await shadowctl(...BY, '--by', '$.country', '--format', 'json');
  expect(planned.code).toBe(4);
});

test.each([
  [['--by', 'city'], 'there are slices by country, age'],
  [['--by', 'age'], 'ranges of numbers'],
  [['--by', '$.nowhere.country'], 'lie elsewhere'],
  [['--by', 'country', '--steps', '10%,100%'], 'makes the steps'],
])('%j is refused with what to do', async (argv, words) => {
  const { code, err } = await shadowctl(...BY, ...argv);
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(words) });
});

test.each([
  [['--model', 'm', '--by', 'country'], '--model says what shadowctl does with requests'],
  [['--by', 'session'], 'callers of an endpoint choose the variant themselves'],
  [['--labels', 'labels.csv'], '--labels goes with slices that callers choose'],
])('of an endpoint %j is refused: its callers choose the variant', async (more, words) => {
  const { code, err } = await shadowctl('rollout', '--endpoint', 'weather', ...more);
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(words) });
});
