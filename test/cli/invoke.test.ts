import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../src/base/clock.ts';
import { invokeCommand } from '../../src/cli/invoke.ts';
import { paced } from '../../src/lifecycle/traffic/pace.ts';
import { sendRequests } from '../../src/lifecycle/traffic/send.ts';
import type { LifecycleEvent } from '../../src/lifecycle/events.ts';
import type { Payloads } from '../../src/lifecycle/traffic/payloads.ts';
import type { Session } from '../../src/lifecycle/session.ts';
import { Tally } from '../../src/lifecycle/traffic/tally.ts';
import { ARTIFACT_009, FIXTURES, type TestWorld, testWorld } from '../support/world.ts';
import { optionsOf } from '../support/parse.ts';
import { matrixTest } from '../support/sizes.ts';

const DATA = join(FIXTURES, 'data/weather-test.csv');

describe('words', () => {
  const defaults = {
    endpoint: 'w',
    data: { file: 'd' },
    count: undefined,
    duration: undefined,
    rate: undefined,
    concurrency: 8,
    inferenceIdPrefix: undefined,
    accept: undefined,
    targetVariant: undefined,
    failOnError: false,
    format: 'text',
  };
  const both = ['--endpoint', 'w', '--data', 'd'];

  test.each<[string[], object]>([
    [[], {}],
    [['--count', '5', '--rate', '0.5', '--concurrency', '2'], { count: 5, rate: 0.5, concurrency: 2 }],
    [['--duration', '1h30m'], { duration: 5_400_000 }],
    [['--labels', 'label', '--header'], { data: { file: 'd', labels: 'label', header: true } }],
    [['--label-column', '0', '--no-header'], { data: { file: 'd', labels: '0', header: false } }],
    [
      ['--inference-id-prefix', 'x', '--content-type', 'a/b', '--accept', 'c/d', '--target-variant', 'v'],
      { inferenceIdPrefix: 'x', data: { file: 'd', contentType: 'a/b' }, accept: 'c/d', targetVariant: 'v' },
    ],
    [['--fail-on-error', '--format', 'json'], { failOnError: true, format: 'json' }],
  ])('%j', async (argv, expected) => {
    expect(await optionsOf(invokeCommand, [...both, ...argv])).toEqual({ ...defaults, ...expected });
  });

  test.each<[string[], RegExp]>([
    [['--count', '0'], /--count/],
    [['--rate', '-1'], /--rate: "-1" is not a number above zero/],
    [['--duration', '5'], /--duration: "5" is not a duration/],
    [['--duration', '5 parsecs'], /--duration/],
    [['--concurrency', '513'], /from 1 to 512/],
  ])('%j is refused', async (argv, message) => {
    await expect(optionsOf(invokeCommand, [...both, ...argv])).rejects.toThrow(message);
  });
});

describe('pace', () => {
  const signal = new AbortController().signal;

  test('request n is due n/rate seconds after the start', async () => {
    const clock = new VirtualClock(0);
    const sent: number[] = [];
    await paced(
      clock,
      { count: 5, duration: undefined, rate: 4, concurrency: 3 },
      signal,
      async () => void sent.push(clock.now()),
    );
    expect(sent).toEqual([0, 250, 500, 750, 1000]);
  });

  test('a duration ends it before the request that would be due at its end', async () => {
    const clock = new VirtualClock(0);
    let sent = 0;
    await paced(
      clock,
      { count: undefined, duration: 2_000, rate: 4, concurrency: 1 },
      signal,
      async () => void (sent += 1),
    );
    expect(sent).toBe(8);
  });

  test('no more are under way than concurrency allows; who comes late does not skip', async () => {
    const clock = new VirtualClock(0);
    let now = 0;
    let most = 0;
    let sent = 0;
    await paced(clock, { count: 12, duration: undefined, rate: 10, concurrency: 2 }, signal, async () => {
      now += 1;
      most = Math.max(most, now);
      await clock.sleep(1_000);
      now -= 1;
      sent += 1;
    });
    expect({ most, sent, took: clock.now() }).toEqual({ most: 2, sent: 12, took: 6_100 });
  });

  test('an interrupt lets those under way end and sends no more', async () => {
    const clock = new VirtualClock(0);
    const stop = new AbortController();
    let sent = 0;
    await paced(clock, { count: 100, duration: undefined, rate: 1, concurrency: 2 }, stop.signal, async () => {
      sent += 1;
      if (sent === 3) stop.abort();
    });
    expect(sent).toBe(3);
  });
});

test('quantiles, and which kind of error how often', () => {
  const tally = new Tally();
  for (let ms = 1; ms <= 100; ms += 1)
    tally.answer(
      { body: '{"predictions": [{"score": 2.5}]}', contentType: 'application/json', variant: 'v' },
      ms,
      '2.0',
    );
  tally.refusal('ModelError 500', 'first');
  tally.refusal('ModelError 500', 'second');
  expect(tally.summary(10_000, false)).toMatchObject({
    sent: 102,
    answered: 100,
    throughput: 10.2,
    errors: [{ code: 'ModelError 500', count: 2, sample: 'first' }],
    latency: { mean: 50.5, p50: 50, p90: 90, p99: 99, max: 100 },
    variants: { v: 100 },
  });
});

test('labels of fractions are compared by distance, not by hit', () => {
  const tally = new Tally();
  tally.answer({ body: '2.5', contentType: 'text/csv', variant: undefined }, 1, '2.0');
  tally.answer({ body: '1.5', contentType: 'text/csv', variant: undefined }, 1, '1.75');
  expect(tally.summary(1, false)).toMatchObject({ accuracy: undefined, meanAbsoluteError: 0.375 });
});

describe('against an endpoint', () => {
  let world: TestWorld;
  beforeAll(async () => {
    world = await testWorld();
    await world.shadowctl(`deploy --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`);
  });
  afterAll(() => world.close());

  matrixTest('each line once, with labels: the accuracy of the model, to the last digit', async () => {
    const { code, out } = await world.shadowctl(
      `invoke --endpoint weather --data ${DATA} --labels label --format json`,
    );
    expect(code).toBe(0);
    const right = (JSON.parse(out) as { accuracy: { right: number; of: number } }).accuracy;
    const again = await world.shadowctl(`invoke --endpoint weather --data ${DATA} --labels 6 --header`);
    expect(right.of).toBe(365);
    expect(again.out).toContain(`(${right.right} of 365)`);
  });

  test('paced over a duration in virtual time, the file begun anew', async () => {
    const before = world.clock.now();
    const { code, out } = await world.shadowctl(
      `invoke --endpoint weather --data ${DATA} --labels label --rate 4 --duration 2m`,
    );
    expect(code).toBe(0);
    expect(out).toMatch(/sent +480\n.*\nthroughput +4\.\d+ requests\/s over 2 min/);
    expect(world.clock.now() - before).toBeGreaterThanOrEqual(119_000);
  });

  test("a model's refusals are counted by status, do not stop it, and fail it when asked", async () => {
    writeFileSync(join(world.root, 'odd.csv'), '1,2\n3,4\n');
    const line = 'invoke --endpoint weather --data odd.csv --count 5';
    const ended = await world.shadowctl(line);
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/refused +count {2}first message\nModelError 400 +5 {2}Received client error \(400\)/);
    expect(await world.shadowctl(`${line} --fail-on-error`)).toMatchObject({ code: 1 });
  });

  test('an interrupt ends it with what was counted so far', async () => {
    const stop = new AbortController();
    const [ended] = await world.clock.all([
      () =>
        world.shadowctl(`invoke --endpoint weather --data ${DATA} --labels label --rate 1 --duration 1h`, {
          signal: stop.signal,
        }),
      async () => {
        await world.clock.sleep(30_500);
        stop.abort(new DOMException('stop', 'AbortError'));
        return undefined;
      },
    ]);
    expect(ended?.out).toMatch(/sent +31\n/);
  });

  test('an endpoint that is deleted under it: what was sent until then is told, then the error', async () => {
    const deploy = 'deploy --endpoint passing --algorithm linear-learner --yes --artifact';
    expect((await world.shadowctl(`${deploy} ${ARTIFACT_009}`)).code).toBe(0);
    const [ended] = await world.clock.all([
      () => world.shadowctl(`invoke --endpoint passing --data ${DATA} --labels label --rate 1 --duration 1h`),
      async () => {
        await world.clock.sleep(30_500);
        await world.shadowctl('cleanup --endpoint passing --yes');
        return undefined;
      },
    ]);
    expect(ended?.code).toBe(2);
    expect(ended?.out).toMatch(/sent +3\d\nanswered +3\d \(100 %\)\n/);
    expect(ended?.err).toMatch(/There is no endpoint "passing"|"passing" answers no requests: it is being deleted/);
  });

  test('an endpoint that failed, and one that is being created, are told as that', async () => {
    const deploy = `deploy --endpoint broken --artifact ${ARTIFACT_009} --algorithm xgboost:1.5-1 --allow-mismatch --yes`;
    const line = `invoke --endpoint broken --data ${DATA} --labels label`;
    await world.shadowctl(`${deploy} --no-wait`);
    const early = await world.shadowctl(line);
    expect(early).toMatchObject({ code: 2, out: '' });
    expect(early.err).toMatch(/"broken" answers no requests: it is Creating\.\n.*status --endpoint broken --watch/);
    await world.clock.sleep(60 * 60_000);
    const late = await world.shadowctl(line);
    expect(late.code).toBe(2);
    expect(late.err).toMatch(/"broken" answers no requests: it is Failed \([^]*cleanup --endpoint broken/);
  });

  test('credentials that expire in the middle are no errors of the model', async () => {
    let asked = 0;
    const runtime = {
      async send() {
        asked += 1;
        if (asked <= 3) return { Body: { transformToString: () => '1' }, ContentType: 'text/csv' };
        const expired = new Error('The security token included in the request is expired');
        throw Object.assign(expired, {
          name: 'ExpiredTokenException',
          $fault: 'client',
          $metadata: { httpStatusCode: 403 },
        });
      },
    };
    const events: LifecycleEvent[] = [];
    const session = {
      clock: new VirtualClock(0),
      signal: new AbortController().signal,
      aws: async () => ({ target: { region: 'us-east-1' }, runtime: async () => runtime }),
      emit: (event: LifecycleEvent) => void events.push(event),
    } as unknown as Session;
    const rows = Array.from({ length: 9 }, (_, index) => ({ line: index + 1, body: '1,2', label: undefined }));
    const payloads = { source: 'rows', contentType: 'text/csv', rows } as unknown as Payloads;
    const sending = sendRequests(session, 'weather', payloads, { rate: 1, concurrency: 1, count: 9 });
    await expect(sending).rejects.toMatchObject({ code: 'ExpiredTokenException' });
    expect(events.find((event) => event.kind === 'requests-sent')).toMatchObject({ summary: { sent: 3, answered: 3 } });
    expect(asked).toBe(4);
  });

  test.each<[string, RegExp]>([
    ['--endpoint nosuch --data rows.csv', /There is no endpoint "nosuch" in us-east-1\.\n  Check --endpoint/],
    ['--endpoint weather --data none.csv', /--data: there is no file none.csv/],
    [
      '--endpoint weather --data s3://nobucket/rows.csv',
      /There is no bucket "nobucket", which s3:\/\/nobucket\/rows.csv names/,
    ],
    [`--endpoint weather --data ${DATA}`, /looks like a header/],
    [`--endpoint weather --data ${DATA} --labels truth`, /no column "truth".*\n.*precipitation/],
    [`--endpoint weather --data ${DATA} --header --labels 7`, /no column 7 for the labels; it has 7 columns/],
    ['--endpoint weather --data rows.csv --duration 1m', /--duration needs --rate where time is simulated/],
    ['--endpoint weather --data bad.jsonl', /line 2 of bad.jsonl is not JSON/],
    [`--endpoint weather --data rows.csv --inference-id-prefix ${'x'.repeat(60)}`, /--inference-id-prefix/],
  ])('%s', async (words, message) => {
    writeFileSync(join(world.root, 'rows.csv'), '0.0,5.6,-3.2,1.2,0.0,1.0\n');
    writeFileSync(join(world.root, 'bad.jsonl'), '{"a": 1}\n{"a": \n');
    const ended = await world.shadowctl(`invoke ${words}`);
    expect(ended.err).toMatch(message);
    expect(ended.code).toBe(2);
  });
});
