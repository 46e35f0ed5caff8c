import { describe, expect, test } from 'vitest';
import { readPolicy } from '../../src/analysis/policy/schema.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import type { Random } from '../support/random.ts';
import { told } from './labelled.ts';
import type { Row } from './labelled.ts';
import { readTruth } from './read-truth.ts';

const MINUTE = 60_000;

describe('when labels came', () => {
  test('a column says so: ISO 8601 with or without a zone, seconds, milliseconds; it is no feature', () => {
    const truth = readTruth(
      [
        'x,label,labeledAt',
        '1,a,2026-01-05T09:00:00Z',
        '2,b,2026-01-05 10:00',
        '3,a,1767610800',
        '4,b,1767610800500',
        '5,a,soon',
      ].join('\n'),
      'labels.csv',
    );
    expect(truth.by).toBe('input');
    const at = ['1', '2', '3', '4', '5'].map((x) => truth.cameAt?.('', 0, x));
    const nine = Date.UTC(2026, 0, 5, 9);
    expect(at).toEqual([nine, nine + 60 * MINUTE, 1_767_610_800_000, 1_767_610_800_500, undefined]);
    expect(truth.newest).toBe(1_767_610_800_500);
    expect(truth.of('', 0, '5')).toBe('a');
    expect(truth.notes).toEqual([expect.stringContaining('no time that can be read')]);
  });

  test('without such a column nothing is known', () => {
    expect(readTruth('inferenceId,label,at\nr1,a,2026-01-05', 'labels.csv').newest).toBeUndefined();
  });
});

/** Fraud is confirmed in minutes, and what was paid back hours later; the shadow cries fraud much more often. */
const fast =
  (slow: (random: Random) => number) =>
  (random: Random): Row => {
    const truth = random.next() < 0.3 ? 'fraud' : 'ok';
    const production = random.next() < 0.8 ? truth : 'ok';
    const shadow = production === 'fraud' || random.next() < 0.4 ? 'fraud' : 'ok';
    return { production, shadow, truth, labelled: true, after: truth === 'fraud' ? 2 : slow(random) };
  };

const judged = (row: (random: Random) => Row, changed: Partial<Policy> = {}) => {
  const found = told(row, changed, 240, 20);
  const gate = found.gate('truth.accuracy') ?? found.gate('truth');
  return { ...found, gate: gate as NonNullable<typeof gate> };
};

describe('labels are compared at one age', () => {
  test('what is confirmed fast makes a model that cries fraud look better; with all labels it is worse', () => {
    const complete = judged((random) => ({ ...fast(() => 2)(random), after: 2 }), { maturity: 10 * MINUTE });
    expect(complete.gate).toMatchObject({ id: 'truth.accuracy', outcome: 'fail' });
    // Of all rows only frauds have a label as yet.
    const early = (random: Random) => {
      const row = fast(() => 0)(random);
      return { ...row, labelled: row.truth === 'fraud' };
    };
    expect(judged(early).gate).toMatchObject({ outcome: 'inconclusive', gating: true });
    expect(judged(early, { maturity: 10 * MINUTE }).gate).toMatchObject({ outcome: 'inconclusive', gating: true });
    // Without times, too, it shows that every label is fraud.
    const timeless = judged((random) => {
      const { after: _after, ...row } = early(random);
      return row;
    });
    expect(timeless.truth?.age).toBeUndefined();
    expect(timeless.gate).toMatchObject({ outcome: 'inconclusive' });
    expect(timeless.gate.reason).toContain('every label is fraud');
  });

  test('outcomes come by themselves: rows without one count at their worst, though the others look fine', () => {
    // Nine of ten frauds have a label, and six of ten of the others.
    const some = (random: Random) => {
      const row = fast(() => 2)(random);
      return { ...row, after: 2, labelled: random.next() < (row.truth === 'fraud' ? 0.9 : 0.6) };
    };
    expect(judged(some, { maturity: 10 * MINUTE }).gate).toMatchObject({ outcome: 'inconclusive' });
    const equal = (labelled: number) => (random: Random) => {
      const truth = random.next() < 0.3 ? 'fraud' : 'ok';
      const says = () => (random.next() < 0.98 ? truth : 'ok');
      return { production: says(), shadow: says(), truth, after: 2, labelled: random.next() < labelled };
    };
    expect(judged(equal(1), { maturity: 10 * MINUTE }).gate).toMatchObject({ outcome: 'pass' });
    expect(judged(equal(0.99), { maturity: 10 * MINUTE }).gate).toMatchObject({ outcome: 'pass' });
  });

  test('labels that came later than the youngest request could have had them are left out, and keep it open', () => {
    const { gate, truth } = judged(fast((random) => 60 + 60 * random.next()));
    expect(truth?.age).toMatchObject({ demanded: false, timed: true, young: 0 });
    expect(truth?.age?.late).toBeGreaterThan(100);
    expect(gate).toMatchObject({ outcome: 'inconclusive' });
    expect(gate.reason).toContain('early labels may not be like late ones');
    expect(gate.needs).toContain('maturity: 3h');
  });

  test('with an age that all labels have reached, requests that are younger are left out, and the others decide', () => {
    const { gate, truth } = judged(
      fast((random) => 30 + 10 * random.next()),
      { maturity: 60 * MINUTE },
    );
    // The newest label came 40 minutes after the last request or a little sooner.
    expect(truth?.age?.young).toBeGreaterThan(300);
    expect(truth?.age?.late).toBe(0);
    expect(truth?.of).toBe(4800 - (truth?.age?.young ?? 0));
    expect(truth?.rows).toBe(truth?.of);
    expect(gate).toMatchObject({ outcome: 'fail' });
    const short = judged(
      fast((random) => 30 + 10 * random.next()),
      { maturity: 20 * MINUTE },
    );
    expect(short.gate).toMatchObject({ outcome: 'inconclusive' });
    const none = judged(
      fast(() => 2),
      { maturity: 600 * MINUTE },
    );
    expect(none.gate).toMatchObject({ id: 'truth', outcome: 'inconclusive' });
    expect(none.gate.reason).toContain('No compared request was 10 h old');
  });

  test('labels without times, and an age: requests are as old as when labels were looked up', () => {
    const plain = (random: Random): Row => ({
      production: 'a',
      shadow: 'a',
      truth: 'a',
      labelled: random.next() < 0.5,
    });
    const { truth } = judged(plain, { maturity: 60 * MINUTE });
    expect(truth?.age).toMatchObject({ timed: false, demanded: true, late: 0, young: 60 * 20, within: [] });
  });
});

test('a policy says after how long labels are complete', () => {
  expect(readPolicy({ maturity: '7d' }, 'x').maturity).toBe(7 * 86_400_000);
  expect(() => readPolicy({ maturity: 7 }, 'x')).toThrow('a duration, like 7d');
});
