import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { App, Environment, ExecuteOverrides } from '../../app.ts';
import { type Aws, connect } from '../../aws/clients.ts';
import { VirtualClock } from '../../base/clock.ts';
import { interrupted } from '../../base/errors.ts';
import { printText } from '../../base/text.ts';
import { emulatorEnvironment } from '../../emulator/daemon/process.ts';
import { startEmulator } from '../../emulator/http/server.ts';
import type { Io } from '../../ui/io.ts';
import { fixture } from './fixtures.ts';
import { heading, paragraph, shellLine } from './narration.ts';
import { quiet } from './playing.ts';

/** What a demo is played on: a folder, an emulator in this process with virtual time, and what is said and done there. */
export class Stage {
  readonly app: App;
  readonly io: Io;
  /** The folder of the demo. */
  readonly project: string;
  readonly clock: VirtualClock;
  readonly emulatorUrl: string;
  /** What commands are run with. */
  readonly surroundings: ExecuteOverrides & { env: Environment };
  /** A connection to the emulator. */
  readonly aws: Aws;
  #chapter = 0;

  constructor(app: App, about: Pick<Stage, 'project' | 'clock' | 'emulatorUrl'> & { env: Environment }) {
    this.app = app;
    this.io = app.io;
    this.project = about.project;
    this.clock = about.clock;
    this.emulatorUrl = about.emulatorUrl;
    const { env } = about;
    this.surroundings = { clock: about.clock, cwd: about.project, env };
    this.aws = connect({
      region: env.AWS_REGION ?? '',
      endpointUrl: env.AWS_ENDPOINT_URL,
      profile: undefined,
      credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
    });
  }

  /** Puts files of the fixtures into the folder. */
  async copy(files: readonly string[]): Promise<void> {
    for (const file of files) await copyFile(fixture(file), join(this.project, basename(file)));
  }

  say(text: string): void {
    for (const line of paragraph(this.io, text)) this.io.out(line);
  }

  /** Shows a command line as a user would type it. */
  show(argv: readonly string[]): void {
    for (const line of shellLine(this.io, argv)) this.io.out(line);
  }

  /** Begins the next chapter. */
  chapter(title: string): void {
    this.#chapter += 1;
    this.io.out();
    this.io.out(heading(this.io, this.#chapter, title));
  }

  /** Runs a command whose output is not shown. @returns how it ended, and its lines */
  async run(argv: readonly string[]): Promise<{ ended: Awaited<ReturnType<App['execute']>>; output: string }> {
    const lines: string[] = [];
    const io: Io = { ...quiet(this.io), out: (line = '') => void lines.push(printText(line)) };
    const ended = await this.app.execute(argv, { ...this.surroundings, io });
    return { ended, output: lines.join('\n') };
  }
}

/**
 * Sets up a stage, plays on it, and takes it away, however the play ends.
 *
 * @param start milliseconds since the epoch at which its virtual time begins
 * @param env added to the environment of commands
 */
export async function onStage<Result>(
  app: App,
  { start, env }: { start: number; env: Environment },
  play: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const project = await mkdtemp(join(tmpdir(), 'shadowctl-demo-'));
  const clock = new VirtualClock(start);
  const emulator = await startEmulator({ clock, seed: 1 });
  const all: Environment = { ...app.env, AWS_PROFILE: undefined, ...emulatorEnvironment(emulator.url, {}), ...env };
  const stage = new Stage(app, { project, clock, emulatorUrl: emulator.url, env: all });
  try {
    return await play(stage);
  } catch (error) {
    if (app.signal.aborted)
      throw interrupted('Interrupted: the demo has ended. Nothing is left: its emulator and its folder are gone.');
    throw error;
  } finally {
    stage.aws.close();
    await emulator.close();
    await rm(project, { recursive: true, force: true });
  }
}
