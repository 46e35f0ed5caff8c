import { describe, expect, test } from 'vitest';
import { LabelCounter } from '../../../src/analysis/compare/memory/label-counter.ts';
import { judgeAnswers } from '../../../src/analysis/judge/predictions.ts';
import type { Gate } from '../../../src/analysis/judge/verdict.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import type { PairBlock } from '../../../src/analysis/predictions.ts';
import { seededRandom } from '../../support/random.ts';
import { blocks, evidenceOf, observed, paired, side } from './by-hand.ts';

/** What two models said, counted and judged. */

const MINUTES = 250;
const RATE = 20;

type Said = readonly [production: string, shadow: string, input?: number];

/** Gates by id; `say` gives the two answers to a request, and its input where it is no new one. */
function judged(say: (i: number, chance: () => number) => Said, policy: Partial<Policy> = {}) {
  const random = seededRandom(11);
  const counter = new LabelCounter();
  const list = blocks(MINUTES, () => ({ rows: RATE, agree: 0 }));
  const shares = [new Map<string, number>(), new Map<string, number>()] as const;
  for (let i = 0; i < MINUTES * RATE; i += 1) {
    const [production, shadow, input = i + 1] = say(i, () => random.next());
    const block = list[Math.floor(i / RATE)] as PairBlock;
    counter.add(production, shadow, block.at, input);
    if (production === shadow) block.agree += 1;
    for (const [side, label] of [production, shadow].entries())
      shares[side]?.set(label, (shares[side]?.get(label) ?? 0) + 1);
  }
  const counts = (of: Map<string, number>) => {
    const [answer, n] = [...of].toSorted((a, b) => b[1] - a[1])[0] ?? ['', 0];
    const rows = MINUTES * RATE;
    return side({ records: rows, answers: rows, distinct: of.size, commonest: { answer, share: n / rows } });
  };
  const predictions = paired(list, {
    labels: counter.sums(true),
    production: counts(shares[0]),
    shadow: counts(shares[1]),
  });
  const found = judgeAnswers(evidenceOf(observed({ predictions, minutes: MINUTES }), policy));
  return Object.fromEntries(found.map((gate) => [gate.id, gate])) as Record<string, Gate | undefined>;
}

const outcomes = (found: Record<string, Gate | undefined>) =>
  ['labels.agreement', 'labels.classes', 'labels.byClass'].map((id) => found[id]?.outcome ?? 'not asked').join(' ');

const fraud = (rate: number) => (chance: () => number) => (chance() < rate ? 'fraud' : 'ok');

describe('classes', () => {
  test('a model that never says fraud fails at a base rate of 1.5 %, whatever is expected', () => {
    const never = (_: number, chance: () => number): Said => [fraud(0.015)(chance), 'ok'];
    for (const expected of [undefined, { kind: 'better' }, { kind: 'same' }] as const) {
      const found = judged(never, { expect: expected });
      expect(found['labels.classes']).toMatchObject({ outcome: 'fail', estimate: 1 });
      expect(found['output.varied']?.outcome).toBe('fail');
    }
    expect(judged(never)['labels.classes']?.reason).toMatch(
      /^It never gives 'fraud', which production gives \(\d+ rows of/,
    );
  });

  test('a class that vanishes in a few rows may be chance; in many minutes it is not', () => {
    const every =
      (n: number) =>
      (i: number): Said => [i % n === 0 ? 'fraud' : 'ok', 'ok'];
    expect(judged(every(RATE * 3))['labels.classes']?.outcome).toBe('fail');
    expect(judged(every(RATE * 45))['labels.classes']).toMatchObject({ outcome: 'inconclusive', estimate: 1 });
    // Fewer rows than newClasses lets be: named, and no more.
    const rare = judged((i) => [i === 7 ? 'fraud' : 'ok', 'ok'])['labels.classes'];
    expect(rare).toMatchObject({ outcome: 'pass', estimate: 0 });
    expect(rare?.reason).toContain("never gives 'fraud'");
  });

  test('one input again and again, or one minute, is one case', () => {
    const ping = judged((i) => (i % RATE === 0 ? ['fraud', 'ok', 0] : ['ok', 'ok']));
    expect(ping['labels.classes']?.outcome).toBe('inconclusive');
    const minute = judged((i) => [Math.floor(i / RATE) === 90 ? 'fraud' : 'ok', 'ok']);
    expect(minute['labels.classes']?.outcome).toBe('inconclusive');
  });

  test('a new class fails in more rows than allowed, and is named in fewer', () => {
    const every =
      (n: number) =>
      (i: number): Said => ['ok', i % n === 0 ? 'weird' : 'ok'];
    expect(judged(every(50))['labels.classes']).toMatchObject({ outcome: 'fail', estimate: 1 });
    const few = judged(every(2500))['labels.classes'];
    expect(few).toMatchObject({ outcome: 'pass', estimate: 0 });
    expect(few?.reason).toContain("it gives 'weird', which production never gives");
    expect(judged(every(50), { newClasses: 0.05 })['labels.classes']?.outcome).toBe('pass');
  });

  test('of fifty classes one is gone and one is new', () => {
    const lost = judged((_, chance) => {
      const name = `k${Math.floor(chance() * 50)}`;
      return [name, name === 'k7' ? 'NEW' : name];
    });
    expect(lost['labels.classes']).toMatchObject({ outcome: 'fail', estimate: 2 });
    expect(lost['labels.classes']?.reason).toMatch(/'NEW', which production never gives .*never gives 'k7'/);
  });

  test('a rare class that is found half as often is open, and fails where both should be the same', () => {
    const half = (_: number, chance: () => number): Said => {
      const label = fraud(0.08)(chance);
      return [label, label === 'fraud' && chance() < 0.5 ? 'ok' : label];
    };
    expect(outcomes(judged(half))).toBe('pass pass inconclusive');
    expect(outcomes(judged(half, { expect: { kind: 'same' } }))).toBe('pass pass fail');
    expect(judged(half)['labels.byClass']).toMatchObject({ needs: expect.stringContaining('labels of the') });
    expect(outcomes(judged(half, { classes: { agreement: 0.3, rows: 200 } }))).toBe('pass pass pass');
  });

  test('a good model that was trained anew passes', () => {
    const good = (_: number, chance: () => number): Said => {
      const label = fraud(0.05)(chance);
      return [label, chance() < (label === 'fraud' ? 0.08 : 0.004) ? (label === 'fraud' ? 'ok' : 'fraud') : label];
    };
    expect(outcomes(judged(good))).toBe('pass pass pass');
  });

  test('classes in too few rows to prove are not asked, unless they are disproven', () => {
    const few = (found: number) =>
      judged((i) => (i % 100 === 0 ? ['fraud', i % 1000 < found * 100 ? 'fraud' : 'ok'] : ['ok', 'ok']));
    expect(outcomes(few(9))).toBe('pass pass pass');
    expect(outcomes(few(1))).toBe('pass pass inconclusive');
  });
});
