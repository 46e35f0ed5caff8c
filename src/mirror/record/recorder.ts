import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LIVE_FOLDER } from '../../analysis/mirrored/record.ts';
import { type MirrorRun, newRun, RUNS_FOLDER } from '../../analysis/mirrored/run.ts';
import { Budget } from '../budget.ts';
import { RecordWriter } from './writer.ts';

export interface RecorderOptions {
  folder: string;
  /** `record` where the lines are what callers logged, `replay` where recorded requests are sent again. */
  kind?: MirrorRun['kind'];
  replay?: MirrorRun['replay'];
  /** Name of this run of the mirror. */
  run: string;
  /** For people, without credentials. */
  live: string;
  shadows: readonly MirrorRun['shadows'][number][];
  rotateBytes: number;
  rotateAfter: number;
  /** Bytes of lines that wait for the disk. */
  memory: number;
  /** Milliseconds since the epoch that never go back; and since some beginning. */
  wall: () => number;
  now: () => number;
  /** Is told of finished files, and of the run's own, by their path below the folder. */
  finished: (path: string) => void;
  /** Is told when records are lost, and when they are written again. */
  onEvent: (
    event: { kind: 'records-lost'; why: 'disk' | 'memory'; error: string | undefined } | { kind: 'records-resumed' },
  ) => void;
}

/** Milliseconds between two states of a run on disk. */
const CHECKPOINT_EVERY = 1_000;
/** Gaps of which a run keeps the times apart. */
const MAX_GAPS = 200;

/**
 * Writes the records of a run, and beside them up to when they are whole: every request before that moment has all its records, so
 * that a mirror that is killed leaves no request of which nobody knows whether its answer was still to come.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #writers: Map<string, RecordWriter>;
  readonly #memory: Budget;
  readonly #state: MirrorRun;
  /** Requests of which a record is still to come, by id, oldest first. */
  readonly #pending = new Map<string, number>();
  #gap: MirrorRun['gaps'][number] | undefined;
  #failing = false;
  #checkpointAt = 0;
  #ticking: Promise<void> | undefined;
  /** Records that could not be written. */
  lost = 0;

  private constructor(options: RecorderOptions) {
    this.#options = options;
    this.#memory = new Budget(options.memory);
    this.#state = newRun({
      kind: options.kind,
      replay: options.replay,
      run: options.run,
      from: options.wall(),
      live: options.live,
      shadows: [...options.shadows],
    });
    this.#writers = new Map(
      [LIVE_FOLDER, ...options.shadows.map(({ name }) => name)].map((side) => [side, this.#writerOf(side)]),
    );
  }

  /** Name of the run. */
  get run(): string {
    return this.#options.run;
  }

  /** Makes the folders. @throws what the disk refuses: a mirror whose records cannot begin must not seem to record */
  static async open(options: RecorderOptions): Promise<Recorder> {
    const recorder = new Recorder(options);
    for (const folder of [RUNS_FOLDER, ...recorder.#writers.keys()])
      await mkdir(join(options.folder, folder), { recursive: true, mode: 0o700 });
    await recorder.#checkpoint(true);
    return recorder;
  }

  /** What shadows are from now on, for whoever reads the records: their names stay. */
  describe(shadows: RecorderOptions['shadows']): void {
    this.#state.shadows = [...shadows];
  }

  /** What is known by now of a replay. */
  about(replay: MirrorRun['replay']): void {
    this.#state.replay = replay;
  }

  /** A request of which records will come. */
  begin(id: string, at: number): void {
    this.#pending.set(id, at);
  }

  /** All its records were added. */
  end(id: string): void {
    this.#pending.delete(id);
  }

  /** @param side `live`, or the name of a shadow */
  add(side: string, line: string, at: number): void {
    const writer = this.#writers.get(side);
    if (writer === undefined) return;
    if (writer.bytes + line.length > this.#memory.limit / this.#writers.size) return this.#drop(at, at, 1, 'memory');
    writer.add(line, at);
  }

  /** Writes what waits, and now and then the state of the run. To be called some times a second; never rejects. */
  tick(): Promise<void> {
    this.#ticking ??= this.#flush().finally(() => (this.#ticking = undefined));
    return this.#ticking;
  }

  /** Writes the rest and says that the run has ended in an orderly way. */
  async close(): Promise<void> {
    await this.tick();
    await this.#flush();
    await Promise.all([...this.#writers.values()].map((writer) => writer.close()));
    this.#state.ended = this.#pending.size === 0;
    await this.#checkpoint();
    this.#options.finished(join(RUNS_FOLDER, `${this.#options.run}.json`));
  }

  async #flush(): Promise<void> {
    const { wall, now } = this.#options;
    const [oldest] = this.#pending.values();
    const whole = oldest ?? wall();
    const written = () => [...this.#writers.values()].reduce((sum, writer) => sum + writer.written, 0);
    const [lostBefore, writtenBefore] = [this.lost, written()];
    await Promise.all([...this.#writers.values()].map((writer) => writer.flush()));
    // Where nothing was to be written, nobody knows whether it could have been.
    if (this.#failing && this.lost === lostBefore && written() > writtenBefore) {
      this.#failing = false;
      this.#gap = undefined;
      this.#options.onEvent({ kind: 'records-resumed' });
    }
    this.#state.wholeUntil = Math.max(this.#state.wholeUntil, whole);
    if (now() - this.#checkpointAt < CHECKPOINT_EVERY) return;
    this.#checkpointAt = now();
    await Promise.all([...this.#writers.values()].map((writer) => writer.sync()));
    await this.#checkpoint();
  }

  #writerOf(side: string): RecordWriter {
    const { folder, run, rotateBytes, rotateAfter, now, finished } = this.#options;
    return new RecordWriter({
      folder: join(folder, side),
      run,
      rotateBytes,
      rotateAfter,
      now,
      finished: (path) => finished(path.slice(folder.length + 1)),
      dropped: (from, to, lines, error) => this.#drop(from, to, lines, 'disk', error.code ?? error.message),
    });
  }

  #drop(from: number, to: number, records: number, why: 'disk' | 'memory', error?: string): void {
    this.lost += records;
    if (!this.#failing) this.#options.onEvent({ kind: 'records-lost', why, error });
    this.#failing = true;
    // Many short ones become one long: what lies between them is given up with them.
    if (this.#gap === undefined && this.#state.gaps.length >= MAX_GAPS) this.#gap = this.#state.gaps.at(-1);
    if (this.#gap === undefined) {
      this.#gap = { from, to, why, records };
      this.#state.gaps.push(this.#gap);
      return;
    }
    this.#gap.from = Math.min(this.#gap.from, from);
    this.#gap.to = Math.max(this.#gap.to, to);
    this.#gap.records += records;
  }

  /** Whole or not at all; where the disk refuses, the one before stays, and says less. */
  async #checkpoint(first = false): Promise<void> {
    const path = join(this.#options.folder, RUNS_FOLDER, `${this.#options.run}.json`);
    try {
      await writeFile(`${path}.part`, `${JSON.stringify(this.#state)}\n`, { mode: 0o600 });
      await rename(`${path}.part`, path);
    } catch (error) {
      if (first) throw error;
    }
  }
}
