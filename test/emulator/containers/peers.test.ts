import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { isWhole } from '../../support/sizes.ts';
import { FIXTURES } from '../../support/world.ts';
import { program } from '../clients/programs.ts';
import { differencesOfModels, differencesOfPayloads, IMAGE_OF, readRecordings, same } from './real-xgboost.ts';

// Training and loading of a release takes some ten seconds, more on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

/** Where `npm run peers` (scripts/whole.mjs) put a Python with MXNet, and the releases of XGBoost. */
const installed = process.env['SHADOWCTL_MODELS'] ?? '';
const recorded = readRecordings(join(FIXTURES, 'xgboost/real'));
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'shadowctl-xgboost-'));
  folders.push(made);
  return made;
}

/** Runs a script of fixtures/scripts; the release of XGBoost is the one named. */
async function run(release: string, ...args: string[]): Promise<void> {
  await python('xgboost_real.py', release, ...args);
}

async function python(name: string, release: string, ...args: string[]): Promise<void> {
  const script = join(FIXTURES, 'scripts', name);
  const env = { ...process.env, PYTHONPATH: join(installed, release), PYTHONDONTWRITEBYTECODE: '1' };
  const ended = await program(join(installed, 'bin/python3'), [script, ...args], FIXTURES, env);
  expect(ended.code, ended.err.slice(-2000)).toBe(0);
}

describe.each(Object.keys(IMAGE_OF))('XGBoost %s', (release) => {
  const here = isWhole('peers') && existsSync(join(installed, release, 'xgboost'));
  const why = here ? '' : ` (skipped: needs \`npm run peers\` and xgboost==${release})`;

  test.skipIf(!here)(`trains and answers again as recorded${why}`, async () => {
    const out = folder();
    await run(release, 'make', out, '7');
    expect(same(recorded.made.get(release), readRecordings(out).made.get(release))).toBe(true);
  });

  test.skipIf(!here)(`loads the recorded files of other releases as recorded${why}`, async () => {
    const out = folder();
    const files = readdirSync(join(FIXTURES, 'xgboost/real')).filter((name) => !name.includes('loads'));
    for (const name of files) copyFileSync(join(FIXTURES, 'xgboost/real', name), join(out, name));
    await run(release, 'load', out);
    expect(same(recorded.loads.get(release), readRecordings(out).loads.get(release))).toBe(true);
  });

  test.skipIf(!here)(`of other data, the emulator answers as it does${why}`, async () => {
    const out = folder();
    await run(release, 'make', out, '20261129');
    const made = readRecordings(out).made.get(release);
    if (!made) throw new Error(`nothing was written for ${release}`);
    expect(differencesOfModels(made)).toEqual([]);
    expect(differencesOfPayloads(made)).toEqual([]);
  });
});

const lib = join(installed, 'lib');
const mxnet =
  isWhole('peers') &&
  installed !== '' &&
  readdirSync(lib).some((name) => existsSync(join(lib, name, 'site-packages/mxnet')));

test.skipIf(!mxnet)(
  `MXNet computes again as recorded${mxnet ? '' : ' (skipped: needs `npm run peers` and mxnet==1.9.1)'}`,
  async () => {
    const out = join(folder(), 'mxnet.json');
    await python('mxnet_forward.py', '', out);
    const [made, before] = [out, join(FIXTURES, 'linear-learner/mxnet.json')].map((file) =>
      JSON.parse(readFileSync(file, 'utf8')),
    );
    expect(same(before, made)).toBe(true);
  },
);
