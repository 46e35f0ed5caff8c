import { expect, test } from 'vitest';
import { withProgress } from '../../src/ui/progress.ts';
import { capturedIo } from '../support/io.ts';

async function told(texts: readonly string[]): Promise<string[]> {
  const io = capturedIo();
  await withProgress(io, 'collecting', async (progress) => texts.forEach((text) => progress.update(text)));
  return io.errLines;
}

const files = (variant: string, done: number) => `fetching captures of ${variant}: ${done} of 95 files`;

test('where nothing can be redrawn, counts that go up in turn are told at their start and at each quarter', async () => {
  const turns = Array.from({ length: 95 }, (_, i) => [files('production', i + 1), files('shadow', i + 1)]).flat();
  expect(await told(turns)).toEqual([
    'collecting',
    ...[1, 24, 48, 72, 95].flatMap((done) => [files('production', done), files('shadow', done)]),
  ]);
});

test('so are percents', async () => {
  const percents = Array.from({ length: 101 }, (_, i) => `reading captures: ${i} %`);
  expect(await told(percents)).toEqual([
    'collecting',
    ...[0, 25, 50, 75, 100].map((percent) => `reading captures: ${percent} %`),
  ]);
});

test('other words are told whenever they change, numbers aside', async () => {
  const texts = ['endpoint w: Updating', 'endpoint w: Updating', 'wait 3 s', 'wait 1,204 s', 'endpoint w: Updating'];
  expect(await told(texts)).toEqual(['collecting', 'endpoint w: Updating', 'wait 3 s', 'endpoint w: Updating']);
});
