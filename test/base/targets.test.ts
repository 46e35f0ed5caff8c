import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fileProblem, requireFile, requireTarget } from '../../src/base/disk.ts';
import { testWorld } from '../support/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'targets-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a file that is to be written needs a folder, and no folder may have its name', () => {
  expect(() => requireTarget(join(folder, 'new.json'), '--save')).not.toThrow();
  expect(() => requireTarget(join(folder, 'none', 'new.json'), '--save')).toThrow(
    `--save: there is no folder ${join(folder, 'none')}.`,
  );
  expect(() => requireTarget(folder, '--output')).toThrow(`--output: ${folder} is a folder.`);
});

test('a file that is to be read is there, and is no folder', () => {
  const file = join(folder, 'there.yaml');
  writeFileSync(file, '');
  expect(() => requireFile(file, 'policy file', '--policy')).not.toThrow();
  expect(() => requireFile(folder, 'policy file', '--policy')).toThrow(`${folder} is a folder, not a policy file.`);
  expect(() => requireFile(join(folder, 'x'), 'policy file', '--policy')).toThrow('There is no policy file');
});

test('what the system says of a file is no defect of ours', () => {
  const error = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', path: '/x/y', syscall: 'open' });
  expect(fileProblem(error)?.message).toBe('/x/y cannot be used: there is no such file or folder (ENOENT).');
  expect(fileProblem(new Error('whatever'))).toBeUndefined();
});

test.each([
  ['report --files . --output /nonexistent/x.html --format html', '--output: there is no folder /nonexistent.'],
  ['report --files . --save /nonexistent/x.json', '--save: there is no folder /nonexistent.'],
  ['report --files . --label-next 5 --label-file /nonexistent/x.csv', '--label-file: there is no folder /nonexistent.'],
  ['report --files . --policy .', 'is a folder, not a policy file.'],
  ['status --config .', 'is a folder, not a config file.'],
])('%s', async (line, words) => {
  const world = await testWorld();
  const { code, err } = await world.shadowctl(line);
  await world.close();
  expect(code).toBe(2);
  expect(err).toContain(words);
  expect(err).not.toContain('defect');
});
