import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AthenaStand, athenaStand } from '../../../emulator/services/athena/athena-stand.ts';
import { freePort, type RunningTrino, startTrino, TRINO, TRINO_MISSING } from '../../../support/trino.ts';
import { generated, KINDS } from '../generated.ts';
import { alike, compareBoth, NOT_READ } from './differential.ts';
import { LABELLED } from './labelled.ts';

/*
 * The proof that the SQL of a warehouse means what the local engine does: the emulator's own Athena is DuckDB, as the local
 * engine is, so only a Trino proves it.
 */
describe.skipIf(TRINO === undefined)(`on a real Trino (${TRINO_MISSING})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'shadowctl-trino-sql-'));
  let trino: RunningTrino;
  let stand: AthenaStand;
  beforeAll(async () => {
    const port = await freePort();
    stand = await athenaStand({ trino: `http://127.0.0.1:${port}` });
    trino = await startTrino(stand.emulator.url, port);
    process.stdout.write(`Trino ${trino.version} compares answers\n`);
  }, 300_000);
  afterAll(async () => {
    await trino?.stop();
    await stand?.close();
    rmSync(folder, { recursive: true });
  });

  test.each([
    ...KINDS.filter(({ title }) => !NOT_READ.test(title)).map((kind) => [kind.title, 'inferenceId', kind] as const),
    ...(['eventId', 'input'] as const).flatMap((ids) =>
      KINDS.slice(1, 2).map((kind) => [kind.title, ids, kind] as const),
    ),
  ])(
    '%s, paired by %s',
    async (_, ids, kind) => {
      const { here, there, sampled } = await compareBoth(stand, folder, generated(folder, kind, ids));
      expect(sampled).toBeUndefined();
      expect(there.method).toBe(ids);
      expect(alike(there)).toEqual(alike(here));
    },
    900_000,
  );

  test.each(LABELLED.map((one) => [one.title, one] as const))(
    'labels: %s',
    async (title, { kind, ids, options }) => {
      const files = generated(folder, { ...kind, title: `labels ${title}` }, ids);
      const { here, there, sampled } = await compareBoth(stand, folder, files, { options });
      expect(sampled).toBeUndefined();
      expect(there.truth?.rows).toBeGreaterThan(100);
      expect(alike(there)).toEqual(alike(here));
    },
    900_000,
  );

  test('a sample of requests, both records of each', async () => {
    const kind = KINDS.find(({ title }) => title === 'texts');
    if (kind === undefined) return expect.unreachable();
    const { here, there, sampled } = await compareBoth(stand, folder, generated(folder, kind, 'inferenceId'), {
      sample: 100,
    });
    expect(sampled?.of).toBeGreaterThanOrEqual(here.pairs);
    expect(there.pairs).toBe(sampled?.requests);
    expect(there.pairs).toBeGreaterThan(40);
    expect(there.pairs).toBeLessThan(130);
    expect(there.shadow.unmatched).toBeLessThan(10);
  }, 900_000);
});
