import { mkdtempSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { App, Outcome } from '../../src/app.ts';
import { systemClock } from '../../src/base/clock.ts';
import { demoCommand } from '../../src/cli/demo/command.ts';
import { type DemoOptions, run as playDemo } from '../../src/cli/demo/run.ts';
import { briefLines } from '../../src/cli/demo/brief.ts';
import { differences } from '../../src/cli/demo/census.ts';
import { shellLine } from '../../src/cli/demo/narration.ts';
import { type Scene, STANDING, STORY } from '../../src/cli/demo/story.ts';
import { interrupted } from '../../src/base/errors.ts';
import { run } from '../../src/main.ts';
import type { Io } from '../../src/ui/io.ts';
import { createApp, type Surroundings } from '../../src/wire.ts';
import { NO_GLOBALS } from '../support/globals.ts';
import { capturedIo } from '../support/io.ts';
import { isWhole } from '../support/sizes.ts';

/**
 * Of so many requests one is sent: those that a report is about (30 a minute, which p99 needs), and those that flow during a
 * canary.
 */
const THIN = { judged: 2, alongside: 8 };
/**
 * The story with a part of its requests: enough for every outcome that is planned. `npm run check:package` plays it
 * as users see it, for every change.
 */
const THINNED: readonly Scene[] = STORY.map((scene) => ({
  ...scene,
  lines: scene.lines.map(({ argv, alongside, ...line }) => ({
    ...line,
    argv: thinned(argv, THIN.judged),
    ...(alongside === undefined ? {} : { alongside: thinned(alongside, THIN.alongside) }),
  })),
}));

function thinned(argv: readonly string[], by: number): string[] {
  const rate = argv.indexOf('--rate') + 1;
  return argv.map((word, index) => (rate > 0 && index === rate ? String(Number(word) / by) : word));
}

/** The app of the demo as the program makes it; the lines that it runs go through the program. */
function appOf(surroundings: Surroundings, io: Io): App {
  const codes: readonly (Outcome | undefined)[] = ['done', 'no', undefined, 'inconclusive', 'pending'];
  return createApp({
    surroundings,
    globals: NO_GLOBALS,
    io,
    async execute(argv, { io: other = io, ...overrides } = {}) {
      const code = await run(argv, { ...surroundings, ...overrides, io: () => other });
      const outcome = codes[code];
      if (outcome !== undefined) return outcome;
      throw code === 130 ? interrupted('Interrupted.') : new Error(`shadowctl ${argv.join(' ')} ended with ${code}`);
    },
    opened: () => undefined,
    startedEmulator: () => undefined,
  });
}

test.runIf(isWhole('matrix'))('the whole demo goes as planned, and leaves nothing', { timeout: 170_000 }, async () => {
  const io = capturedIo();
  const cwd = await mkdtemp(join(tmpdir(), 'demo-test-'));
  const before = await temporaryFolders();
  try {
    const surroundings: Surroundings = {
      clock: systemClock,
      env: { PATH: process.env.PATH },
      cwd,
      signal: new AbortController().signal,
      io: () => io,
    };
    expect(await playDemo(appOf(surroundings, io), { keep: false, full: true }, THINNED)).toBe('done');
    expect(io.errLines.filter((line) => line.startsWith('error:'))).toEqual([]);
    const text = io.outLines.join('\n');
    const stock = text.slice(text.indexOf('4. What exists now'));
    expect(counts(stock.slice(0, stock.indexOf('$ shadowctl cleanup')))).toEqual({
      endpoints: 1,
      models: 9,
      'endpoint configs': 9,
      'CloudWatch alarms': 3,
    });
    expect(counts(stock.slice(stock.indexOf('5. What is left')))).toEqual({
      endpoints: 0,
      models: 0,
      'endpoint configs': 0,
      'CloudWatch alarms': 0,
    });
    // The rollback is real: the alarm, its reason and the container's own words stand in the story.
    const unwrapped = text.replace(/\s+/g, ' ');
    expect(unwrapped).toContain('was rolled back to weather-config-v2-1 by alarm weather-prediction-endpoint-5XXError');
    expect(unwrapped).toContain('Unable to load model: Model /opt/ml/model/model_algo-1 cannot be loaded');
    expect(text.match(/^Verdict: \w+/gm)).toEqual(['Verdict: PASS', 'Verdict: FAIL', 'Verdict: PASS']);
    // Nothing is left in the folder it ran in, nor in the one for temporary files.
    expect(await readdir(cwd)).toEqual([]);
    expect(await temporaryFolders()).toEqual(before);
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
});

test.each([
  [['--full'], false],
  [['--full', '--keep'], true],
])(
  'Ctrl-C in `demo` %j while an update is watched: the demo has ended, and says what is left',
  { timeout: 60_000 },
  async (flags, kept) => {
    const io = capturedIo();
    const cwd = await mkdtemp(join(tmpdir(), 'demo-test-'));
    const before = await temporaryFolders();
    const control = new AbortController();
    const { err } = io;
    io.err = (line = '') => {
      err(line);
      if (line.includes('launching the new fleet')) control.abort(interrupted('Interrupted.'));
    };
    try {
      const code = await run(['demo', ...flags], {
        clock: systemClock,
        env: { PATH: process.env.PATH },
        cwd,
        signal: control.signal,
        io: () => io,
      });
      expect(code).toBe(130);
      const text = io.errLines.join('\n');
      expect(text).toContain('Interrupted: the demo has ended.');
      // No update goes on, and there is nothing to watch again.
      expect(text).not.toMatch(/continues in SageMaker|--resume/);
      expect(text.includes('Nothing is left')).toBe(!kept);
      expect(text.includes('shadowctl cleanup --emulator --endpoint weather-prediction-endpoint')).toBe(kept);
      expect(await readdir(cwd)).toHaveLength(kept ? 5 : 0);
      expect(await temporaryFolders()).toEqual(before);
    } finally {
      await rm(cwd, { recursive: true, force: true });
    }
  },
);

/** A folder for temporary files of its own: other demos may run on this machine. */
const temporary = mkdtempSync(join(tmpdir(), 'demo-test-tmp-'));
const { TMPDIR } = process.env;
beforeAll(() => void (process.env.TMPDIR = temporary));
afterAll(async () => {
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  await rm(temporary, { recursive: true });
});

async function temporaryFolders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('shadowctl-demo-'));
}

/** The first number of each row of the recap. */
function counts(text: string): Record<string, number> {
  return Object.fromEntries(
    [...text.matchAll(/^(endpoints|models|endpoint configs|CloudWatch alarms)\s+(\d+)/gm)].map((match) => [
      match[1],
      Number(match[2]),
    ]),
  );
}

test.each<[string[], DemoOptions & { format: string }]>([
  [[], { keep: false, full: false, format: 'text' }],
  [['--keep', '--full'], { keep: true, full: true, format: 'text' }],
])('options of %j', async (argv, expected) => {
  const seen: unknown[] = [];
  await demoCommand({ start: async (_run, options) => void seen.push(options) }).parseAsync(argv, { from: 'user' });
  expect(seen).toEqual([expected]);
});

test('in short, a command is a line, and what it came to one or two', () => {
  const io = { columns: 80, color: false };
  const canary = {
    argv: [
      'canary',
      '--endpoint',
      'w',
      '--artifact',
      '009-model.tar.gz',
      '--config-name',
      'weather-config-v2-2',
      '--yes',
    ],
    outcome: 'no' as const,
  };
  const results = ['✗ w was rolled back by alarm.', '  log  20:27 RuntimeError: Unable to load model', '50 ┤'];
  expect(briefLines(io, canary, results)).toEqual([
    '$ shadowctl canary --artifact 009-model.tar.gz --config-name weather-config-v2-2',
    '  ✗ w was rolled back by alarm.',
    '  RuntimeError: Unable to load model',
  ]);
  const long = [
    '✗ weather was rolled back to weather-config-v2-1 by alarm weather-5XXError: its threshold was crossed, twice.',
  ];
  expect(briefLines(io, canary, long).slice(1)).toEqual([
    '  ✗ weather was rolled back to weather-config-v2-1 by alarm weather-5XXError:',
    '    its threshold was crossed, twice.',
  ]);
  const invoke = { argv: ['invoke', '--endpoint', 'w'], outcome: 'done' as const };
  expect(briefLines(io, invoke, ['sent  5', 'answered    5 (100 %)', 'accuracy    71.6 % (4 of 5)'])).toEqual([
    '  5 (100 %) of the requests answered, accuracy 71.6 % (4 of 5)',
  ]);
  for (const scene of STORY) expect(scene.lines.flatMap((line) => briefLines(io, line, [])).length).toBeLessThan(22);
});

test('what stands otherwise than planned is named', () => {
  expect(
    differences(
      {
        ...STANDING,
        endpoints: [...STANDING.endpoints],
        models: ['stranger'],
        endpointConfigs: [...STANDING.endpointConfigs],
        alarms: [],
      },
      STANDING,
    ),
  ).toEqual([
    `models: found stranger, planned ${STANDING.models.join(', ')}`,
    `CloudWatch alarms: found none, planned ${STANDING.alarms.join(', ')}`,
  ]);
});

test('every line of the story fits the terminal and can be pasted into a shell', () => {
  const io = { ...capturedIo(), columns: 80 };
  for (const line of STORY.flatMap((scene) => scene.lines)) {
    const shown = shellLine(io, line.argv);
    expect(shown.filter((text) => text.length > 80)).toEqual([]);
    expect(shown.join('\n').replaceAll(/ \\\n +/g, ' ')).toBe(`$ shadowctl ${line.argv.join(' ')}`);
  }
});
