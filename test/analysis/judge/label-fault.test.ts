import { describe, expect, test } from 'vitest';
import { labelFault, suspectedSource } from '../../../src/analysis/judge/label-fault.ts';
import type { Predictions, TruthOutcome, TruthSums } from '../../../src/analysis/predictions.ts';
import type { Random } from '../../support/random.ts';
import { told } from '../labelled.ts';
import type { Row } from '../labelled.ts';
import { blocks, paired } from './by-hand.ts';

/** Labels that cannot be those of the compared rows, or that depend on what the models answered. */

const CLASSES = ['ant', 'bee', 'cat', 'dog'];

/** Right so often; else another class. */
function answer(random: Random, truth: string, right: number, classes: readonly string[] = CLASSES): string {
  if (random.next() < right) return truth;
  const others = classes.filter((name) => name !== truth);
  return others[Math.floor(random.next() * others.length)] as string;
}

function drawn(random: Random, classes: readonly string[] = CLASSES): string {
  return classes[Math.floor(random.next() * classes.length)] as string;
}

/** Fraud in so many rows, found so often, with so many false alarms. */
function fraud(
  random: Random,
  rate: number,
  production: [number, number],
  shadow: [number, number],
): Omit<Row, 'labelled'> {
  const truth = random.next() < rate ? 'fraud' : 'ok';
  const says = ([found, alarms]: [number, number]) =>
    random.next() < (truth === 'fraud' ? found : alarms) ? 'fraud' : 'ok';
  return { production: says(production), shadow: says(shadow), truth };
}

describe('labels that belong to other rows', () => {
  test('a worse shadow does not pass, and does not fail by them', () => {
    let before = 'ant';
    const { gate } = told((random) => {
      const truth = drawn(random);
      const row = { production: answer(random, truth, 0.9), shadow: answer(random, truth, 0.75), truth: before };
      before = truth;
      return { ...row, labelled: true };
    });
    expect(gate('truth.accuracy')).toMatchObject({ outcome: 'inconclusive', gating: true, missing: undefined });
    expect(gate('truth.accuracy')?.reason).toContain('labels have nothing to do with the answers');
    expect(gate('truth.accuracy')?.needs).toContain('labels of these very requests');
  });

  test('nor where nearly all rows are of one class', () => {
    let before = 'ok';
    const { gate } = told((random) => {
      const one = fraud(random, 0.05, [0.9, 0.02], [0.3, 0.05]);
      const row = { ...one, truth: before, labelled: true };
      before = String(one.truth);
      return row;
    });
    expect(gate('truth.accuracy')).toMatchObject({ outcome: 'inconclusive' });
  });

  test('a few rows that chance could have made are no proof of it', () => {
    const rows = (right: number, wrong: number): TruthOutcome[] =>
      ['a', 'b'].flatMap((name) => [
        { production: name, shadow: name, truth: name, rows: right },
        { production: name, shadow: name, truth: name === 'a' ? 'b' : 'a', rows: wrong },
      ]);
    // 60 of 100 are right where chance gives 50: twice the error of so few is more than that.
    expect(labelFault(sums({ outcomes: rows(18, 12) }))).toBeUndefined();
    expect(labelFault(sums({ outcomes: rows(1500, 1500) }))?.reason).toContain(
      '50 % are right, and chance would give 50 %',
    );
    // One answer to nearly everything says nothing of labels.
    const constant: TruthOutcome[] = [
      { production: 'a', shadow: 'a', truth: 'a', rows: 3000 },
      { production: 'a', shadow: 'a', truth: 'b', rows: 60 },
      { production: 'b', shadow: 'b', truth: 'b', rows: 19 },
    ];
    expect(labelFault(sums({ outcomes: constant }))).toBeUndefined();
  });

  test('models that are weak, but not by chance alone, are judged', () => {
    const { gate } = told((random) => {
      const truth = drawn(random, ['up', 'down']);
      const production = answer(random, truth, 0.6, ['up', 'down']);
      return { production, shadow: random.next() < 0.98 ? production : truth, truth, labelled: true };
    });
    expect(gate('truth.accuracy')).toMatchObject({ outcome: 'pass' });
  });

  test('of probabilities, neither of which ranks the ones above the zeros', () => {
    const { gate } = told((random) => ({
      production: random.next(),
      shadow: random.next(),
      truth: random.next() < 0.5 ? 1 : 0,
      labelled: true,
    }));
    expect(gate('truth.score')).toMatchObject({ outcome: 'inconclusive' });
    expect(gate('truth.score')?.reason).toContain('labels have nothing to do with the numbers');
  });

  test('one side that ranks them is enough', () => {
    const { gate } = told((random) => {
      const chance = random.next();
      return { production: random.next(), shadow: chance, truth: random.next() < chance ? 1 : 0, labelled: true };
    });
    expect(gate('truth.score')?.reason).not.toContain('labels have nothing to do');
  });
});

describe('numbers whose labels are', () => {
  /** Of a window as long as that, a fault is named like any other. */
  const SHORT = 30;
  const normal = (random: Random) =>
    Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  /** Production scatters by 1 around the truth, the shadow by so much; labels are as `label` has them. */
  const scattering = (by: number, label: (truth: number, random: Random) => number) => (random: Random) => {
    const truth = 20 + 5 * normal(random);
    const production = truth + normal(random);
    return { production, shadow: truth + by * normal(random), truth: label(truth, random), labelled: true };
  };

  test('those of other rows: a shadow that scatters three times as much does not pass, and does not fail by them', () => {
    const { gate } = told(
      scattering(3, (_, random) => 20 + 5 * normal(random)),
      {},
      SHORT,
    );
    expect(gate('truth.error')).toMatchObject({ outcome: 'inconclusive', gating: true });
    expect(gate('truth.error')?.reason).toContain('labels have nothing to do with the numbers');
    expect(gate('truth.error')?.needs).toContain('labels of these very requests');
  });

  test.for([
    ['cents for euros', (truth: number) => 100 * truth],
    ['degrees Fahrenheit for Celsius', (truth: number) => 32 + 1.8 * truth],
    ['numbers for logarithms', (truth: number) => Math.exp(5 + truth / 10)],
    ['kelvins for degrees Celsius', (truth: number) => truth + 273.15],
  ] as const)('%s: nor there', ([, unit]) => {
    const { gate } = told(scattering(2, unit), {}, SHORT);
    expect(gate('truth.error')).toMatchObject({ outcome: 'inconclusive', gating: true });
    expect(gate('truth.error')?.reason).toContain('labels seem to be in another unit than the answers');
    expect(gate('truth.error')?.needs).toContain('labels in the unit of the answers');
  });

  test('0 and 1, of logits', () => {
    const { gate } = told(
      (random) => {
        const truth = random.next() < 0.1 ? 1 : 0;
        const production = -3 + 2 * truth + normal(random);
        return { production, shadow: -3.2 + 0.5 * truth + normal(random), truth, labelled: true };
      },
      {},
      SHORT,
    );
    expect(gate('truth.error')).toMatchObject({ outcome: 'inconclusive' });
    expect(gate('truth.error')?.reason).toContain('they are no probabilities');
  });

  test('0 and 1, of logits: where ones are rare, hardly anything rises with them, and that proves nothing', () => {
    const rows = 4000;
    // Logits scatter by 1 around -3, and lie higher by `apart` where the label is 1.
    const fault = (ones: number, apart: number) => {
      const mean = -3 + (apart * ones) / rows;
      const squares = rows * (1 + mean ** 2 + (apart ** 2 * ones * (rows - ones)) / rows ** 2);
      const side = { production: rows * mean, productionSquared: squares, productionTruth: ones * (mean + apart) };
      const shadow = { shadow: rows * mean, shadowSquared: squares, shadowTruth: ones * (mean + apart) };
      return labelFault(
        sums({
          rows,
          numbers: { maeProduction: 3, maeShadow: 3, loss: 0, lossDeviation: 0 },
          binary: { rows, ones, production: undefined, shadow: undefined },
          fit: { rows, truth: ones, truthSquared: ones, ...side, ...shadow },
        }),
      );
    };
    expect(fault(40, 0.2)).toBeUndefined();
    expect(fault(2000, 0)?.reason).toContain('labels have nothing to do with the numbers');
  });

  test('right, are judged: of a good model, of a weak one, of one that is off where all labels are alike, and of one that is always 7', () => {
    expect(told(scattering(3, (truth) => truth)).gate('truth.error')).toMatchObject({ outcome: 'fail' });
    const weak = told((random) => {
      const production = normal(random);
      return { production, shadow: production, truth: 0.1 * production + normal(random), labelled: true };
    });
    expect(weak.gate('truth.error')).toMatchObject({ outcome: 'pass' });
    const off = told((random) => {
      const truth = 10 + 0.1 * normal(random);
      const production = truth + 2 + 0.3 * normal(random);
      return { production, shadow: production, truth, labelled: true };
    });
    expect(off.gate('truth.error')).toMatchObject({ outcome: 'pass' });
    const constant = told((random) => ({ ...scattering(1, (truth) => truth)(random), shadow: 7 }));
    expect(constant.gate('truth.error')).toMatchObject({ outcome: 'fail' });
  });
});

describe('a class that no label names', () => {
  test('its labels have not come: a shadow that finds half as much fraud does not pass', () => {
    const { gate } = told((random) => {
      const one = fraud(random, 0.06, [0.8, 0.02], [0.3, 0.015]);
      return { ...one, labelled: one.truth === 'ok' };
    });
    expect(gate('truth.accuracy')).toMatchObject({ outcome: 'inconclusive' });
    expect(gate('truth.accuracy')?.reason).toMatch(/no label is fraud, .* its labels seem to be missing/);
    expect(gate('truth.accuracy')?.needs).toContain('labels of all outcomes');
  });

  test('it is written otherwise: both seem wrong there, and what the shadow loses does not show', () => {
    const { gate } = told((random) => {
      const one = fraud(random, 0.06, [0.8, 0.02], [0.35, 0.015]);
      return { ...one, truth: one.truth === 'fraud' ? 'Fraud' : 'ok', labelled: true };
    });
    expect(gate('truth.accuracy')).toMatchObject({ outcome: 'inconclusive' });
    expect(gate('truth.accuracy')?.reason).toContain('probably not written alike');
    expect(gate('truth.accuracy')?.needs).toContain('in the words of the answers (fraud)');
  });

  test('19 rows on which both models say it are chance, 20 are not; nor is a class that only one of them says', () => {
    const outcomes = (rows: number): TruthOutcome[] => [
      { production: 'a', shadow: 'a', truth: 'a', rows: 500 },
      { production: 'b', shadow: 'b', truth: 'b', rows: 500 },
      { production: 'c', shadow: 'c', truth: 'a', rows },
      { production: 'a', shadow: 'd', truth: 'a', rows: 100 },
    ];
    const fault = (rows: number) => labelFault(sums({ outcomes: outcomes(rows) }));
    expect(fault(19)).toBeUndefined();
    expect(fault(20)?.reason).toContain('no label is c, which both models say in 20 rows');
    // Where it is not known which labels there are, nothing is said.
    const others = [...outcomes(20), { production: '…', shadow: '…', truth: '…', rows: 3 }];
    expect(labelFault(sums({ outcomes: others }))).toBeUndefined();
  });

  test('true and True, 2 and 2.0 are one class', () => {
    const outcomes: TruthOutcome[] = [
      { production: 'True', shadow: 'True', truth: 'true', rows: 400 },
      { production: '2.0', shadow: '2.0', truth: '2', rows: 400 },
    ];
    expect(labelFault(sums({ outcomes }))).toBeUndefined();
  });

  test('labels by lot of which so few are expected that none is no wonder', () => {
    const strata = (rows: number): NonNullable<TruthSums['strata']> => [
      { production: 'a', differ: false, rows: 5000, labelled: 500, onlyProduction: 0, onlyShadow: 0 },
      { production: 'c', differ: false, rows, labelled: 0, onlyProduction: 0, onlyShadow: 0 },
    ];
    const outcomes: TruthOutcome[] = [
      { production: 'a', shadow: 'a', truth: 'a', rows: 450 },
      { production: 'a', shadow: 'a', truth: 'b', rows: 50 },
    ];
    expect(labelFault(sums({ outcomes, strata: strata(190) }))).toBeUndefined();
    expect(labelFault(sums({ outcomes, strata: strata(210) }))?.reason).toContain(
      'of these 0 % have one, where 10 % of the others do',
    );
  });
});

describe('labels that depend on what the shadow answers', () => {
  const row = (random: Random, labelled: (shadow: string) => boolean): Row => {
    const truth = drawn(random);
    const good = truth === 'ant' || truth === 'bee';
    const shadow = random.next() < (good ? 0.97 : 0.75) ? truth : drawn(random, ['cat', 'dog']);
    return { production: answer(random, truth, 0.9), shadow, truth, labelled: labelled(shadow) };
  };

  test('only where it says ant or bee: a shadow that is worse elsewhere does not pass', () => {
    const { gate } = told((random) => row(random, (shadow) => shadow === 'ant' || shadow === 'bee'));
    expect(gate('truth.accuracy')).toMatchObject({ outcome: 'inconclusive' });
    expect(gate('truth.accuracy')?.reason).toContain('and 3 more such classes');
  });

  test('by lot, and seldom where it says ant: the first decides, the second is noticed', () => {
    const equal = (random: Random, chance: (shadow: string) => number): Row => {
      const truth = drawn(random);
      const shadow = answer(random, truth, 0.96);
      return { production: answer(random, truth, 0.96), shadow, truth, labelled: random.next() < chance(shadow) };
    };
    const lot = told((random) => equal(random, () => 0.6));
    expect(lot.gate('truth.accuracy')).toMatchObject({ outcome: 'pass' });
    const chosen = told((random) => equal(random, (shadow) => (shadow === 'ant' ? 0.05 : 0.6)));
    expect(chosen.gate('truth.accuracy')).toMatchObject({
      outcome: 'inconclusive',
      missing: { labels: expect.any(Number) },
    });
    expect(lot.gate('truth.accuracy')?.reason).not.toContain('differing rows where production says');
    expect(chosen.gate('truth.accuracy')?.reason).toMatch(/differing rows where production says (bee|cat|dog)/);
  });

  test('every row on which the models differ, as report --label-next asks for them, is no choice', () => {
    const { gate } = told((random) => {
      const truth = drawn(random);
      const one = { production: answer(random, truth, 0.9), shadow: answer(random, truth, 0.9), truth };
      return { ...one, labelled: one.production !== one.shadow };
    });
    expect(gate('truth.accuracy')).toMatchObject({ outcome: 'pass' });
  });
});

describe('labels that equal all answers of one side', () => {
  const source = (labels: Partial<NonNullable<TruthSums['labels']>>, rows = 300) =>
    suspectedSource(
      sums({ rows, labels: { production: rows, shadow: rows, onlyProduction: 0, onlyShadow: 0, ...labels } }),
    );

  test('of 300 and more, where the other is wrong in 20', () => {
    expect(source({ shadow: 280 })).toBe('production');
    expect(source({ production: 280 })).toBe('shadow');
    expect(source({ shadow: 281 })).toBeUndefined();
    expect(source({ shadow: 279 }, 299)).toBeUndefined();
    expect(source({})).toBeUndefined();
    expect(source({ shadow: 280, production: 299 })).toBeUndefined();
  });
});

/** No more of the sums than is asked for here. */
function sums(truth: Partial<TruthSums>): Predictions {
  return paired(
    blocks(100, () => ({})),
    {
      truth: {
        rows: 1000,
        of: 1000,
        labels: undefined,
        numbers: undefined,
        unknown: 0,
        strata: strataOf(truth),
        ...truth,
      },
    },
  );
}

function strataOf({ outcomes = [] }: Partial<TruthSums>): TruthSums['strata'] {
  const classes = new Set(outcomes.map(({ production }) => production));
  return [...classes].flatMap((production) =>
    [false, true].map((differ) => {
      const own = outcomes.filter((one) => one.production === production && (one.shadow !== production) === differ);
      const rows = own.reduce((sum, one) => sum + one.rows, 0);
      return { production, differ, rows, labelled: rows, onlyProduction: 0, onlyShadow: 0 };
    }),
  );
}
