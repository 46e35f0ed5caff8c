import { describe, expect, test } from 'vitest';
import type { Payload } from '../../../src/analysis/answers/captures.ts';
import { chooseReadings } from '../../../src/analysis/answers/choose.ts';
import type { AnswersAsked } from '../../../src/analysis/answers/choose.ts';
import type { Kind } from '../../../src/analysis/answers/kinds/kind.ts';
import { KINDS } from '../../../src/analysis/answers/kinds/table.ts';
import { parsePath } from '../../../src/analysis/answers/path.ts';
import { readWith } from '../../../src/analysis/answers/read-answers.ts';
import { seenOf } from '../../../src/analysis/answers/seen.ts';
import type { Seen } from '../../../src/analysis/answers/seen.ts';
import { seededRandom } from '../../support/random.ts';

const json = (value: unknown): Payload => ({
  data: typeof value === 'string' ? value : JSON.stringify(value),
  encoding: 'JSON',
  contentType: 'application/json',
});
const csv = (data: string): Payload => ({ data, encoding: 'CSV', contentType: 'text/csv' });

/** Answers of fifty records; the request says nothing, if it is not given. */
function sample(answer: (random: number, i: number) => Payload, input?: Payload): Seen[] {
  const random = seededRandom(3);
  return Array.from({ length: 50 }, (_, i) => {
    const seen = seenOf({ input, output: answer(random.next(), i) });
    if (seen === undefined) throw new Error('no answer');
    return seen;
  });
}

const kinds = (production: Seen[], shadow = production, asked: AnswersAsked = {}) =>
  chooseReadings(production, shadow, asked).map((pair) => `${pair.production.shape} ${pair.production.kind}`);

const probabilities = (x: number) => [x / 2, 0.5 - x / 2, 0.5];
const three = (x: number) => [x, 2 * x, 1 - x / 3];

describe('one reading, where the records leave no doubt', () => {
  test.each([
    [
      'a flat list to one picture',
      sample((x) => json(three(x)), { ...json('x'), contentType: 'image/png' }),
      'list scores',
    ],
    ['a flat list as long as the request', sample((x) => json(three(x)), json([[1], [2], [3]])), 'rows number'],
    [
      'probabilities in every answer, called predictions',
      sample((x) => json({ predictions: probabilities(x) })),
      'list scores',
    ],
    ['probabilities in every answer', sample((x) => json(probabilities(x))), 'list scores'],
    ['lists of another length each time', sample((x, i) => json(three(x).slice(0, 1 + (i % 3)))), 'rows number'],
    ['a class and its probability', sample((x, i) => csv(`${i % 3},${0.5 + x / 2}`)), 'labelled-csv scored-label'],
    ['probabilities in columns', sample((x) => csv(probabilities(x).join(','))), 'csv scores'],
    ['sentences', sample((x) => json({ generated_text: `It is ${x} degrees.` })), 'generation text'],
    [
      'answers among a few broken ones',
      sample((x, i) => (i === 7 ? json({ error: 'x' }) : json({ score: x }))),
      'rows number',
    ],
  ])('%s', (_, seen, reading) => {
    expect(kinds(seen)[0]).toBe(reading);
    if (reading !== 'list scores' || seen[0]?.askedRows === undefined) expect(kinds(seen)).toHaveLength(1);
  });
});

describe('several, where nothing decides', () => {
  test.each([
    [
      'a flat list, and no word about rows',
      sample((x) => json(three(x))),
      ['rows number', 'list scores', 'list numbers'],
    ],
    [
      'a list of numbers to one row',
      sample((x) => csv([x, 5 * x, 9 - x].join(',')), csv('1,2')),
      ['csv scores', 'csv numbers'],
    ],
    ['whole numbers, which may be classes', sample((_, i) => csv(`${i % 40}`)), ['csv label', 'csv number']],
    [
      'a class of hundreds and its probability, or two numbers',
      Array.from({ length: 4 }, (_, part) => sample((x, i) => csv(`${100 + 50 * part + i},${0.5 + x / 2}`))).flat(),
      ['labelled-csv scored-label', 'csv scores', 'csv numbers'],
    ],
    [
      'a list of whole numbers, and no word about rows',
      sample((_, i) => json([i, i + 3, i * 2])),
      ['rows label', 'rows number', 'list scores', 'list numbers'],
    ],
    [
      'a cluster and a distance, or two numbers',
      sample((x, i) => csv(`${i % 4},${x * 30}`)),
      ['labelled-csv scored-label', 'csv scores', 'csv numbers'],
    ],
    [
      'a label beside more that may matter',
      sample((x, i) => json({ label: `c${i % 2}`, score: x, price: i })),
      ['rows scored-label', 'rows json'],
    ],
    [
      'nothing but 0 and 1',
      sample((_, i) => csv(i % 2 === 0 ? '1,0' : '0,1')),
      ['labelled-csv scored-label', 'csv scores'],
    ],
  ])('%s', (_, seen, readings) => {
    expect(kinds(seen)).toEqual(readings);
  });
});

test('the sides may answer in other shapes, and are read as the kind that both allow', () => {
  const [pair] = chooseReadings(
    sample((x, i) => csv(`${i % 3},${0.5 + x / 2}`)),
    sample((x, i) => json({ predictions: [{ score: x, predicted_label: i % 3 }] })),
    {},
  );
  expect(pair).toMatchObject({
    production: { shape: 'labelled-csv', kind: 'scored-label' },
    shadow: { shape: 'rows', kind: 'scored-label' },
  });
  // One side alone leaves no doubt, and so decides for both.
  expect(
    kinds(
      sample((x) => json(three(x))),
      sample((x, i) => json(three(x).slice(0, 1 + (i % 3)))),
    ),
  ).toEqual(['rows number']);
});

test('what the user says decides', () => {
  const flat = sample((x) => json(three(x)));
  expect(kinds(flat, flat, { kind: 'scores' })).toEqual(['list scores']);
  expect(kinds(flat, flat, { kind: 'number' })).toEqual(['rows number']);
  expect(kinds(flat, flat, { path: parsePath('$[1]') })).toEqual(['path number']);
  const columns = sample((x, i) => csv(`${x},c${i % 2}`));
  const [pair] = chooseReadings(columns, columns, { path: parsePath('$[1]') });
  expect(pair && readWith(pair.production, columns[3] as Seen)).toEqual([{ label: 'c1' }]);
  const nested = sample((x, i) => json({ out: [{ name: `c${i % 2}`, p: x }] }));
  const asked = { path: parsePath('$.out[*]'), label: parsePath('$.name'), scores: parsePath('$.p') };
  const [named] = chooseReadings(nested, nested, asked);
  expect(named && readWith(named.production, nested[1] as Seen)).toEqual([{ label: 'c1', number: expect.any(Number) }]);
  const maps = sample((x) => json({ p: { yes: x, no: 1 - x } }));
  const [largest] = chooseReadings(maps, maps, { largest: parsePath('$.p') });
  expect(largest?.production.kind).toBe('scores');
  expect(largest && readWith(largest.production, maps[0] as Seen)?.[0]?.label).toMatch(/^(yes|no)$/);
});

test('answers that have no shape in common are read each by itself', () => {
  const mixed = sample(
    (x, i) => [json({ score: x }), csv('sun'), json({ choices: [{ text: 'x' }] }), csv('1,0.5')][i % 4] as Payload,
  );
  expect(kinds(mixed)).toEqual(['any any']);
});

test('a kind of answers is one value: no other file knows it', () => {
  const temperature: Kind = {
    name: 'temperature',
    title: 'a temperature',
    compared: 'to the degree',
    recognize: (values) =>
      values.every((value) => typeof value === 'string' && /^-?\d+ °C$/.test(value)) ? 'certain' : undefined,
    read: (value) => (typeof value === 'string' ? { number: Number.parseInt(value, 10) } : undefined),
  };
  const seen = sample((x) => json([`${Math.round(40 * x)} °C`]));
  KINDS.unshift(temperature);
  try {
    const [pair] = chooseReadings(seen, seen, {});
    expect(pair?.production).toMatchObject({ shape: 'rows', kind: 'temperature' });
    expect(pair && readWith(pair.production, seen[0] as Seen)).toEqual([{ number: expect.any(Number) }]);
  } finally {
    KINDS.shift();
  }
  expect(kinds(seen)).toEqual(['rows label', 'rows text']);
});
