import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { headObject } from '../../../src/aws/s3.ts';
import { accountRows } from '../../../src/analysis/batch/account.ts';
import { periodOf } from '../../../src/analysis/batch/period.ts';
import { compareRecords } from '../../../src/analysis/compare/compare.ts';
import { createSession } from '../../../src/lifecycle/create-session.ts';
import { writeRecords } from '../../../src/lifecycle/batch/records.ts';
import type { RunObject } from '../../../src/lifecycle/batch/objects.ts';
import { type RowFormat, scanRows } from '../../../src/lifecycle/batch/rows.ts';
import { lake } from '../../support/batch.ts';
import { isWhole } from '../../support/sizes.ts';
import { type TestWorld, testWorld } from '../../support/world.ts';
import { writeFileSync } from 'node:fs';

/* Rows and answers as they should not be, laid together over S3 and compared: every row must be in one place. */

let world: TestWorld;
let folder: string;
beforeAll(async () => {
  world = await testWorld();
  folder = await mkdtemp(join(tmpdir(), 'shadowctl-records-'));
  await lake(world).make();
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

const period = periodOf('2026-01-04', 'UTC');
const FORMAT: RowFormat = {
  contentType: 'text/csv',
  captured: false,
  header: false,
  id: '1',
  withoutId: false,
  window: period,
};

/** An id that repeats, one that is missing, or one of its own; an answer that is none. */
const row = fc.record({
  id: fc.constantFrom('own', 'own', 'own', 'own', 'same', 'none'),
  candidate: fc.constantFrom('1', '2', '2.5', '', 'text', '{"a":1}'),
  production: fc.constantFrom('1', '2', '3', ''),
});
const object = fc.record({
  rows: fc.array(row, { minLength: 1, maxLength: 12 }),
  lacks: fc.constantFrom('nothing', 'nothing', 'nothing', 'output', 'a line', 'production'),
  blank: fc.boolean(),
});

test('every row is in one place, whatever is wrong with rows, ids and answers', { timeout: 120_000 }, async () => {
  const s3 = lake(world);
  const session = createSession({ aws: world.aws, folder, clock: world.clock });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(object, { minLength: 1, maxLength: 4 }), async (all) => {
      round += 1;
      const objects: RunObject[] = [];
      const outputs = { candidate: new Map(), production: new Map() };
      const put = async (key: string, text: string) => {
        await s3.put(key, text);
        const uri = `s3://lake/${key}`;
        const facts = await headObject(world.aws, uri);
        return { uri, bytes: facts?.bytes ?? 0, etag: facts?.etag ?? '' };
      };
      for (const [index, { rows, lacks, blank }] of all.entries()) {
        const text = rows
          .map(({ id }, i) => `${id === 'own' ? `${index}-${i}` : id === 'same' ? 'same' : ''},${i}\n`)
          .join(blank ? '\n' : '');
        const one = await put(`${round}/in/${index}.csv`, text);
        const path = join(folder, 'scan');
        writeFileSync(path, text);
        const scan = await scanRows(path, one.uri, FORMAT);
        objects.push({ ...one, asked: one.uri, gzip: false, format: FORMAT, scan });
        // Blank answers are none: an output with one has fewer than there are rows.
        const answers = (side: 'candidate' | 'production') => rows.map((one_) => `${one_[side]}\n`);
        if (lacks !== 'output')
          outputs.candidate.set(
            one.uri,
            await put(
              `${round}/c/${index}.csv.out`,
              answers('candidate')
                .slice(lacks === 'a line' ? 1 : 0)
                .join('') || '\n',
            ),
          );
        if (lacks !== 'production')
          outputs.production.set(one.uri, await put(`${round}/p/${index}.csv.out`, answers('production').join('')));
      }
      const files = { candidate: join(folder, 'c.jsonl.gz'), production: join(folder, 'p.jsonl.gz') };
      const accept = () => 'text/csv';
      const fates = await writeRecords(
        { session, aws: world.aws, folder },
        objects,
        {
          candidate: { outputs: outputs.candidate, accept },
          production: { outputs: outputs.production, accept },
        },
        period.from,
        files,
        () => undefined,
      );
      const { predictions } = await compareRecords(
        {
          production: { files: [files.production] },
          shadow: { files: [files.candidate] },
          window: period,
          sampling: 1,
        },
        { tolerance: undefined, memory: '1GB', spill: folder },
      );
      const { delivered, ...places } = accountRows(fates, predictions);
      expect(delivered).toBe(all.reduce((sum, { rows }) => sum + rows.length, 0));
      expect(Object.values(places).reduce((sum, n) => sum + n, 0)).toBe(delivered);
      expect(fates.filter(({ fate }) => fate === 'failed')).toHaveLength(
        all.filter(({ lacks }) => lacks === 'output' || lacks === 'production').length,
      );
      const none = fates.flatMap((fate, i) =>
        fate.fate === 'compared' ? (all[i]?.rows ?? []).filter(({ id }) => id === 'none') : [],
      );
      expect(places.unreadable).toBeGreaterThanOrEqual(none.length);
    }),
    { numRuns: isWhole('matrix') ? 100 : 8 },
  );
});
