import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App, Outcome } from '../../app.ts';
import { type Clock, stopwatch } from '../../base/clock.ts';
import { interrupted } from '../../base/errors.ts';
import { count, duration, HOUR, MINUTE } from '../../base/units.ts';
import { defaultSocket, writePlace } from '../../lifecycle/mirror/place.ts';
import { fileRouterStore } from '../../lifecycle/mirror/router-store.ts';
import { openControl } from '../../mirror/control.ts';
import { type Mirror, openMirror } from '../../mirror/mirror.ts';
import { readSettings } from '../../mirror/settings.ts';
import { httpPlace } from '../../mirror/upstream.ts';
import { fixture } from './fixtures.ts';
import { startModelServer } from './model-server.ts';
import { heading, paragraph, shellLine } from './narration.ts';
import { unplanned } from './playing.ts';

/** Requests of one minute, and how many minutes there are. */
export interface Traffic {
  aMinute: number;
  minutes: number;
}

const TRAFFIC: Traffic = { aMinute: 30, minutes: 45 };
const LIVE = '005-model.tar.gz';
const CANDIDATE = '009-model.tar.gz';
const DATA = 'weather-test.csv';
/** Blocks of a minute in place of ten: a verdict after minutes. */
const POLICY = `blockMinutes: 1
minimumBlocks: 20
# Both servers share this process: how long they take tells nothing of two machines.
limits: { latency: { p50: 1s } }
inform: [latency.mean, latency.p50, latency.p90, latency.p99]
`;

/** Time as it is, but for the minutes that are left out: between two rounds of requests the clock is put on. */
class LeapingClock implements Clock {
  readonly virtual = true;
  readonly #real: Clock;
  readonly #from: number;
  readonly #began: number;
  #leapt = 0;

  /** @param from milliseconds since the epoch: the time at first */
  constructor(real: Clock, from: number) {
    this.#real = real;
    this.#from = from;
    this.#began = stopwatch(real);
  }

  now(): number {
    return this.#from + stopwatch(this.#real) - this.#began + this.#leapt;
  }

  leap(ms: number): void {
    this.#leapt += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#real.sleep(ms, signal);
  }

  all<T>(branches: readonly (() => Promise<T>)[]): Promise<T[]> {
    return this.#real.all(branches);
  }
}

/** A clock for a command that waits while the mirror is asked: each of its minutes is a minute of requests. */
class PlayedClock implements Clock {
  readonly virtual = true;
  readonly #clock: LeapingClock;
  readonly #minute: () => Promise<void>;

  constructor(clock: LeapingClock, minute: () => Promise<void>) {
    this.#clock = clock;
    this.#minute = minute;
  }

  now(): number {
    return this.#clock.now();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const until = this.now() + ms;
    while (this.now() < until) {
      signal?.throwIfAborted();
      await this.#minute();
    }
  }

  all<T>(branches: readonly (() => Promise<T>)[]): Promise<T[]> {
    return this.#clock.all(branches);
  }
}

/** Two model servers, a mirror in front of them, real requests through it, and the verdict on what was recorded. */
export async function run(app: App, traffic: Traffic = TRAFFIC): Promise<Outcome> {
  const { io } = app;
  const began = app.clock.now();
  const project = await mkdtemp(join(tmpdir(), 'shadowctl-demo-'));
  const closing: (() => Promise<unknown>)[] = [];
  try {
    for (const name of [LIVE, CANDIDATE]) await copyFile(fixture(`artifacts/${name}`), join(project, name));
    await copyFile(fixture(`data/${DATA}`), join(project, DATA));
    await writeFile(join(project, 'policy.yaml'), POLICY);
    const say = (text: string) => paragraph(io, text).forEach((line) => io.out(line));
    say(
      'shadowctl demo mirror: a shadow for a model behind HTTP. Both models, the mirror and every request are real; only the minutes between requests are left out, and the policy has blocks of one minute in place of ten.',
    );
    const live = await startModelServer(join(project, LIVE), app.clock);
    closing.push(() => live.close());
    const candidate = await startModelServer(join(project, CANDIDATE), app.clock);
    closing.push(() => candidate.close());

    io.out();
    io.out(heading(io, 1, 'Two model servers, and a mirror in front of them'));
    say(
      `Model 005 answers today, at ${live.url}. Model 009 is the candidate, at ${candidate.url}. Callers ask the mirror in place of the live server.`,
    );
    const records = join(project, 'records');
    const clock = new LeapingClock(app.clock, began - HOUR - traffic.minutes * MINUTE);
    const mirror = await openMirror(
      readSettings(
        { live: live.url, shadows: { candidate: candidate.url }, listen: '0', records: { folder: 'records' } },
        { where: 'demo', folder: project, env: {}, readFile: () => '' },
      ),
      {
        clock,
        stopwatch: () => clock.now(),
        placeOf: async (target, path) => httpPlace(target.kind === 'http' ? target.url : '', path),
        finished: undefined,
        onEvent: () => undefined,
        router: fileRouterStore(records),
      },
    );
    const socket = await defaultSocket(records);
    const control = await openControl(
      { control: undefined, socket },
      { mirror, draining: () => false, reload: async () => undefined, stop: () => undefined },
    );
    await writePlace(records, { socket });
    const stop = new AbortController();
    const serving = mirror.serve(AbortSignal.any([app.signal, stop.signal]));
    closing.push(async () => {
      stop.abort();
      await control.close();
      await serving;
    });
    for (const line of shellLine(io, [
      'mirror',
      ...['--live', live.url],
      ...['--shadow', `candidate=${candidate.url}`],
      ...['--listen', `127.0.0.1:${mirror.port}`, '--records', 'records'],
    ]))
      io.out(line);

    io.out();
    io.out(heading(io, 2, 'Requests'));
    const caller = await openCaller(app, mirror, clock, traffic);
    closing.push(caller.close);
    for (let minute = 0; minute < traffic.minutes; minute += 1) await caller.minute();
    const sent = traffic.minutes * traffic.aMinute;
    const { outcomes } = mirror.counted().shadows.get('candidate')?.metrics ?? { outcomes: { answered: 0 } };
    say(
      `${count(sent)} requests, ${traffic.aMinute} a minute for ${traffic.minutes} minutes: days of Seattle's weather of 2015. Callers got ${count(sent)} answers, all of model 005; the candidate answered ${count(outcomes.answered)} copies, and no answer waited for one of its own.`,
    );

    const labels = ['--policy', 'policy.yaml', '--labels', `${DATA}:label`];
    const played = new PlayedClock(clock, caller.minute);
    const play = async (argv: readonly string[], ...unshown: readonly string[]) => {
      for (const line of shellLine(io, argv)) io.out(line);
      const outcome = await app.execute([...argv, ...unshown], { cwd: project, clock: played });
      app.signal.throwIfAborted();
      if (outcome !== 'done') throw unplanned(`${argv[0]} ended "${outcome}", planned was "done"`);
    };
    io.out();
    io.out(heading(io, 3, 'The verdict'));
    await play(['report', '--mirror', 'records', ...labels]);

    io.out();
    io.out(heading(io, 4, 'The promotion'));
    say(
      'The candidate answers callers now, a tenth of them, then a half, then all; what it answers, the live server gets as copies, so that every request remains a pair. After each step the same judge looks, and a fail would give all requests back.',
    );
    await play(['promote', '--mirror', 'records', ...labels, '--steps', '10%,50%,100%', '--bake', '3m'], '--yes');
    const answered = Object.fromEntries(mirror.counted().answering);
    say(
      `While they were divided, model 009 answered ${answered.candidate ?? 0} requests itself, and model 005 ${answered.live ?? 0}. Now the sides are swapped: model 005 stays as the way back, and gets copies.`,
    );
    await play(['history', '--mirror', 'records']);
    io.out();
    say(
      `Everything went as planned, in ${duration(app.clock.now() - began)}. The files that the lines above name are gone with it; nothing is left.`,
    );
    return 'done';
  } catch (error) {
    if (app.signal.aborted) throw interrupted('Interrupted: the demo has ended, and nothing of it is left.');
    throw error;
  } finally {
    for (const close of closing.toReversed()) await close();
    await rm(project, { recursive: true, force: true });
  }
}

/** Somebody who asks the mirror. */
interface Caller {
  /** Sends a minute's requests, each of which is answered with 200, and puts the clock on to the next minute. */
  minute: () => Promise<void>;
  close: () => Promise<void>;
}

async function openCaller(app: App, mirror: Mirror, clock: LeapingClock, { aMinute }: Traffic): Promise<Caller> {
  const [, ...rows] = (await readFile(fixture(`data/${DATA}`), 'utf8')).trimEnd().split('\n');
  const agent = new Agent({ keepAlive: true });
  let sent = 0;
  return {
    async minute() {
      for (let i = 0; i < aMinute; i += 1) {
        app.signal.throwIfAborted();
        const row = rows[sent % rows.length] ?? '';
        await post(agent, mirror.port, row.slice(0, row.lastIndexOf(',')));
        sent += 1;
        // One after the other: a time that is put on while a copy is under way would be the candidate's.
        await answered(app, mirror, sent);
      }
      clock.leap(MINUTE - (clock.now() % MINUTE) + 1);
      await mirror.tick();
    },
    close: async () => agent.destroy(),
  };
}

/** Waits until so many requests have ended on both sides. */
async function answered(app: App, mirror: Mirror, sent: number): Promise<void> {
  const count = () => {
    const { live, shadows } = mirror.counted();
    const of = (outcomes: Readonly<Record<string, number>>) =>
      Object.values(outcomes).reduce((sum, one) => sum + one, 0);
    return Math.min(of(live.outcomes), of(shadows.get('candidate')?.metrics.outcomes ?? {}));
  };
  while (count() < sent) await app.clock.sleep(1, app.signal);
}

function post(agent: Agent, port: number, row: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'text/csv', 'Content-Length': Buffer.byteLength(row) };
    const asked = request(
      { agent, host: '127.0.0.1', port, method: 'POST', path: '/invocations', headers },
      (answer) => {
        answer.resume();
        answer.once('error', reject);
        answer.once('end', () =>
          answer.statusCode === 200 ? resolve() : reject(new Error(`the mirror answered ${answer.statusCode}`)),
        );
      },
    );
    asked.once('error', reject);
    asked.end(row);
  });
}
