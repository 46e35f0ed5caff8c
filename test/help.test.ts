import { expect, test } from 'vitest';
import { buildProgram } from '../src/program.ts';
import { capturedIo } from './support/io.ts';

async function help(words: string[]): Promise<string[]> {
  const io = { ...capturedIo(), columns: 80 };
  const program = buildProgram({ start: async () => undefined }, io);
  await program.parse([...words, '--help']).catch(() => undefined);
  return io.outLines;
}

test.each([
  [''],
  ['demo'],
  ['deploy'],
  ['invoke'],
  ['canary'],
  ['rollout'],
  ['shadow'],
  ['shadow detach'],
  ['report'],
  ['record'],
  ['promote'],
  ['keep'],
  ['undo'],
  ['abort'],
  ['status'],
  ['ls'],
  ['history'],
  ['doctor'],
  ['policy explain'],
  ['policy init'],
  ['adopt'],
  ['disown'],
  ['prune'],
  ['cleanup'],
  ['emulator'],
  ['emulator start'],
  ['emulator fault add'],
])('the help of "%s" fits 80 columns', async (words) => {
  const lines = await help(words.split(' ').filter((word) => word !== ''));
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test('shadow detach shows its own options and the program’s, not those of shadow', async () => {
  const text = (await help(['shadow', 'detach'])).join('\n');
  expect(text).toContain('--config-name');
  expect(text).toContain('--emulator');
  expect(text).toContain('shadowctl keep');
  for (const flag of ['--artifact', '--sample', '--calibrate']) expect(text).not.toContain(flag);
});
