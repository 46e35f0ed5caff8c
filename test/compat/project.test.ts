import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ARTIFACT_009, FIXTURES, type TestWorld } from '../support/world.ts';
import { OLD, oldProject } from './files.ts';

let world: TestWorld;
afterEach(() => world.close());

/** Command → paths of the JSON it printed in 0.1: `alarms[].name: string`. */
const FIELDS = JSON.parse(readFileSync(join(OLD, 'json-fields.json'), 'utf8')) as Record<string, string[]>;

/** Fields that only some runs have. */
const SITUATIONAL = /^(reason|observations\.noise|observations\.predictions|observations\.metrics\.before|lock)/;

/** The fields that 0.1 printed and that are missing today, where the thing that held them is there. */
function missing(command: string, today: unknown): string[] {
  const lost = (FIELDS[command] ?? []).filter((line) => {
    const [path = ''] = line.split(': ');
    return !path.endsWith('[]') && !SITUATIONAL.test(path) && !has([today], path.split('.'));
  });
  return lost;
}

function has(values: readonly unknown[], path: readonly string[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  const key = first.replace(/(\[\])+$/, '');
  const holders = key === '' ? values : values.filter((value) => typeof value === 'object' && value !== null);
  // Nothing to hold it: an empty list, or null.
  if (holders.length === 0) return true;
  const found =
    key === ''
      ? holders
      : holders.flatMap((holder) => (key in (holder as object) ? [(holder as Record<string, unknown>)[key]] : []));
  if (found.length === 0) return false;
  const inner = first.endsWith('[]')
    ? found.flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : []))
    : found;
  return (
    rest.length === 0 ||
    has(
      inner.filter((value) => value !== null),
      rest,
    )
  );
}

async function printed(command: string, line: string, more: readonly string[] = []): Promise<unknown> {
  const said = await world.shadowctl([...line.split(' '), '--endpoint', 'weather', '--format', 'json', ...more]);
  expect(said.code, said.err).toBeLessThan(4);
  expect(said.code, said.err).not.toBe(2);
  const content = JSON.parse(said.out) as unknown;
  expect(missing(command, content), command).toEqual([]);
  return content;
}

test('a project with the emulator it keeps is taken up where 0.1 left it, to the cleanup', async () => {
  world = await oldProject();
  expect(await printed('status', 'status')).toMatchObject({
    live: { status: 'InService', config: 'c3', ownership: 'created' },
    counts: { 'endpoint-config': 3, model: 3, alarm: 3 },
  });
  expect(await printed('history', 'history')).toMatchObject([
    { command: 'deploy', to: 'c1' },
    { command: 'canary', to: 'c2', ending: 'updated' },
    { command: 'shadow', to: 'c3' },
  ]);
  const report = await printed('report', 'report --last 10m');
  expect(report).toMatchObject({
    observations: { shadow: { model: 'm3' }, predictions: { pairs: expect.any(Number) } },
  });
  await printed('doctor', 'doctor');
  await printed('detach', 'shadow detach --yes');
  writeFileSync(
    join(world.root, 'few.csv'),
    readFileSync(join(FIXTURES, 'data/test.csv'), 'utf8').split('\n').slice(0, 5).join('\n'),
  );
  await printed('invoke', 'invoke --data few.csv');
  await printed('undo', 'undo --to c1 --yes');
  const good = ['--artifact', ARTIFACT_009, '--algorithm', 'linear-learner', '--yes'];
  await printed('deploy', 'deploy --model-name m4 --config-name c4 --test few.csv', good);
  await printed('canary', 'canary --strategy rolling --model-name m5 --config-name c5 --no-metrics', good);
  await printed('shadow', 'shadow --model-name m6 --config-name c6', good);
  await printed('promote', 'promote --force --yes --config-name c7 --no-metrics');
  await printed('rollout', 'rollout --bake 1m --model-name m8 --config-name c8', good);
  await world.shadowctl('rollout --endpoint weather --cancel');
  const cleanup = await printed('cleanup', 'cleanup --yes');
  expect(cleanup).toMatchObject({ left: [] });
  const left = await world.shadowctl('status --endpoint weather --format json');
  expect(JSON.parse(left.out)).toMatchObject({ counts: {} });
}, 120_000);
