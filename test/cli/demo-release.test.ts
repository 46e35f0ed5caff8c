import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { run } from '../../src/main.ts';
import { capturedIo } from '../support/io.ts';
import { isWhole } from '../support/sizes.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

const STORIES = [
  {
    words: [],
    mails: ['begun', 'approve?', 'promoted, being watched', 'promoted'],
    deleted: /-shadow-config-\d+-\d+\. /,
  },
  { words: ['--worse'], mails: ['begun', 'kept'], deleted: /-shadow-config-.*-model-.*copy of its artifact/ },
  { words: ['--unanswered'], mails: ['begun', 'approve?', 'kept'], deleted: /-shadow-config-.*copy of its artifact/ },
];

test.runIf(isWhole('matrix')).each(STORIES)(
  'demo release $words: the mails, the end, and nothing left',
  { timeout: 240_000 },
  async ({ words, mails, deleted }) => {
    const cwd = await mkdtemp(join(tmpdir(), 'demo-test-'));
    folders.push(cwd);
    const io = { ...capturedIo(), columns: 10_000 };
    const signal = new AbortController().signal;
    const code = await run(['demo', 'release', ...words], { clock: systemClock, env: {}, cwd, signal, io: () => io });
    const out = io.outLines.join('\n');
    expect({ code, err: io.errLines }, out).toMatchObject({ code: 0 });
    const sent = [...out.matchAll(/┌ mail: shadowctl release: (.*) - weather/g)].map(([, about]) => about);
    expect(sent).toEqual(mails);
    expect(out.replaceAll('\n', ' ')).toMatch(deleted);
    expect(await readdir(cwd)).toEqual([]);
  },
);
