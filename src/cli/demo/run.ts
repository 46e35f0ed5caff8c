import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { App, ExecuteOverrides, Outcome } from '../../app.ts';
import { VirtualClock } from '../../base/clock.ts';
import { emulatorEnvironment } from '../../emulator/daemon/process.ts';
import { startEmulator } from '../../emulator/http/server.ts';
import { environmentError, interrupted, type Problem } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import { briefLines, keeping } from './brief.ts';
import { fixture } from './fixtures.ts';
import { withProgress } from '../../ui/progress.ts';
import { differences, readCensus, renderCensus } from './census.ts';
import { heading, paragraph, shellLine } from './narration.ts';
import { unplanned, withTraffic } from './playing.ts';
import { ENDPOINT, type Line, NOTHING, type Plan, type Scene, STANDING, STORY } from './story.ts';
import { duration, HOUR, MINUTE } from '../../base/units.ts';

export interface DemoOptions {
  /** Leave everything standing in the project's own emulator. */
  keep: boolean;
  /** Show all that the commands print; else a screen a chapter. */
  full: boolean;
}

/** The demo's own time starts this long before the present, and ends before it: nothing it leaves lies in the future. */
const HEAD_START = 12 * HOUR;
const FILES = ['artifacts/005-model.tar.gz', 'artifacts/009-model.tar.gz', 'data/weather-test.csv', 'data/test.csv'];

/** Plays the story on an emulator in this process; every line goes through the same parser and code as a typed one. */
export async function run(app: App, options: DemoOptions, story: readonly Scene[] = STORY): Promise<Outcome> {
  const { io } = app;
  const began = app.clock.now();
  const project = options.keep ? app.cwd : await mkdtemp(join(tmpdir(), 'shadowctl-demo-'));
  const clock = new VirtualClock(began - HEAD_START);
  const emulatorDir = join(project, '.shadowctl', 'emulator');
  if (options.keep) await refuseUsedEmulator(emulatorDir);
  const emulator = await startEmulator({ clock, dir: emulatorDir, seed: 1 });
  const surroundings: ExecuteOverrides = {
    clock,
    cwd: project,
    env: { ...app.env, AWS_PROFILE: undefined, ...emulatorEnvironment(emulator.url, {}) },
  };
  try {
    await copyInputs(project);
    for (const line of paragraph(
      io,
      `shadowctl demo: the whole life cycle of a model on the endpoint ${ENDPOINT}. Every command line below is really run, through the real AWS SDK over HTTP, against the emulator at ${emulator.url}; only time is virtual.${options.full ? '' : ' This is the short form: --full shows the command lines in full, and everything that they print.'}`,
    ))
      io.out(line);
    for (const [index, scene] of story.entries()) {
      io.out();
      io.out(heading(io, index + 1, scene.title));
      for (const line of paragraph(io, scene.about)) io.out(line);
      for (const line of scene.lines) await perform(app, line, surroundings, options.full);
    }
    await takeStock(app, surroundings, 'What exists now, read back from the emulator', story.length + 1, STANDING);
    if (options.keep) {
      const to = new Date(clock.now()).toISOString();
      const from = new Date(clock.now() - 95 * MINUTE).toISOString();
      io.out('Kept in the emulator of this folder. Look around and clean up with:');
      // With the truth it is the verdict that was just seen.
      const again = ['report', '--from', from, '--to', to, '--labels', 'weather-test.csv:label'];
      for (const argv of [['status'], ['history'], again, ['cleanup']]) {
        const [command = '', ...rest] = argv;
        for (const line of shellLine(io, [command, '--endpoint', ENDPOINT, '--emulator', ...rest])) io.out(line);
      }
    } else {
      await perform(
        app,
        { argv: ['cleanup', '--endpoint', ENDPOINT, '--yes'], outcome: 'done' },
        surroundings,
        options.full,
      );
      await takeStock(app, surroundings, 'What is left, read back from the emulator', story.length + 2, NOTHING);
    }
    io.out(
      `Everything went as planned: ${duration(clock.now() - (began - HEAD_START))} of endpoint time in ${duration(app.clock.now() - began)} of yours.`,
    );
    return 'done';
  } catch (error) {
    // What the commands say then is true of an emulator that stays; this one ends here.
    if (app.signal.aborted) throw ended(options);
    throw error;
  } finally {
    await emulator.close();
    if (!options.keep) await rm(project, { recursive: true, force: true });
  }
}

/** What an interrupted demo leaves. */
function ended({ keep }: DemoOptions): Problem {
  if (!keep)
    return interrupted('Interrupted: the demo has ended. Nothing is left: its emulator and its folder are gone.');
  return interrupted(
    'Interrupted: the demo has ended. What it had made by then is kept, in the emulator of this folder.',
    lines(
      text`To look around: ${shown('status', { endpoint: ENDPOINT, emulator: true })}`,
      text`To delete it: ${shown('cleanup', { endpoint: ENDPOINT, emulator: true })}`,
    ),
  );
}

/** Shows and runs one line; throws when it ends otherwise than planned. */
async function perform(app: App, line: Line, surroundings: ExecuteOverrides, full: boolean): Promise<void> {
  const { io } = app;
  app.signal.throwIfAborted();
  if (!full) {
    const kept = keeping(io);
    const work = () => carryOut(app, line, { ...surroundings, io: kept.io });
    // Elsewhere the line itself says it, once it is done.
    const outcome = await (io.interactive ? withProgress(io, `shadowctl ${line.argv[0]}`, work) : work());
    for (const text of briefLines(io, line, kept.lines)) io.out(text);
    return requirePlanned(line, outcome, kept.lines);
  }
  io.out();
  if (line.alongside !== undefined) for (const text of shellLine(io, line.alongside, true)) io.out(text);
  for (const text of shellLine(io, line.argv)) io.out(text);
  requirePlanned(line, await carryOut(app, line, surroundings), []);
}

function carryOut(app: App, line: Line, surroundings: ExecuteOverrides): Promise<Outcome> {
  return line.alongside === undefined
    ? app.execute(line.argv, surroundings)
    : withTraffic(app, line.alongside, surroundings, () => app.execute(line.argv, surroundings));
}

/** @param results what it printed, where that was not shown */
function requirePlanned(line: Line, outcome: Outcome, results: readonly string[]): void {
  if (outcome === line.outcome) return;
  throw unplanned(
    `\`shadowctl ${line.argv.join(' ')}\` ended "${outcome}", planned was "${line.outcome}"`,
    results.slice(-20),
  );
}

async function takeStock(
  app: App,
  surroundings: ExecuteOverrides,
  title: string,
  number: number,
  planned: Plan,
): Promise<void> {
  const { io } = app;
  const found = await readCensus(surroundings.env ?? {});
  io.out();
  io.out(heading(io, number, title));
  io.out(await renderCensus(found, planned, io));
  const wrong = differences(found, planned);
  if (wrong.length > 0) throw unplanned(wrong.join(', '));
}

async function copyInputs(project: string): Promise<void> {
  await mkdir(project, { recursive: true });
  for (const file of FILES) {
    await copyFile(fixture(file), join(project, basename(file)));
  }
}

async function refuseUsedEmulator(dir: string): Promise<void> {
  const { readdir } = await import('node:fs/promises');
  const content = await readdir(dir).catch(() => []);
  if (content.length === 0) return;
  throw environmentError(
    `The emulator of this folder is in use: ${dir} is not empty.`,
    text`Run the demo in another folder, or stop the emulator and remove that one: ${shown('emulator stop')}`,
  );
}
