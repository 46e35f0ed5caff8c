import { describe, expect, test } from 'vitest';
import { boundedMeanSequence } from '../../../src/analysis/statistics/bounded.ts';
import { seededRandom } from '../../support/random.ts';

const counts = (more: number, less: number, n: number) => [
  { value: 1, count: more },
  { value: -1, count: less },
  { value: 0, count: n - more - less },
];

describe('the confidence sequence of a bounded mean', () => {
  test('is what bets on it leave', () => {
    // numpy and scipy.optimize.brentq: stakes .98 / 1.25^k > .001 with weights 1 / (1 + (2 ln(stake / .12))²), summing to 1;
    // the m at which Σ w Π (1 + stake ((x + 1) / (m + 1) − 1))^count = 20.
    for (const [more, less, n, low, high] of GOLDEN) {
      const found = boundedMeanSequence(counts(more, less, n), -1, 1, 0.05);
      expect(found).toEqual([expect.closeTo(low, 9), expect.closeTo(high, 9)]);
    }
  });

  test('knows nothing of nothing, and turns round with its values', () => {
    expect(boundedMeanSequence([], -1, 1, 0.05)).toEqual([-1, 1]);
    expect(boundedMeanSequence(counts(0, 10, 10), -1, 1, 0.05)[0]).toBe(-1);
    const [low, high] = boundedMeanSequence(counts(12, 5, 300), -1, 1, 0.05);
    const [other, another] = boundedMeanSequence(counts(5, 12, 300), -1, 1, 0.05);
    expect([-high, -low]).toEqual([expect.closeTo(other, 9), expect.closeTo(another, 9)]);
  });

  test('misses the mean in less than one of twenty runs, looked at after every value', () => {
    let missed = 0;
    for (let run = 0; run < 200; run += 1) {
      const random = seededRandom(run + 1);
      let [more, less] = [0, 0];
      for (let n = 1; n <= 400; n += 1) {
        const draw = random.next();
        if (draw < 0.07) more += 1;
        else if (draw < 0.12) less += 1;
        if (n % 20 === 0 && boundedMeanSequence(counts(more, less, n), -1, 1, 0.05)[0] > 0.02) {
          missed += 1;
          break;
        }
      }
    }
    expect(missed).toBeLessThanOrEqual(15);
  });
});

/** Only the first is right, only the second, rows; bounds. */
const GOLDEN: readonly (readonly [number, number, number, number, number])[] = [
  [0, 0, 400, -0.01820704642034221, 0.01820704642034221],
  [30, 30, 1000, -0.024212524158808812, 0.024212524158808812],
  [140, 110, 2500, -0.005280442170763733, 0.029401012678458405],
  [5, 0, 10, -0.29557996348183324, 0.8843458905759857],
  [2, 1, 5, -0.7993675384364136, 0.9081273598051104],
  [600, 10, 100000, 0.005257205504380691, 0.006601208371728728],
];
