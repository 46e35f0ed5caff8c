import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { claimLock } from '../../../src/base/process-lock.ts';
import type { Problem } from '../../../src/base/errors.ts';
import { linesOf, type Text } from '../../../src/base/text.ts';
import { mirrorNext } from '../../../src/cli/views/mirror-rollout.ts';
import { labelSource } from '../../../src/cli/flags/labels.ts';
import { readPolicy } from '../../../src/analysis/policy/schema.ts';
import type { LifecycleEvent } from '../../../src/lifecycle/events.ts';
import { openMirrorFolder } from '../../../src/analysis/observe/mirror/folder.ts';
import { judgeShadowOf } from '../../../src/lifecycle/mirror/judge.ts';
import { keepMirror, undoMirror } from '../../../src/lifecycle/mirror/back.ts';
import { socketOf, writePlace } from '../../../src/lifecycle/mirror/place.ts';
import { promoteMirror } from '../../../src/lifecycle/mirror/promote.ts';
import {
  cancelMirrorRollout,
  type MirrorRolloutOptions,
  parseMirrorSteps,
  resumeMirrorRollout,
  startMirrorRollout,
} from '../../../src/lifecycle/mirror/rollout.ts';
import { loadRouterState } from '../../../src/lifecycle/mirror/router-store.ts';
import { mirrorHistory, mirrorStatus } from '../../../src/lifecycle/mirror/status.ts';
import type { Session } from '../../../src/lifecycle/session.ts';
import { openModel, openRig, type Rig } from '../../mirror/rig.ts';
import { matrixTest } from '../../support/sizes.ts';

/* A real mirror with real requests; its clock moves when a test says so. */

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

/** Verdicts after minutes; nothing else is different. */
const SETTINGS = {
  blockMinutes: 1,
  minimumBlocks: 4,
  minimumPairs: 20,
  errors: 0.3,
  inform: ['latency.mean', 'latency.p50', 'latency.p90', 'latency.p99'],
};
const POLICY = readPolicy(SETTINGS, 'test');
const label = (i: number) => ['sun', 'rain', 'fog'][(i * 7) % 3] ?? '';

interface Scene {
  rig: Rig;
  session: Session;
  events: LifecycleEvent[];
  options: MirrorRolloutOptions;
  /** Who answered the callers of a minute, `live` or `candidate`. */
  minute(): Promise<string[]>;
  /** Minutes with requests until this is settled. */
  during<T>(work: Promise<T>): Promise<T>;
  /** What a candidate that answers callers says from now on. */
  breaks(status: number): void;
  /** As Ctrl-C does; and the next command. */
  abort(): void;
  again(): void;
}

async function scene(settings: object = {}): Promise<Scene> {
  let broken: number | undefined;
  const answer = (status: () => number) =>
    openModel((req, res) => {
      const { i } = JSON.parse(req.text) as { i: number };
      const body = JSON.stringify({ predictions: [{ predicted_label: label(i) }] });
      res.writeHead(status(), { 'Content-Type': 'application/json' }).end(body);
    });
  const [live, candidate] = [await answer(() => 200), await answer(() => broken ?? 200)];
  const rig = await openRig({ live: live.url, shadows: { candidate: candidate.url }, ...settings });
  open.push(live, candidate, rig);
  await rig.control();
  const events: LifecycleEvent[] = [];
  let stop = new AbortController();
  const none = () => Promise.reject(new Error('a mirror needs no AWS'));
  const session: Session = {
    clock: rig.clock,
    get signal() {
      return stop.signal;
    },
    folder: rig.folder,
    aws: none,
    state: none,
    journal: none,
    project: async () => ({
      name: 'test',
      stateDir: rig.folder,
      role: undefined,
      tags: {},
      prices: {},
      notify: [],
      policy: undefined,
    }),
    emit: (event) => void events.push(event),
    approve: async () => undefined,
    describe: () => ({ subject: '', text: '', facts: {} }),
  };
  let i = 0;
  const minute = async () => {
    const by: string[] = [];
    for (let n = 0; n < 9; n += 1, i += 1) {
      const country = n % 3 === 0 ? 'LI' : 'DE';
      const { headers } = await rig.post(JSON.stringify({ i, pad: i }), { headers: { 'X-Country': country } });
      by.push(headers.includes('x-shadowctl-answered-by') ? 'candidate' : 'live');
    }
    const { shadows, live: ofLive } = rig.mirror.counted();
    const total = (outcomes: Readonly<Record<string, number>>) => Object.values(outcomes).reduce((a, b) => a + b, 0);
    const expected = [...shadows.values()].length === 0 ? 0 : i;
    await rig.until(() => total(ofLive.outcomes) >= expected);
    await new Promise((resolve) => setTimeout(resolve, 2));
    rig.clock.advance(60_000 - (rig.clock.elapsed % 60_000));
    await rig.mirror.tick();
    return by;
  };
  return {
    rig,
    session,
    events,
    minute,
    options: {
      mirror: { folder: rig.records, words: 'records' },
      judging: { policy: POLICY, policyFrom: 'test', labels: undefined, comparator: undefined, from: undefined },
      patienceSeconds: 0,
      notify: [],
      plan: false,
      shadow: undefined,
      steps: ['header:x-country=LI', '50%', '100%'],
      by: undefined,
      bakeSeconds: 11 * 60,
      limits: {},
    },
    async during(work) {
      let settled = false;
      const done = work.finally(() => (settled = true));
      done.catch(() => undefined);
      for (let minutes = 0; !settled; minutes += 1) {
        if (minutes > 200) throw new Error('it never ended');
        // Commands wait for the socket and for files, not only for the clock.
        for (let turn = 0; turn < 10 && !settled; turn += 1) await new Promise((resolve) => setTimeout(resolve, 3));
        if (!settled) await minute();
      }
      return done;
    },
    breaks: (status) => void (broken = status),
    abort: () => stop.abort(),
    again: () => void (stop = new AbortController()),
  };
}

/** Judged as it began. */
const resumed = (options: MirrorRolloutOptions) => ({ ...options, judgedAgain: async () => options });
const shares = (by: readonly string[]) => by.filter((one) => one === 'candidate').length / by.length;

describe('a rollout on a mirror', () => {
  test('a candidate that is equal answers slice by slice and share by share, until the sides are swapped; undo swaps back', async () => {
    const { rig, session, events, options, during, minute } = await scene();
    const stopped = await during(startMirrorRollout(session, options));
    expect(stopped).toMatchObject({ kind: 'stopped', ended: 'passed', wayBack: 'previous' });
    const steps = events.filter((event) => event.kind === 'mirror-rollout-step').map(({ step }) => step);
    expect(steps).toEqual([0, 1, 2]);
    const verdicts = events.filter((event) => event.kind === 'mirror-rollout-judged');
    expect(verdicts.map(({ verdict }) => verdict.outcome)).toEqual(['pass', 'pass', 'pass']);
    const status = await mirrorStatus(options.mirror);
    const [candidate, production] = [status.state.promoted?.side, status.state.promoted?.before];
    expect(status).toMatchObject({
      running: true,
      live: candidate,
      wayBack: 'previous',
      shadows: [{ name: 'previous', side: production }],
    });
    expect([status.state.division, status.state.rollout]).toEqual([undefined, undefined]);
    expect((await mirrorHistory(options.mirror)).map(({ what }) => what)).toEqual([
      'began',
      'step',
      'step',
      'step',
      'promoted',
      'ended',
    ]);
    // The promoted side is the live one: it answers without a mark, and the other gets copies.
    expect(shares(await minute())).toBe(0);
    expect(rig.mirror.router().config.live.target).toMatchObject({ url: candidate });

    // Whose evidence a report is of is said, or asked: what was judged before has other roles by now.
    await minute();
    const judged = async (shadow: string) =>
      (await judgeShadowOf(session, { folder: rig.records, shadow }, options.judging)).observations;
    expect(await judged('candidate')).toMatchObject({
      sides: 'earlier',
      production: { model: production },
      shadow: { model: candidate },
    });
    expect(await judged('previous')).toMatchObject({
      sides: 'way-back',
      production: { model: candidate },
      shadow: { model: production },
    });
    await expect(openMirrorFolder(rig.records, undefined)).rejects.toMatchObject({
      kind: 'usage',
      next: expect.stringMatching(/live,previous .*live,candidate /),
    });

    await during(undoMirror(session, { mirror: options.mirror, plan: false }));
    expect((await mirrorStatus(options.mirror)).live).toBe(production);
    // What was taken back is a candidate again, and another undo does not go forward.
    await expect(undoMirror(session, { mirror: options.mirror, plan: false })).rejects.toMatchObject({
      kind: 'cannot-run',
    });
    expect(await mirrorStatus(options.mirror)).toMatchObject({ live: production, shadows: [{ side: candidate }] });
  });

  test('a candidate that fails while it answers gives all requests back, by the same gates', async () => {
    const { session, events, options, during, minute, breaks } = await scene();
    const running = startMirrorRollout(session, { ...options, steps: ['50%', '100%'] });
    const done = during(running);
    const begun = () => events.some((event) => event.kind === 'mirror-rollout-step');
    while (!begun()) await new Promise((resolve) => setTimeout(resolve, 1));
    breaks(500);
    expect(await done).toMatchObject({ ended: 'failed' });
    const status = await mirrorStatus(options.mirror);
    const { division, rollout, promoted } = status.state;
    expect([division, rollout, promoted]).toEqual([undefined, undefined, undefined]);
    expect(shares(await minute())).toBe(0);
    expect((await mirrorHistory(options.mirror)).at(-1)).toMatchObject({ what: 'ended', outcome: 'failed' });
  });

  test('a candidate that fails only once it answers everybody gives all requests back, too', async () => {
    const { session, events, options, during, minute, breaks } = await scene();
    const running = startMirrorRollout(session, { ...options, steps: ['50%', '100%'], limits: { rate5xx: 0.1 } });
    const done = during(running);
    while (!events.some((event) => event.kind === 'mirror-rollout-step' && event.step === 1))
      await new Promise((resolve) => setTimeout(resolve, 1));
    breaks(500);
    expect(await done).toMatchObject({ ended: 'failed', now: '0%' });
    expect((await mirrorStatus(options.mirror)).state.promoted).toBeUndefined();
    breaks(200);
    expect(shares(await minute())).toBe(0);
  });

  test('a limit decides before the policy does', async () => {
    const { session, events, options, during, breaks } = await scene();
    const policy = readPolicy({}, 'test');
    const running = startMirrorRollout(session, {
      ...options,
      // That the labels cannot be read keeps no limit from deciding.
      judging: { ...options.judging, policy, labels: labelSource('nowhere.csv', '/') },
      limits: { rate5xx: 0.1 },
    });
    while (!events.some((event) => event.kind === 'mirror-rollout-step')) await new Promise((r) => setTimeout(r, 1));
    breaks(503);
    expect(await during(running)).toMatchObject({ ended: 'failed' });
  });

  test('what is not decided pauses; another rollout is refused; it is resumed or cancelled', async () => {
    const { session, events, options, during, minute } = await scene();
    const undecided = { ...options, judging: { ...options.judging, policy: readPolicy({}, 'test') }, bakeSeconds: 180 };
    expect(await during(startMirrorRollout(session, undecided))).toMatchObject({
      ended: 'paused',
      now: 'header:x-country=LI',
    });
    expect(shares(await minute())).toBeCloseTo(1 / 3);
    await expect(startMirrorRollout(session, options)).rejects.toMatchObject({ kind: 'cannot-run' });
    // Nothing is judged before that is told.
    const refused = promoteMirror(session, { ...undecided, force: false });
    await expect(refused).rejects.toMatchObject({ kind: 'cannot-run', next: expect.anything() });
    expect(events.map(({ kind }) => kind)).not.toContain('shadow-judged');
    await expect(keepMirror(session, { ...options, reason: undefined })).rejects.toMatchObject({ kind: 'cannot-run' });
    expect(await undoMirror(session, { mirror: options.mirror, plan: true })).toMatchObject({
      plan: { what: 'returned' },
    });
    expect(await during(resumeMirrorRollout(session, resumed(undecided)))).toMatchObject({ ended: 'paused' });
    expect(await during(cancelMirrorRollout(session, undecided))).toMatchObject({ ended: 'cancelled', now: '0%' });
    expect(shares(await minute())).toBe(0);
  });

  matrixTest(
    'two at once: the second is refused, naming the first; an interrupted one keeps its share and can be resumed',
    async () => {
      const { session, events, options, during, minute, abort, again } = await scene();
      const first = startMirrorRollout(session, options).catch((error: unknown) => error);
      while (!events.some((event) => event.kind === 'mirror-rollout-step')) await new Promise((r) => setTimeout(r, 1));
      await expect(resumeMirrorRollout(session, resumed(options))).rejects.toMatchObject({ kind: 'cannot-run' });
      abort();
      expect(await first).toMatchObject({ kind: 'interrupted' });
      again();
      expect(shares(await minute())).toBeCloseTo(1 / 3);
      expect(await during(resumeMirrorRollout(session, resumed(options)))).toMatchObject({ ended: 'passed' });
    },
  );

  matrixTest('the configuration is read anew in the middle, and the share stays', async () => {
    const { rig, session, options, events, during, minute } = await scene();
    const running = startMirrorRollout(session, { ...options, steps: ['header:x-country=LI', '100%'] });
    while (!events.some((event) => event.kind === 'mirror-rollout-step')) await new Promise((r) => setTimeout(r, 1));
    await rig.mirror.reload(rig.config);
    expect(shares(await minute())).toBeCloseTo(1 / 3);
    expect(await during(running)).toMatchObject({ ended: 'passed' });
  });

  test.each([true, false])(
    'a reply that is lost behind the promotion: what was done is what is told (it answers again: %s)',
    async (again) => {
      const { rig, session, options, during } = await scene();
      const behind = await socketOf(rig.records);
      let gone = false;
      // Passes commands on, and swallows the answer to the one that promotes.
      const between = createServer(async (req, res) => {
        const chunks: Buffer[] = [];
        for await (const chunk of req) chunks.push(chunk as Buffer);
        const body = Buffer.concat(chunks).toString();
        if (gone) return void req.socket.destroy();
        const asked = request({ socketPath: behind, method: req.method ?? '', path: req.url ?? '' }, async (answer) => {
          const told: Buffer[] = [];
          for await (const chunk of answer) told.push(chunk as Buffer);
          if (!body.includes('"promote"')) return void res.writeHead(answer.statusCode ?? 0).end(Buffer.concat(told));
          gone = !again;
          return void req.socket.destroy();
        });
        asked.end(body);
      });
      const socket = join(rig.folder, 'between.sock');
      await new Promise<void>((done) => void between.listen(socket, done));
      open.push({ close: async () => void between.close() });
      await writePlace(rig.records, { socket });
      const steps = ['50%', '100%'];
      const ended = during(startMirrorRollout(session, { ...options, steps })).catch((error: unknown) => error);
      if (again) expect(await ended).toMatchObject({ kind: 'stopped', ended: 'passed' });
      else
        expect(await ended).toMatchObject({
          kind: 'cannot-run',
          message: expect.stringContaining('had been written down'),
        });
      const state = await loadRouterState(rig.records);
      expect([state?.promoted?.side, state?.rollout]).toEqual([rig.mirror.router().state.promoted?.side, undefined]);
      const told = (state?.history ?? []).map(({ what, rollout }) => [what, rollout]);
      const [[, id] = []] = told;
      expect(id).toBeTruthy();
      expect(told).toEqual(
        ['began', 'step', 'step', 'promoted', ...(again ? ['ended'] : [])].map((what) => [what, id]),
      );
    },
  );

  test('what --plan says of one that is under way is what would be done next', async () => {
    const { session, options, during } = await scene();
    const undecided = { ...options, judging: { ...options.judging, policy: readPolicy({}, 'test') }, bakeSeconds: 180 };
    await during(startMirrorRollout(session, undecided));
    expect(await resumeMirrorRollout(session, resumed({ ...undecided, plan: true }))).toMatchObject({
      kind: 'planned',
      plan: { kind: 'mirror-rollout', rollout: { step: 0 } },
    });
    expect(await cancelMirrorRollout(session, { ...undecided, plan: true })).toMatchObject({
      kind: 'planned',
      plan: { kind: 'mirror-change', what: 'returned', shadow: 'candidate' },
    });
  });

  test('while a process carries it out, another is told who does and how to watch it; once nobody does, how to continue', async () => {
    const { session, options, during } = await scene();
    const undecided = { ...options, judging: { ...options.judging, policy: readPolicy({}, 'test') }, bakeSeconds: 180 };
    await during(startMirrorRollout(session, undecided));
    const refused = async () => {
      const problem = await promoteMirror(session, { ...undecided, force: false }).catch((error: unknown) => error);
      return linesOf((problem as Problem).next ?? '').flatMap((line) =>
        (typeof line === 'string' ? [] : line).flatMap((part) => (typeof part === 'string' ? [] : [part.command])),
      );
    };
    expect(await refused()).toEqual(['rollout', 'rollout']);
    const path = join(options.mirror.folder, 'router.lock');
    const claim = await claimLock(path, { by: 'a@b', why: 'rollout', now: session.clock.now(), takeDamaged: true });
    if (claim.kind !== 'taken') throw new Error('held');
    expect(await refused()).toEqual(['watch', 'undo']);
    const status = await mirrorStatus(options.mirror);
    expect(status.lock).toMatchObject({ by: 'a@b', pid: process.pid });
    const commands = (next: readonly Text[]) =>
      next.flatMap((one) => [one].flat().flatMap((part) => (typeof part === 'string' ? [] : [part.command])));
    expect(commands(mirrorNext(status))).toEqual(['watch', 'undo']);
    await claim.lock.release();
    expect(commands(mirrorNext(await mirrorStatus(options.mirror)))).toEqual(['rollout', 'rollout']);
  });

  test('one without a step that is judged is none', async () => {
    const { session, options } = await scene();
    await expect(startMirrorRollout(session, { ...options, steps: ['100%'] })).rejects.toMatchObject({ kind: 'usage' });
  });

  test('a step that is too short is refused before anything is judged', async () => {
    const { session, events, options } = await scene();
    const short = { ...options, bakeSeconds: 60, force: false };
    await expect(promoteMirror(session, short)).rejects.toMatchObject({ kind: 'usage' });
    expect(events).toEqual([]);
  });

  test('it needs a mirror that runs', async () => {
    const { rig, session, options } = await scene();
    const elsewhere = { folder: rig.folder, words: 'x' };
    await expect(startMirrorRollout(session, { ...options, mirror: elsewhere })).rejects.toMatchObject({
      kind: 'usage',
    });
  });
});

describe('promote and keep', () => {
  test('what fails is refused, what is open as well; what passes is promoted, and the history says by which verdict', async () => {
    const { session, options, during, minute, breaks } = await scene();
    const asked = { ...options, steps: ['50%', '100%'], force: false };
    await minute();
    expect(await promoteMirror(session, asked)).toMatchObject({
      kind: 'refused',
      judgement: { outcome: 'inconclusive' },
    });
    for (let i = 0; i < 20; i += 1) await minute();
    const stopped = await during(promoteMirror(session, asked));
    expect(stopped).toMatchObject({ kind: 'stopped', ended: 'passed' });
    expect((await mirrorHistory(options.mirror))[0]).toMatchObject({
      what: 'began',
      command: 'promote',
      verdict: { outcome: 'pass', forced: false },
    });
    breaks(200);
  });

  test('a shadow that fails is not promoted; kept, it gets nothing any more', async () => {
    const { rig, session, options, during, minute, breaks } = await scene();
    breaks(500);
    for (let i = 0; i < 12; i += 1) await minute();
    expect(await promoteMirror(session, { ...options, force: false })).toMatchObject({
      kind: 'refused',
      judgement: { outcome: 'fail' },
    });
    // Whoever asks for less is told what failed; neither a promotion nor a rollout begins by that.
    const policy = readPolicy({ ...SETTINGS, inform: [...SETTINGS.inform, 'errors', 'output'] }, 'test');
    const lax = { ...options, judging: { ...options.judging, policy } };
    expect(await promoteMirror(session, { ...lax, force: false })).toMatchObject({
      kind: 'refused',
      judgement: {
        outcome: 'inconclusive',
        earlier: [{ gate: 'errors', why: 'informs', command: 'promote' }, { gate: 'output.readable' }],
      },
    });
    await expect(startMirrorRollout(session, lax)).rejects.toMatchObject({
      kind: 'cannot-run',
      message: expect.stringContaining('errors failed at'),
    });
    expect(await mirrorHistory(options.mirror)).toMatchObject([
      {
        what: 'judged',
        shadow: 'candidate',
        verdict: { outcome: 'fail' },
        failed: [{ gate: 'errors' }, { gate: 'output.readable' }],
      },
    ]);
    await during(keepMirror(session, { ...options, reason: 'it fails' }));
    expect(rig.mirror.router().config.shadows).toEqual([]);
    expect(await minute()).not.toContain('candidate');
    expect((await mirrorHistory(options.mirror)).at(-1)).toMatchObject({ what: 'kept', reason: 'it fails' });
  });
});

describe('killed in the middle of a step', () => {
  const change = {
    change: {
      kind: 'divide' as const,
      division: { shadow: 'candidate', share: 1, by: 'request', slices: [] },
    },
    entry: { by: 'test', command: 'test', what: 'divided' as const },
  };
  test.each([
    ['before it is written down', false, 'live'],
    ['behind that, before it takes effect', true, 'candidate'],
  ])('%s: what was written last is what serves after a restart', async (_, written, answers) => {
    const says = (name: string) => openModel((_req, res) => res.writeHead(200).end(name));
    const [live, candidate] = [await says('live'), await says('candidate')];
    const settings = { live: live.url, shadows: { candidate: candidate.url } };
    const dies = new Error('killed');
    const rig = await openRig(settings, true, {
      store: ({ load, save }) => ({
        load,
        async save(state) {
          if (written) await save(state);
          throw dies;
        },
      }),
    });
    open.push(live, candidate, rig);
    await expect(rig.mirror.change(change)).rejects.toBe(dies);
    const next = await openRig(settings, true, { records: rig.records });
    open.push(next);
    expect((await next.post('{}')).body).toBe(answers);
    expect(next.mirror.router().state.revision).toBe(written ? 1 : 0);
  });
});

test.each([
  ['10%,50%,100%', [0.1, 0.5, 1]],
  ['header:x-country=LI,$.user.country=DE,25%,100%', [0, 0, 0.25, 1]],
])('steps %s', (words, expected) => {
  expect(parseMirrorSteps(words.split(',')).map(({ share }) => share)).toEqual(expected);
});

test.each(['50%', '50%,20%,100%', '0%,100%', '100%,header:a=b', '10%,what,100%', '110%'])('no steps: %s', (words) => {
  expect(() => parseMirrorSteps(words.split(','))).toThrow(expect.objectContaining({ kind: 'usage' }));
});
