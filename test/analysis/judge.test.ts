import { describe, expect, test } from 'vitest';
import { judge } from '../../src/analysis/judge/judge.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import type { Gate, Verdict } from '../../src/analysis/judge/verdict.ts';
import { simulate } from './simulated.ts';
import type { Simulation } from './simulated.ts';
import { readTruth } from './read-truth.ts';

function verdict(changed: Partial<Simulation> = {}, policy = DEFAULT_POLICY): Verdict {
  const found = judge(simulate(changed), policy);
  if (found === undefined) throw new Error('no verdict');
  return found;
}

function gate(found: Verdict, id: string): Gate {
  const one = found.gates.find((candidate) => candidate.id === id);
  if (one === undefined) throw new Error(`no gate ${id} among ${found.gates.map((g) => g.id).join(', ')}`);
  return one;
}

describe('a verdict', () => {
  test('equal models pass, every gate', () => {
    const found = verdict();
    expect(found.gates.map((one) => `${one.id} ${one.outcome}`)).toEqual([
      'traffic.sampling pass',
      'errors pass',
      'latency.mean pass',
      'latency.p50 pass',
      'latency.p90 pass',
      'latency.p99 pass',
      'output.readable pass',
      'output.answered pass',
      'output.varied pass',
      'labels.agreement pass',
      'labels.scores pass',
      'labels.classes pass',
      'labels.byClass pass',
    ]);
    expect(found).toMatchObject({
      outcome: 'pass',
      summary: 'All 7 tests pass (95 % confidence each), and all 5 rules hold; 1 more gate is for information.',
    });
  });

  test('nothing seen, or nothing that decides, is no pass', () => {
    const seen = simulate({ captured: false });
    const alone = judge({ ...seen, metrics: { ...seen.metrics, shadow: undefined } }, DEFAULT_POLICY);
    expect(alone).toMatchObject({ outcome: 'inconclusive', summary: expect.stringContaining('nothing to judge') });
    const all = ['traffic', 'errors', 'latency', 'output', 'labels'];
    const informs = verdict({}, { ...DEFAULT_POLICY, inform: all });
    expect(informs).toMatchObject({ outcome: 'inconclusive', summary: expect.stringContaining('No gate decides') });
  });

  test('of all that is missing the longest wait is told', () => {
    const found = verdict({ minutes: 30, rate: 10 });
    expect(gate(found, 'errors').needs).toMatch(/at the current rate$/);
    // What traffic does not bring is told beside it.
    expect(found.summary).toMatch(/Needs about 1 h more traffic; and for \S+ /);
  });

  test('answers that cannot be paired are not mended by more of them', () => {
    const holes = gate(verdict({ failing: { production: 0, shadow: 0.2 } }), 'labels.agreement');
    // All have an id: what is missing are answers.
    expect(holes.needs).toMatch(/^the shadow's counterparts: its captures come late .* or it did not answer/);
    const policy = { ...DEFAULT_POLICY, distances: { ks: 0.1 } };
    expect(gate(verdict({ failing: { production: 0, shadow: 0.2 } }, policy), 'distance.ks').needs).toBe(holes.needs);
  });

  test('one of a thing is one', () => {
    const few = gate(verdict({ minutes: 1, rate: 299 }), 'labels.agreement');
    expect(few).toMatchObject({
      needs: '1 more pair, about 1 min at the current rate',
      missing: { pairs: 1, minutes: 1 },
    });
    const one = verdict({ minutes: 1, rate: 1 });
    expect(gate(one, 'output.readable').reason).toBe('The one captured answer is a prediction.');
    expect(gate(one, 'labels.agreement').reason).toContain('only 1 pair, and the policy requires 300');
  });

  test('without a shadow there is nothing to judge', () => {
    expect(judge({ ...simulate(), shadow: undefined }, DEFAULT_POLICY)).toBeUndefined();
  });

  test('a shadow that fails every request fails, plainly, in ten minutes', () => {
    const found = verdict({ minutes: 10, rate: 20, failing: { production: 0, shadow: 1 } });
    expect(found.outcome).toBe('fail');
    expect(found.summary).toBe(
      "Does it fail more requests? 100 % of the shadow's requests failed (200 of 200), 0 % of production's; the difference is at least 98.2 pts (95 % confidence), and the limit is 1 pt.",
    );
  });

  test('thirty minutes decide nothing, and say how much longer', () => {
    const found = verdict({ minutes: 30 });
    expect(found.outcome).toBe('inconclusive');
    expect(gate(found, 'errors')).toMatchObject({ outcome: 'inconclusive', missing: { minutes: 50 } });
    expect(gate(found, 'labels.agreement')).toMatchObject({
      outcome: 'inconclusive',
      missing: { minutes: 50 },
    });
    expect(gate(found, 'latency.p99')).toMatchObject({
      outcome: 'inconclusive',
      needs: 'about 1 h more traffic',
      missing: { minutes: 60 },
    });
    expect(found.summary).toMatch(/^Not decided yet: errors, latency.mean, .* Needs about 1 h more traffic\.$/);
  });

  test('a slower shadow fails; one on the margin stays open', () => {
    expect(gate(verdict({ slower: 1.5, captured: false }), 'latency.mean').outcome).toBe('fail');
    // Times are of a few milliseconds.
    expect(
      gate(verdict({ slower: 1.1, captured: false }, { ...DEFAULT_POLICY, latencyFloor: 0 }), 'latency.mean').outcome,
    ).toBe('inconclusive');
    expect(gate(verdict({ slower: 0.5, captured: false }), 'latency.mean').outcome).toBe('pass');
  });

  test('errors: the interval is compared with the margin, not the estimate', () => {
    const few = gate(verdict({ minutes: 5, rate: 10, failing: { production: 0, shadow: 0.02 } }), 'errors');
    expect(few.outcome).toBe('inconclusive');
    expect(few.needs).toMatch(/^[\d ]+ more requests, about .* at the current rate$/);
    expect(
      gate(verdict({ rate: 200, failing: { production: 0.01, shadow: 0.05 }, captured: false }), 'errors').outcome,
    ).toBe('fail');
    expect(
      gate(verdict({ rate: 200, failing: { production: 0.05, shadow: 0.02 }, captured: false }), 'errors').outcome,
    ).toBe('pass');
  });

  test('agreement below the demand fails where both should be the same, unless the truth is known', () => {
    const open = gate(verdict({ differing: 0.3 }), 'labels.agreement');
    expect(open).toMatchObject({ outcome: 'inconclusive', gating: true });
    expect(open.needs).toMatch(/^labels of the 1 \d\d\d rows that differ/);
    for (const expected of ['same', 'better'] as const) {
      const policy: Policy = { ...DEFAULT_POLICY, expect: { kind: expected } };
      const outcome = expected === 'same' ? 'fail' : 'inconclusive';
      expect(gate(verdict({ differing: 0.3 }, policy), 'labels.agreement')).toMatchObject({ outcome, gating: true });
    }
    const labels = Array.from({ length: 6000 }, (_, i) => `{"inferenceId": "request-${i}", "label": "${i % 5}"}`);
    const truth = readTruth(labels.join('\n'), 'labels');
    const found = verdict({ differing: 0.3, options: { truth } });
    expect(gate(found, 'labels.agreement')).toMatchObject({ outcome: 'inconclusive', gating: false });
    expect(gate(found, 'truth.accuracy').gating).toBe(true);
  });

  test('fewer than 300 pairs, or coverage under 90 %, decide nothing about predictions', () => {
    const few = gate(verdict({ minutes: 4, rate: 60 }), 'labels.agreement');
    expect(few).toMatchObject({ outcome: 'inconclusive', missing: { pairs: 60, minutes: 1 } });
    const holes = gate(verdict({ failing: { production: 0, shadow: 0.2 } }), 'labels.agreement');
    expect(holes.outcome).toBe('inconclusive');
    expect(holes.reason).toMatch(/only (79|80|81)\.?\d* % of production's captured requests are paired/);
  });

  test('the same traffic is demanded: a shadow that saw half of it proves nothing', () => {
    const seen = simulate({ minutes: 100 });
    const half = seen.metrics.shadow?.invocations.map((n) => (n ?? 0) / 2) ?? [];
    const table = { ...(seen.metrics.shadow ?? seen.metrics.production), invocations: half };
    const found = judge({ ...seen, metrics: { ...seen.metrics, shadow: table } }, DEFAULT_POLICY);
    expect(found?.outcome).toBe('inconclusive');
    expect(found?.gates[0]?.reason).toContain(
      "saw 3 000 of production's 6 000 requests (50 %), and its config asks for 100 %",
    );
  });

  test('a gate named under inform is shown without deciding', () => {
    const found = verdict({ minutes: 80 }, { ...DEFAULT_POLICY, inform: ['latency'] });
    expect(found.outcome).toBe('pass');
    expect(gate(found, 'latency.p99')).toMatchObject({ outcome: 'inconclusive', gating: false });
  });
});

test('where the truth is known, equal answers decide only if the policy says so', () => {
  const seen = simulate({ minutes: 80, rate: 20 });
  if (seen.predictions === undefined) throw new Error('the simulation has predictions');
  const rows = { rows: 1600, of: 1600, unknown: 0, numbers: undefined };
  const truth = { ...rows, labels: { production: 1200, shadow: 1200, onlyProduction: 10, onlyShadow: 10 } };
  const known = { ...seen, predictions: { ...seen.predictions, truth } };
  const gating = (decide: string[], inform: string[] = []) =>
    gate(judge(known, { ...DEFAULT_POLICY, decide, inform }) as Verdict, 'labels.agreement').gating;
  expect(gating([])).toBe(false);
  expect(gating(['labels'])).toBe(true);
  expect(gating(['labels.agreement'], ['labels'])).toBe(false);
});

describe('answers are judged over time', () => {
  /** Labels of 20 rows a minute, of which `differing` do. */
  function lasting(minutes: number, differing: (minute: number) => number, policy = DEFAULT_POLICY): Gate {
    const seen = simulate({ minutes, rate: 20 });
    const { predictions } = seen;
    if (predictions?.labels === undefined) throw new Error('the simulation has labels');
    const blocks = predictions.blocks.map((block, i) => ({ ...block, agree: block.rows - differing(i) }));
    const agree = blocks.reduce((sum, block) => sum + block.agree, 0);
    const labels = { ...predictions.labels, agree };
    const found = judge({ ...seen, predictions: { ...predictions, blocks, labels } }, policy);
    return gate(found as Verdict, 'labels.agreement');
  }
  const steady = (minute: number) => (minute % 5 === 0 ? 1 : 0);
  const bursts = (minute: number) => (minute % 20 < 5 ? 3 : 0);

  test('an early lull passes nothing, and is told how much is missing', () => {
    const found = lasting(79, () => 0);
    expect(found).toMatchObject({ outcome: 'inconclusive', missing: { minutes: 1 } });
    expect(found.reason).toContain('but 80 minutes with answers are needed to pass, and there are 79.');
    expect(found.interval?.[0]).toBeGreaterThan(0.9);
  });

  test('minutes that differ no more than by chance pass at 80 of them; a policy may want fewer', () => {
    expect(lasting(80, steady).outcome).toBe('pass');
    expect(lasting(40, steady).outcome).toBe('inconclusive');
    expect(lasting(40, steady, { ...DEFAULT_POLICY, minimumBlocks: 4 }).outcome).toBe('pass');
  });

  test('bursts take three times as long, to pass as to fail', () => {
    const early = lasting(239, bursts);
    expect(early).toMatchObject({ outcome: 'inconclusive', missing: { minutes: 1 } });
    expect(early.reason).toContain('the minutes differ by more than chance, so 240 minutes');
    expect(lasting(240, bursts).outcome).toBe('pass');
    const bad = (minute: number) => (minute % 2 === 0 ? 20 : 3);
    expect([lasting(230, bad).outcome, lasting(240, bad).outcome]).toEqual(['inconclusive', 'inconclusive']);
    // What is hopeless fails after twenty minutes, where both should be the same.
    const same: Policy = { ...DEFAULT_POLICY, minimumPairs: 100, expect: { kind: 'same' } };
    expect([lasting(19, bad, same).outcome, lasting(20, bad, same).outcome]).toEqual(['inconclusive', 'fail']);
  });

  test('what fails all the time fails after one block', () => {
    const policy: Policy = { ...DEFAULT_POLICY, minimumPairs: 100, expect: { kind: 'same' } };
    const early = lasting(9, () => 8, policy);
    expect(early).toMatchObject({ outcome: 'inconclusive', missing: { minutes: 1 } });
    expect(early.reason).toContain('10 minutes with answers are needed to fail, and there are 9.');
    expect(lasting(10, () => 8, policy).outcome).toBe('fail');
  });

  test('every other question about answers waits too, and parts of the inputs three times as long', () => {
    const policy = { ...DEFAULT_POLICY, slices: 0.5, distances: { ks: 0.5, jensenShannon: 0.5 } };
    const outcomes = (minutes: number) =>
      ['slices', 'distance.ks', 'distance.jensenShannon'].map(
        (id) => gate(verdict({ minutes, rate: 40 }, policy), id).outcome,
      );
    expect(outcomes(79)).toEqual(['inconclusive', 'inconclusive', 'inconclusive']);
    expect(outcomes(80)).toEqual(['inconclusive', 'pass', 'pass']);
    expect(outcomes(240)).toEqual(['pass', 'pass', 'pass']);
  });
});
