import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readLabels } from '../../src/lifecycle/labels.ts';

const folder = mkdtempSync(join(tmpdir(), 'labels-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const session = { signal: new AbortController().signal, aws: () => Promise.reject(new Error('nothing is in S3')) };

test('what tools leave in a folder is left out, and counted', async () => {
  mkdirSync(join(folder, 'deep'));
  writeFileSync(join(folder, 'deep/a.jsonl'), '{"id": "a", "label": 1}');
  writeFileSync(join(folder, 'b.csv'), 'id,label\nb,2\n');
  writeFileSync(join(folder, 'deep/.DS_Store'), Buffer.from([0, 0, 0, 1]));
  writeFileSync(join(folder, '_committed_1'), '{}');
  writeFileSync(join(folder, '_SUCCESS'), '');
  const truth = await readLabels(session, { at: folder, name: 'truth', column: undefined });
  expect(Object.fromEntries(truth.entries())).toEqual({ a: '1', b: '2' });
  expect(truth.notes).toEqual(['truth: 2 files, whose names begin with a dot or an underscore, left out.']);
});
