import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FIXTURES } from '../../support/world.ts';
import { peer, program } from '../clients/programs.ts';

const numpy = peer('python3', '-c', 'import numpy');

it.skipIf(!numpy)(
  `the recorded boosters are what Python makes${numpy ? '' : ' (skipped: needs `npm run peers`)'}`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shadowctl-boosters-'));
    try {
      // It writes to fixtures/xgboost of the folder it runs in.
      await mkdir(join(folder, 'fixtures'));
      const ended = await program('python3', [join(FIXTURES, 'scripts/xgboost_models.py')], folder, process.env);
      expect(ended).toMatchObject({ code: 0 });
      const names = (await readdir(join(folder, 'fixtures/xgboost'))).toSorted();
      expect(names).toEqual((await readdir(join(FIXTURES, 'xgboost'))).toSorted());
      for (const name of names) {
        const made = await readFile(join(folder, 'fixtures/xgboost', name));
        expect(made.equals(await readFile(join(FIXTURES, 'xgboost', name))), name).toBe(true);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
