import { describe, expect, test } from 'vitest';
import { judge } from '../../../src/analysis/judge/judge.ts';
import type { Verdict } from '../../../src/analysis/judge/verdict.ts';
import type { Observations } from '../../../src/analysis/observations.ts';
import { accepts, DEFAULT_POLICY, type Policy, type Waiver } from '../../../src/analysis/policy/policy.ts';
import { readPolicy } from '../../../src/analysis/policy/schema.ts';
import type { Predictions } from '../../../src/analysis/predictions.ts';
import { simulate } from '../simulated.ts';

const NOW = Date.UTC(2026, 5, 1, 12);

function judged(observations: Observations, policy: Partial<Policy>, now = NOW): Verdict {
  const found = judge(observations, { ...DEFAULT_POLICY, ...policy }, 'shadow', now);
  if (found === undefined) throw new Error('there is a shadow');
  return found;
}

const gateOf = ({ gates }: Verdict, id: string) => gates.find((gate) => gate.id === id);

describe('waivers', () => {
  const slow = simulate({ slower: 1.5 });
  const all = ['latency.mean', 'latency.p50', 'latency.p90', 'latency.p99'];
  const waived = (gates: readonly string[], rest: Partial<Waiver> = {}): readonly Waiver[] =>
    gates.map((gate) => ({ gate, reason: 'agreed', ...rest }));

  test('a gate that is waived does not decide, and is said to be', () => {
    expect(judged(slow, {}).outcome).toBe('fail');
    const found = judged(slow, { waivers: waived(all, { owner: 'ana' }) });
    expect(found.outcome).toBe('pass');
    expect(found.summary).toContain('waived: latency.mean (fail), latency.p50 (fail)');
    expect(found.waivers.map(({ gate, state, outcome }) => [gate, state, outcome])).toEqual(
      all.map((gate) => [gate, 'counts', 'fail']),
    );
    expect(gateOf(found, 'latency.p99')).toMatchObject({
      outcome: 'fail',
      gating: false,
      waived: { reason: 'agreed', owner: 'ana' },
    });
  });

  test('the fail of another gate stays one', () => {
    for (const one of all)
      expect(judged(slow, { waivers: waived(all.filter((id) => id !== one)) }).outcome).toBe('fail');
  });

  test('to waive every test proves nothing', () => {
    const ids = judged(slow, {}).gates.map(({ id }) => id);
    const every = judged(simulate({ minutes: 5 }), { waivers: waived(ids) });
    expect(every.outcome).toBe('inconclusive');
  });

  test.each([
    ['before its last day', '2026-12-31', 'counts', 'pass'],
    ['on its last day', '2026-06-01', 'counts', 'pass'],
    ['the day after', '2026-05-31', 'expired', 'fail'],
  ])('a waiver with an end, %s', (_, until, state, outcome) => {
    const found = judged(slow, { waivers: waived(all, { until }) });
    expect(found.outcome).toBe(outcome);
    expect(found.waivers.map((one) => one.state)).toEqual(all.map(() => state));
  });

  test('who does not say when it is, gets no waiver that ends', () => {
    const policy = { ...DEFAULT_POLICY, waivers: waived(all, { until: '2999-12-31' }) };
    expect(judge(slow, policy)?.outcome).toBe('fail');
    expect(judge(slow, { ...DEFAULT_POLICY, waivers: waived(all) })?.outcome).toBe('pass');
  });

  test('what is not needed, or was not asked, is said to be so', () => {
    const found = judged(simulate(), { waivers: waived(['errors', 'slices']) });
    expect(found.waivers.map(({ state }) => state)).toEqual(['unneeded', 'unasked']);
    expect(gateOf(found, 'errors')).toMatchObject({ gating: true, outcome: 'pass' });
  });

  test('each reading of the answers is waived by itself: what one does not fail for, another may', () => {
    const seen = simulate({ differing: 0.3 });
    const { predictions } = seen;
    if (predictions === undefined) throw new Error('the simulation has predictions');
    // Read in another way, all labels are equal, and no answer can be read.
    const other: Predictions = {
      ...simulate().predictions,
      ...predictions,
      missing: undefined,
      shadow: { ...predictions.shadow, unparsed: 3000 },
    };
    const policy = {
      waivers: waived(['labels.agreement', 'labels.scores', 'labels.byClass']),
      expect: { kind: 'same' as const },
    };
    expect(judged(seen, policy).outcome).toBe('pass');
    expect(judged({ ...seen, predictions: { ...predictions, alternatives: [other] } }, policy).outcome).toBe(
      'inconclusive',
    );
  });

  test.each([
    ['latency.p98', /"latency.p98" is not a gate, did you mean latency.p9\d\?/],
    ['latency', /"latency" is not a gate but the first part of several: .* of latency.mean, .*latency.p99/],
    ['limits', /the first part of several: name one or more of limits.latency.mean, /],
    ['answers.mine', /"answers.mine" is not a gate/],
    ['output.reading', /is not a gate that can be waived/],
  ])('%s is refused', (gate, words) => {
    expect(() => readPolicy({ waivers: [{ gate, reason: 'so' }] }, 'p.yaml')).toThrow(words);
  });

  test.each([{ gate: 'errors' }, { gate: 'errors', reason: ' ' }, { gate: 'errors', reason: 'so', until: 'soon' }])(
    'a waiver must have a reason, and an end that is a day: %j',
    (waiver) => expect(() => readPolicy({ waivers: [waiver] }, 'p.yaml')).toThrow(/p\.yaml/),
  );
});

describe('in this window, and as things go on', () => {
  test('a share that is open for want of minutes may hold in its window', () => {
    const found = judged(simulate({ minutes: 30, differing: 0.02 }), { inform: ['latency'] });
    const gate = gateOf(found, 'labels.agreement');
    expect(gate).toMatchObject({ outcome: 'inconclusive', inWindow: { outcome: 'pass' } });
    const [low, high] = gate?.inWindow?.interval ?? [];
    expect(low).toBeGreaterThan(0.9);
    expect(high).toBeLessThanOrEqual(1);
    expect(found).toMatchObject({ outcome: 'inconclusive', inWindow: 'pass' });
    expect(accepts({ accept: 'window' }, found)).toBe(true);
    expect(accepts({ accept: undefined }, found)).toBe(false);
  });

  test('a gate without such a claim keeps the window open; a fail stays one', () => {
    const short = judged(simulate({ minutes: 30, differing: 0.02 }), {});
    expect(gateOf(short, 'latency.mean')?.inWindow).toBeUndefined();
    expect(short).toMatchObject({ outcome: 'inconclusive', inWindow: 'inconclusive' });
    const failing = judged(simulate({ minutes: 30, failing: { production: 0, shadow: 0.2 } }), { inform: ['latency'] });
    expect(failing).toMatchObject({ outcome: 'fail', inWindow: 'fail' });
    expect(accepts({ accept: 'window' }, failing)).toBe(false);
  });

  test('of a bound without such a claim it is said why', () => {
    const seen = simulate({ minutes: 90, differing: 0.02 });
    const { predictions } = seen;
    if (predictions === undefined) throw new Error('the simulation has predictions');
    const slices = [{ column: 'a', part: '≤ 3', rows: 2000, hits: 1960, inputs: 2000 }];
    const found = judged({ ...seen, predictions: { ...predictions, slices } }, { slices: 0.9 });
    expect(found.gates.flatMap(({ id, noWindow }) => (noWindow === undefined ? [] : [id]))).toEqual([
      'latency.mean',
      'latency.p50',
      'latency.p90',
      'latency.p99',
      'slices',
    ]);
    expect(gateOf(found, 'slices')?.noWindow).toContain('quartiles of the whole window');
    expect(found.gates.filter((gate) => gate.inWindow !== undefined && gate.noWindow !== undefined)).toEqual([]);
  });

  test('where something other than time is in the way, nothing is claimed of the window', () => {
    const seen = simulate({ minutes: 30, differing: 0.02 });
    const { predictions } = seen;
    if (predictions === undefined) throw new Error('the simulation has predictions');
    const half = judged({ ...seen, predictions: { ...predictions, coverage: 0.5 } }, { inform: ['latency'] });
    expect(gateOf(half, 'labels.agreement')?.inWindow).toBeUndefined();
    expect(half.inWindow).toBe('inconclusive');
    const few = judged(seen, { inform: ['latency'], minimumPairs: 10_000 });
    expect(gateOf(few, 'labels.agreement')?.inWindow).toBeUndefined();
  });

  test('readings that differ in what they claim do not pass in the window', () => {
    const seen = simulate({ minutes: 30, differing: 0.02 });
    const other = simulate({ minutes: 30, differing: 0.12 }).predictions;
    const { predictions } = seen;
    if (predictions === undefined || other === undefined) throw new Error('the simulation has predictions');
    const both = { ...seen, predictions: { ...predictions, alternatives: [other] } };
    expect(judged(both, { inform: ['latency'] }).inWindow).not.toBe('pass');
  });
});
