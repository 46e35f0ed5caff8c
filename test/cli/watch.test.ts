import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { REALISTIC_LATENCIES } from '../../src/emulator/world/options.ts';
import { run, watchCommand } from '../../src/cli/watch.ts';
import { keysOf, nextWords, watchScreen } from '../../src/cli/views/watch-screen.ts';
import type { App } from '../../src/app.ts';
import type { Phase } from '../../src/guard/phase.ts';
import type { Gate, Outcome } from '../../src/analysis/judge/verdict.ts';
import type { Report } from '../../src/report/report.ts';
import type { EndpointLook, WatchedFleet } from '../../src/lifecycle/look-at-endpoint.ts';
import type { Screen } from '../../src/ui/screen.ts';
import { track } from '../../src/ui/track.ts';
import { textWidth } from '../../src/ui/width.ts';
import { simulate } from '../analysis/simulated.ts';
import { reportOn } from '../report/sample.ts';
import { capturedIo, CTRL_C } from '../support/io.ts';
import { NO_GLOBALS } from '../support/globals.ts';
import { optionsOf } from '../support/parse.ts';
import { ARTIFACT, ENDPOINT, GOOD_CANARY, openStage, type Stage } from '../support/stage.ts';

const NOW = Date.UTC(2026, 0, 5, 9, 30);
const MINUTE = 60_000;

function fleet(
  role: WatchedFleet['role'],
  model: string,
  share: number,
  more: Partial<WatchedFleet> = {},
): WatchedFleet {
  const minutes = Array.from({ length: 14 }, (_, index) => ({
    at: NOW - (14 - index) * MINUTE,
    requests: Math.round(180 * share),
    errors4xx: 0,
    errors5xx: role === 'new' && index > 10 ? index - 10 : 0,
    latencyMs: 11 + (index % 4) + (role === 'old' ? 0 : 2),
  }));
  return { name: 'AllTraffic', role, model, instances: { current: 3, desired: 3 }, share, minutes, ...more };
}

function alarm(name: string, state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA', last: number | undefined) {
  const rate = { MetricName: 'Invocation5XXErrors', Statistic: 'Average', Threshold: 0.01 } as const;
  return {
    alarm: { AlarmName: name, StateValue: state, ComparisonOperator: 'GreaterThanThreshold', ...rate },
    last,
  } as const;
}

const BAKING: Phase = {
  name: 'baking',
  words: undefined,
  share: 1 / 3,
  oldFleet: { config: 'c1', current: 3, desired: 3 },
  newFleet: { config: 'c2', current: 1, desired: 3 },
  bakeEnds: NOW + 200_000,
  target: 'c2',
};

const NOTHING: EndpointLook = {
  at: NOW,
  endpoint: 'weather',
  status: 'InService',
  config: 'c1',
  activity: { kind: 'nothing' },
  fleets: [fleet('production', 'weather-model-20260104-081500', 1)],
  alarms: [],
  release: undefined,
  judgement: undefined,
  watcher: undefined,
  trouble: undefined,
};

const RELEASE: NonNullable<EndpointLook['release']> = {
  id: 'r',
  candidate: 's3://b/k',
  at: 'gathering',
  since: '2026-01-05T09:00:00.000Z',
  waitsFor: 'evidence',
  until: undefined,
  sees: 1,
  batch: undefined,
  question: undefined,
  trouble: undefined,
  waiting: 'It waits',
  text: 'It waits',
  next: '',
};

const CANARY: EndpointLook = {
  ...NOTHING,
  status: 'Updating',
  activity: {
    kind: 'update',
    command: 'canary',
    phase: BAKING,
    previous: 'c1',
    requested: 'c2',
    startedAt: NOW - 10 * MINUTE,
  },
  fleets: [
    fleet('old', 'weather-model-20260104-081500', 2 / 3),
    fleet('new', 'weather-model-20260105-091000', 1 / 3, { instances: { current: 1, desired: 3 } }),
  ],
  alarms: [
    alarm('weather-5XXError', 'ALARM', 0.05),
    alarm('weather-4XXError', 'OK', 0.002),
    alarm('weather-ModelLatency', 'INSUFFICIENT_DATA', undefined),
  ],
  watcher: 'ada@laptop (process 4711)',
  trouble: 'Could not read metrics: Rate exceeded',
};

/** Gates by hand, so that what the judge says of numbers is no matter here. */
function gate(id: string, outcome: Outcome, interval: [number, number], estimate: number, margin: number): Gate {
  const open = outcome === 'inconclusive';
  return {
    id,
    title: id,
    outcome,
    test: 'bound',
    gating: true,
    unit: 'share',
    estimate,
    interval,
    margin,
    relation: id.startsWith('labels') ? '>' : '<',
    n: 6000,
    of: 'rows',
    reason: 'So it is.',
    needs: open ? 'about 50 min more traffic' : undefined,
    missing: open ? { minutes: 50 } : undefined,
  };
}

const judged: Report = {
  ...reportOn(simulate({ minutes: 20, rate: 20 })),
  verdict: {
    outcome: 'inconclusive',
    summary: 'Not decided yet.',
    inWindow: 'inconclusive',
    waivers: [],
    gates: [
      gate('errors', 'pass', [0, 0.004], 0.001, 0.01),
      gate('latency.p99', 'inconclusive', [-0.1, 0.3], 0.04, 0.2),
      gate('labels.agreement', 'pass', [0.92, 0.96], 0.94, 0.9),
      gate('output.readable', 'fail', [0.02, 0.05], 0.03, 0.01),
    ],
  },
};
const SHADOW: EndpointLook = {
  ...NOTHING,
  activity: { kind: 'shadow', model: '', since: NOW - 80 * MINUTE, calibrates: false },
  fleets: [
    fleet('production', 'weather-model-20260104-081500', 1),
    fleet('shadow', 'weather-model-20260105-091000', 1, { name: 'shadow' }),
  ],
  judgement: judged,
};

const ROLLOUT: EndpointLook = {
  ...NOTHING,
  activity: { kind: 'rollout', model: 'm2', step: 2, steps: 4, bakeEnds: NOW + 5 * MINUTE, attended: true },
  fleets: [fleet('production', 'm1', 0.75), fleet('candidate', 'm2', 0.25, { name: 'candidate' })],
};

const FINAL: EndpointLook = {
  ...CANARY,
  activity: { ...CANARY.activity, phase: { ...BAKING, name: 'final-bake', share: 1 } } as EndpointLook['activity'],
  fleets: [
    {
      ...fleet('old', 'weather-model-20260104-081500', 0, { instances: { current: 3, desired: 3, idle: true } }),
      minutes: fleet('old', '', 0.5).minutes.slice(0, 10),
    },
    fleet('new', 'weather-model-20260105-091000', 1),
  ],
  trouble: undefined,
};

/** Paused, or its command was stopped. */
const PAUSED = { ...ROLLOUT, activity: { ...ROLLOUT.activity, attended: false } as EndpointLook['activity'] };

const LOOKS = { nothing: NOTHING, canary: CANARY, final: FINAL, shadow: SHADOW, rollout: ROLLOUT } as const;
const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 140, rows: 45 },
] as const;

describe('the screen', () => {
  for (const [name, look] of Object.entries(LOOKS))
    test.each(SIZES)(`${name} at $columns × $rows`, async ({ columns, rows }) => {
      const lines = watchScreen(look, { columns, rows, color: false });
      expect(lines).toHaveLength(rows);
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
      await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`golden/watch-${name}-${columns}.txt`);
    });

  test.each([
    { columns: 40, rows: 10 },
    { columns: 60, rows: 15 },
    { columns: 200, rows: 60 },
  ])('fits $columns × $rows whatever goes on', ({ columns, rows }) => {
    for (const look of Object.values(LOOKS)) {
      const lines = watchScreen(look, { columns, rows, color: false });
      expect(lines).toHaveLength(rows);
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
      expect(lines.at(-1)).toContain('q quit');
    }
  });

  test.each([
    [{ minutes: 50 }, true],
    [{ minutes: 1440, atLeast: true as const }, false],
  ])('with %j missing, time that is left is shown: %s', (missing, shown) => {
    const gates = [{ ...gate('latency.p99', 'inconclusive', [-0.1, 0.3], 0.04, 0.2), missing }];
    const judgement = { ...judged, verdict: { ...judged.verdict, gates } } as Report;
    const [title] = watchScreen({ ...SHADOW, judgement }, { columns: 140, rows: 45, color: false });
    expect(title?.includes(' left')).toBe(shown);
  });

  test('a rollout that no command works on says so, and shows no time left', () => {
    const [title = '', ...lines] = watchScreen(PAUSED, { columns: 80, rows: 24, color: false });
    expect(title).not.toContain('left');
    expect(lines.join(' ')).toContain('rollout --resume continues it');
  });

  test('control characters of names and of AWS stay out', () => {
    const hostile = { ...CANARY, endpoint: 'w\u001b[31m', trouble: 'x\u001b]0;y\u0007' };
    const drawn = watchScreen(hostile, { columns: 80, rows: 24, color: false }).join('');
    for (const control of ['\u001b', '\u0007']) expect(drawn).not.toContain(control);
  });

  test('an interval is drawn where it lies against its margin, and cut at the ends', () => {
    expect(track({ low: 2, high: 4, estimate: 3, margin: 8 }, [0, 10], 11)).toBe('──━●━───┃──');
    expect(track({ low: -5, high: 50, estimate: undefined, margin: 5 }, [0, 10], 11)).toBe('━━━━━┃━━━━━');
  });

  test('keys are offered where they mean something', () => {
    const keys = (look: EndpointLook) =>
      keysOf(look)
        .map(({ key }) => key)
        .join('');
    expect(Object.values(LOOKS).map(keys)).toEqual(['q', 'aq', 'aq', 'rpkq', 'aq']);
    // A release takes or leaves its shadow by itself.
    expect(keys({ ...SHADOW, release: RELEASE })).toBe('rsq');
  });
});

test('words', async () => {
  const judging = { labels: undefined, policy: undefined, expect: undefined, prediction: undefined };
  expect(await optionsOf(watchCommand, ['--endpoint', 'w'])).toEqual({
    endpoint: 'w',
    every: 5000,
    once: false,
    judging,
    format: 'text',
  });
  expect(await optionsOf(watchCommand, ['--endpoint', 'w', '--every', '1m', '--once'])).toEqual({
    endpoint: 'w',
    every: MINUTE,
    once: true,
    judging,
    format: 'text',
  });
});

test('an endpoint that failed to roll back still serves, and is not to be deleted', () => {
  const look = { activity: { kind: 'failed', reason: 'why' }, endpoint: 'e', at: 0 } as unknown as EndpointLook;
  const words = nextWords({ ...look, status: 'UpdateRollbackFailed' }, false);
  expect(words).toContain('Do not delete it');
  expect(words).not.toContain('cleanup');
  expect(nextWords({ ...look, status: 'Failed' }, false)).toContain('cleanup --endpoint e');
});

describe('an endpoint', () => {
  let stage: Stage;
  afterEach(() => stage.close());

  const canary = [...GOOD_CANARY];

  test('an endpoint that failed is told without trouble, with what to do', async () => {
    stage = await openStage({ settings: { latencies: REALISTIC_LATENCIES } });
    stage.emulator.world.faults.add({ kind: 'unhealthy' });
    const broken = ['deploy', '--endpoint', 'broken', '--yes', '--artifact', ARTIFACT, '--algorithm', 'linear-learner'];
    expect((await stage.shadowctl(broken)).code).toBe(1);
    const { code, out } = await stage.shadowctl(['watch', '--endpoint', 'broken']);
    expect([code, out.includes('!')]).toEqual([0, false]);
    expect(out).toContain('Next: shadowctl doctor --endpoint broken');
  });

  test('off a terminal each change of a canary is a line, to its end; --once draws one screen', async () => {
    stage = await openStage({ settings: { latencies: REALISTIC_LATENCIES } });
    let once = '';
    const [, watched] = await stage.clock.all([
      () => stage.shadowctl([...canary, '--model-name', 'm2', '--config-name', 'v2']),
      async () => {
        await stage.clock.sleep(7 * MINUTE);
        once = (await stage.shadowctl(['watch', '--endpoint', ENDPOINT, '--once'])).out;
        return stage.shadowctl(['watch', '--endpoint', ENDPOINT, '--every', '20s']);
      },
    ]);
    expect(watched?.code).toBe(0);
    expect(watched?.out).toMatch(
      /canary: baking with 33 % of the traffic\n.*m2 takes 33 % of the requests\n[^]*canary: baking with all traffic\n[^]*in service\nNothing is under way/,
    );
    expect(once).toMatch(/^weather {2}canary: baking with 33 % of the traffic, .* left +\d\d:\d\d:\d\d UTC\n/);
    expect(once).toMatch(/\nold +m1 +3 +67 %[^]*\nnew +m2 +1 of 3 +33 %[^]*weather-5XXError/);
    expect(once).toContain('Followed by ');
  });

  test('an endpoint that does not exist is told', async () => {
    stage = await openStage({ settings: { latencies: REALISTIC_LATENCIES } });
    const { code, err } = await stage.shadowctl(['watch', '--endpoint', 'nowhere']);
    expect(code).toBe(2);
    expect(err).toContain('There is no endpoint "nowhere"');
  });

  test('on a terminal keys run commands, with the terminal given back meanwhile; q quits', async () => {
    stage = await openStage({ settings: { latencies: REALISTIC_LATENCIES } });
    const shown: string[][] = [];
    const executed: (readonly string[])[] = [];
    const keys = ['x', 'r', 'q'];
    let open = 0;
    const screen = (): Screen => {
      open += 1;
      let closed = false;
      return {
        columns: 80,
        rows: 24,
        draw: (lines) => void shown.push([...lines]),
        listen(heard) {
          const key = keys.shift();
          if (key !== undefined) heard(key);
          return () => undefined;
        },
        close() {
          if (!closed) open -= 1;
          closed = true;
        },
      };
    };
    const app = {
      io: { ...capturedIo(['']), screen },
      clock: stage.clock,
      cwd: stage.cwd,
      env: {},
      globals: NO_GLOBALS,
      signal: new AbortController().signal,
      aws: async () => stage.aws,
      project: async () => ({ root: stage.cwd, stateDir: stage.cwd, tags: {}, notify: [], athena: {} }),
      environment: async () => ({}),
      journal: async () => ({
        path: `${stage.cwd}/none.jsonl`,
        events: () => [],
        notes: () => [],
        store: { holder: async () => undefined, watcher: async () => undefined },
      }),
      async execute(argv: readonly string[]) {
        expect(open).toBe(0);
        executed.push(argv);
        return 'done';
      },
    } as unknown as App;
    writeFileSync(join(stage.cwd, 'p.yaml'), 'errors: 0.02\n');
    // An endpoint with a shadow, as far as keys go.
    await stage.shadowctl(['shadow', '--endpoint', ENDPOINT, '--model', 'm1', '--adopt', '--yes']);
    const watch = {
      endpoint: ENDPOINT,
      every: 1000,
      once: false,
      judging: { labels: undefined, policy: 'p.yaml', expect: undefined, prediction: undefined },
      format: 'text' as const,
    };
    expect(await run(app, watch)).toBe('done');
    expect(executed).toEqual([['report', '--endpoint', ENDPOINT, '--policy', 'p.yaml']]);
    // On a terminal that hands over each key, Ctrl-C is one, and no signal.
    keys.push(CTRL_C);
    await expect(run(app, watch)).rejects.toMatchObject({ kind: 'interrupted' });
    expect(open).toBe(0);
    expect(shown.length).toBeGreaterThanOrEqual(3);
    expect(open).toBe(0);
  });
});
