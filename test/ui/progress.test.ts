import { expect, test } from 'vitest';
import { startProgress, type Step, withProgress } from '../../src/ui/progress.ts';
import { capturedIo } from '../support/io.ts';

async function shown(updates: readonly (readonly [text: string, of?: Step])[]): Promise<string[]> {
  const io = capturedIo();
  await withProgress(io, 'collecting', async (progress) => updates.forEach((update) => progress.update(...update)));
  return io.errLines;
}

test('where nothing can be redrawn, steps that go on in turn are told at their start and at each quarter', async () => {
  const files = (step: string, done: number) => [`${step}: ${done} of 95`, { step, share: done / 95 }] as const;
  const turns = Array.from({ length: 95 }, (_, i) => [files('production', i + 1), files('shadow', i + 1)]).flat();
  expect(await shown(turns)).toEqual([
    'collecting',
    ...[1, 24, 48, 72, 95].flatMap((done) => [`production: ${done} of 95`, `shadow: ${done} of 95`]),
  ]);
});

test('a step without a share is told once, until another comes; a text without a step whenever it changes', async () => {
  const step = 'reading the log';
  const updates = [
    ['reading the log', { step }],
    ['reading the log: 3 lines', { step }],
    ['endpoint w: Updating'],
    ['endpoint w: Updating'],
    ['reading the log: 9 lines', { step }],
  ] as const;
  expect(await shown(updates)).toEqual([
    'collecting',
    'reading the log',
    'endpoint w: Updating',
    'reading the log: 9 lines',
  ]);
});

test('on a terminal one spinner turns at a time: it shows the innermost of what is under way', async () => {
  const io = { ...capturedIo(), interactive: true };
  const seen: string[] = [];
  let turning = 0;
  const make = async () => ({
    set text(words: string) {
      seen.push(words);
    },
    start: () => expect((turning += 1)).toBe(1),
    stop: () => (turning -= 1),
  });
  const outer = startProgress(io, 'shadowctl canary', make);
  const inner = startProgress(io, 'waiting', make);
  await new Promise((resolve) => setImmediate(resolve));
  inner.update('still waiting');
  outer.update('not shown now');
  inner.done('in service');
  expect(turning).toBe(1);
  outer.stop();
  expect([turning, seen]).toEqual([0, ['waiting', 'still waiting', 'not shown now']]);
  expect(io.errLines.map((line) => line.replace(/^\S+ /, ''))).toEqual(['in service']);
});
