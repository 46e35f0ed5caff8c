import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Capture, Payload } from '../../../src/analysis/answers/captures.ts';
import { seededRandom } from '../../support/random.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { RECORDS, SECONDS, START, verdictOf } from './verdict-of.ts';

type Random = ReturnType<typeof seededRandom>;

/** Answers of which one part changes in every request, and the part that is usually read does not. */
interface Adversary<State> {
  of: string;
  input?: (i: number) => Payload;
  draw: (random: Random, i: number) => State;
  output: (state: State) => Payload;
  change: (state: State, random: Random, i: number) => State;
  /** What the same answers come to; texts need more requests, for their refusals. */
  same?: 'inconclusive';
}

const payload = (contentType: string, encoding: Payload['encoding']) => (data: string) => ({
  data,
  encoding,
  contentType,
});
const jsonText = payload('application/json', 'JSON');
const json = (value: unknown) => jsonText(JSON.stringify(value));
const csv = payload('text/csv', 'CSV');
const row = (i: number) => csv(`${i},0.5`);
const instance = (i: number) => json({ instances: [{ features: [i, 0.5] }] });

const CLASSES = ['cat', 'dog', 'bird', 'fish'];
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
const another = (random: Random, one: string) =>
  pick(
    random,
    CLASSES.filter((name) => name !== one),
  );
const softmax = (logits: readonly number[]) => {
  const all = logits.map((one) => Math.exp(one));
  return all.map((one) => one / all.reduce((sum, other) => sum + other, 0));
};
const numbers = (random: Random, count: number) => Array.from({ length: count }, () => random.normal());
const applying = (random: Random) => CLASSES.map(() => (random.next() < 0.5 ? 0.9 : 0.1));
const WORDS = 'the claim was filed by a customer on monday after water from a burst pipe had reached the floor'.split(
  ' ',
);
const sentence = (random: Random) => Array.from({ length: 30 }, () => pick(random, WORDS)).join(' ');
const generated = (text: string) => json([{ generated_text: text }]);

/** Typed by its draw, kept without the type. */
const of = <State>(adversary: Adversary<State>) => adversary as unknown as Adversary<unknown>;

const ADVERSARIES: readonly Adversary<unknown>[] = [
  of({
    of: 'a prediction in words beside its probability',
    draw: (random) => ({ name: pick(random, CLASSES), p: random.next() }),
    output: ({ name, p }) => json({ prediction: name, probability: p }),
    change: (one, random) => ({ ...one, name: another(random, one.name) }),
  }),
  of({
    of: 'a prediction in numbers beside a score',
    draw: (random) => ({ value: random.normal(), p: random.next() }),
    output: ({ value, p }) => json({ prediction: value, score: p }),
    change: (one, random) => ({ ...one, value: random.normal() }),
  }),
  of({
    of: 'two classes in one record',
    draw: (random) => ({ first: pick(random, CLASSES), second: pick(random, CLASSES) }),
    output: ({ first, second }) => json({ label: first, class: second }),
    change: (one, random) => ({ ...one, second: another(random, one.second) }),
  }),
  of({
    of: 'two classes, of which the new model gives one',
    draw: (random) => ({ first: pick(random, CLASSES), second: pick(random, CLASSES) as string | undefined }),
    output: ({ first, second }) => json({ label: first, class: second }),
    change: (one) => ({ ...one, second: undefined }),
  }),
  of({
    of: 'a class beside the classes that apply',
    draw: (random) => ({ first: pick(random, CLASSES), all: CLASSES.filter(() => random.next() < 0.5) }),
    output: ({ first, all }) => json({ label: first, labels: all }),
    change: (one) => ({ ...one, all: CLASSES.filter((name) => !one.all.includes(name)) }),
  }),
  of({
    of: 'a list of answers beside predictions',
    // Of 330 rows a lean of a twentieth is excluded where they range over no more than some four deviations.
    draw: (random) => ({ value: random.next(), name: pick(random, CLASSES) }),
    output: ({ value, name }) => json({ predictions: [value], categories: [name] }),
    change: (one, random) => ({ ...one, name: another(random, one.name) }),
  }),
  of({
    of: 'a class beside an embedding',
    draw: (random) => ({ vector: numbers(random, 16), name: pick(random, CLASSES) }),
    output: ({ vector, name }) => json({ embedding: vector, label: name }),
    change: (one, random) => ({ ...one, name: another(random, one.name) }),
  }),
  of({
    of: 'a forecast with its quantiles',
    draw: (random) => ({ mean: numbers(random, 6).map((one) => 50 + one), width: 20 }),
    output: ({ mean, width }) =>
      json({
        predictions: [
          { mean, quantiles: { 0.1: mean.map((one) => one - width), 0.9: mean.map((one) => one + width) } },
        ],
      }),
    change: (one) => ({ ...one, width: 1 }),
  }),
  of({
    of: 'a forecast whose end is lost',
    draw: (random) => numbers(random, 24).map((one) => 1000 + 10 * one),
    output: (mean) => json({ predictions: [{ mean }] }),
    change: (mean) => mean.map((one, i) => (i > 21 ? one / 2 : one)),
  }),
  of({
    of: 'several numbers, one much larger than the others',
    draw: (random) => [900 + random.next(), 20 * random.next(), 5 * random.next()],
    output: (list) => json({ predictions: [list] }),
    change: ([first], random) => [first as number, 20 * random.next(), 5 * random.next()],
  }),
  of({
    of: 'the same under score',
    draw: (random) => [900 + random.next(), 20 * random.next()],
    output: (list) => json({ predictions: [{ score: list }] }),
    change: ([first], random) => [first as number, 20 * random.next()],
  }),
  of({
    of: 'the same as a prediction',
    draw: (random) => [900 + random.next(), 20 * random.next()],
    output: (list) => json({ prediction: list }),
    change: ([first], random) => [first as number, 20 * random.next()],
  }),
  of({
    of: 'vectors that have most in common',
    draw: (random) => [500, ...numbers(random, 31)],
    output: (vector) => json({ embedding: vector }),
    change: (_, random) => [500, ...numbers(random, 31)],
  }),
  of({
    of: 'numbers of which a few are very large, all twice as large',
    // One such number more, of many hundreds, would move the mean: so few rows do not exclude it.
    same: 'inconclusive',
    input: row,
    draw: (random) => Math.exp(3 * random.normal()),
    output: (value) => csv(String(value)),
    change: (value) => 2 * value,
  }),
  of({
    of: 'a text in which one word decides',
    same: 'inconclusive',
    draw: (random) => ({ text: sentence(random), word: 'approved' }),
    output: ({ text, word }) => generated(`${text} so it is ${word}`),
    change: (one) => ({ ...one, word: 'denied' }),
  }),
  of({
    of: 'programs that calculate otherwise',
    same: 'inconclusive',
    draw: (_, i) => ({ name: `f${i}`, sign: '+' }),
    output: ({ name, sign }) => generated(`def ${name}(a, b):\n    return a ${sign} b`),
    change: (one) => ({ ...one, sign: '-' }),
  }),
  of({
    of: 'a text whose number has another sign',
    same: 'inconclusive',
    draw: (_, i) => ({ number: i, sign: '-' }),
    output: ({ number, sign }) => generated(`The change is ${sign}${number} percent`),
    change: (one) => ({ ...one, sign: '' }),
  }),
  of({
    of: 'a chat that calls another function, in the older form',
    same: 'inconclusive',
    draw: (random, i) => ({ name: pick(random, CLASSES), text: `Looking into ${i}` }),
    output: ({ name, text }) =>
      json({
        choices: [{ message: { content: text, function_call: { name, arguments: '{}' } }, finish_reason: 'stop' }],
      }),
    change: (one, random) => ({ ...one, name: another(random, one.name) }),
  }),
  of({
    of: 'boxes in lists of their own',
    draw: (random) => ({ box: numbers(random, 4), name: pick(random, CLASSES) }),
    output: ({ box, name }) => json({ boxes: [box], labels: [name], scores: [0.9] }),
    change: (one, random) => ({ ...one, box: numbers(random, 4) }),
  }),
  of({
    of: 'named parts of a text in the words of classes',
    draw: (random) => Math.floor(50 * random.next()),
    output: (start) => json([[{ label: 'PER', score: 0.9, start, end: start + 4 }]]),
    change: (start) => start + 1,
  }),
  of({
    of: 'several classes that apply, with names',
    draw: (random) => [0.99, ...applying(random)],
    output: (scores) => json([scores.map((score, i) => ({ label: `LABEL_${i}`, score }))]),
    change: ([first, ...scores]) => [first as number, ...scores.map((one) => 1 - one)],
  }),
  of({
    of: 'several classes that apply, zero-shot',
    draw: (random) => [0.99, ...applying(random)],
    output: (scores) => json({ sequence: 'a', labels: ['always', ...CLASSES], scores }),
    change: ([first, ...scores]) => [first as number, ...scores.map((one) => 1 - one)],
  }),
  of({
    of: 'a list of items with a class each',
    draw: (random) => [pick(random, CLASSES), pick(random, CLASSES)],
    output: (names) => json({ predictions: [names.map((label, index) => ({ index, label }))] }),
    change: (names, random) => names.map((name) => another(random, name)),
  }),
  of({
    of: 'items with their scores, in another order',
    draw: (random) => [11, 12, 13, 14, 15, 16].toSorted(() => random.next() - 0.5),
    output: (ids) => json({ results: ids.map((id, i) => ({ id, score: 1 - i / 10 })) }),
    change: (ids) => ids.toReversed(),
  }),
  of({
    of: 'ids of more digits than a number keeps',
    draw: (random) => 1_234_567_890_123_456_000n + BigInt(Math.floor(900 * random.next())),
    output: (id) => jsonText(`{"predictions": [${id}]}`),
    change: (id) => id + 1n,
  }),
  of({
    of: 'the same in CSV',
    input: row,
    draw: (random) => 1_234_567_890_123_456_000n + BigInt(Math.floor(900 * random.next())),
    output: (id) => csv(String(id)),
    change: (id) => id + 1n,
  }),
  of({
    of: 'CSV of two classes and a score',
    input: row,
    draw: (random) => ({ first: pick(random, CLASSES), p: random.next(), second: pick(random, CLASSES) }),
    output: ({ first, p, second }) => csv(`${first},${p},${second}`),
    change: (one, random) => ({ ...one, second: another(random, one.second) }),
  }),
  of({
    of: 'CSV of an id and a score',
    input: row,
    draw: (random, i) => ({ id: i, p: random.next() }),
    output: ({ id, p }) => csv(`${id},${p}`),
    change: (one, random) => ({ ...one, p: random.next() }),
  }),
  of({
    of: 'CSV whose rows are numbered',
    input: (i) => csv(`${i},1\n${i},2`),
    draw: (random) => [random.next(), random.next()],
    output: (scores) => csv(scores.map((one, i) => `${i},${one}`).join('\n')),
    change: (_, random) => [random.next(), random.next()],
  }),
  of({
    of: 'CSV of latitude and longitude',
    input: row,
    draw: (random) => [48 + random.next() / 10, 11 + random.next() / 10],
    output: (place) => csv(place.join(',')),
    change: (_, random) => [48 + random.next() / 10, 11 + random.next() / 10],
  }),
  of({
    of: 'a score beside a label that stays',
    draw: (random) => ({ name: pick(random, CLASSES), p: random.next() }),
    output: ({ name, p }) => json({ predictions: [{ predicted_label: name, score: p }] }),
    change: (one) => ({ ...one, p: one.p / 10 }),
  }),
  of({
    of: 'logits in place of probabilities',
    draw: (random) => ({ logits: numbers(random, 3), soft: true }),
    output: ({ logits, soft }) => json({ predictions: [soft ? softmax(logits) : logits] }),
    change: (one) => ({ ...one, soft: false }),
  }),
  of({
    of: 'probabilities in place of logits, by name',
    draw: (random) => ({ logits: numbers(random, 3), soft: false }),
    output: ({ logits, soft }) =>
      json([[...(soft ? softmax(logits) : logits)].map((score, i) => ({ label: CLASSES[i], score }))]),
    change: (one) => ({ ...one, soft: true }),
  }),
  of({
    of: 'the names of the classes in another order than their probabilities',
    draw: (random) => ({ p: softmax(numbers(random, 3)), names: CLASSES.slice(0, 3) }),
    output: ({ p, names }) =>
      json({ probabilities: p, labels: names, predicted_label: CLASSES[p.indexOf(Math.max(...p))] }),
    change: (one) => ({ ...one, names: one.names.toReversed() }),
  }),
  of({
    of: 'a member under another name',
    draw: (random) => ({ name: pick(random, CLASSES), p: random.next(), key: 'score' }),
    output: ({ name, p, key }) => json({ label: name, [key]: p }),
    change: (one) => ({ ...one, key: 'probability' }),
  }),
  of({
    of: 'the same answer in a list',
    draw: (random) => ({ name: pick(random, CLASSES), p: random.next(), isList: false }),
    output: ({ name, p, isList }) => json(isList ? [{ label: name, score: p }] : { label: name, score: p }),
    change: (one) => ({ ...one, isList: true }),
  }),
  of({
    of: 'a score as text',
    draw: (random) => ({ name: pick(random, CLASSES), p: random.next() as number | string }),
    output: ({ name, p }) => json({ label: name, score: p }),
    change: (one) => ({ ...one, p: String(one.p) }),
  }),
  of({
    of: 'JSON in a string of JSON',
    draw: (random) => ({ name: pick(random, CLASSES), quoted: false }),
    output: ({ name, quoted }) => json(quoted ? JSON.stringify({ label: name }) : { label: name }),
    change: (one) => ({ ...one, quoted: true }),
  }),
  of({
    of: 'CSV whose columns are turned',
    input: row,
    draw: (random) => ({ name: pick(random, CLASSES), p: random.next(), turned: false }),
    output: ({ name, p, turned }) => csv(turned ? `${p},${name}` : `${name},${p}`),
    change: (one) => ({ ...one, turned: true }),
  }),
  of({
    of: 'CSV that has lost its header',
    input: row,
    draw: (random) => ({ name: pick(random, CLASSES), p: random.next(), header: 'label,probability\n' }),
    output: ({ name, p, header }) => csv(`${header}${name},${p}`),
    change: (one) => ({ ...one, header: '' }),
  }),
  of({
    of: 'an answer of the same words in another place',
    same: 'inconclusive',
    draw: (random) => ({ words: `the ${pick(random, CLASSES)}`, start: Math.floor(90 * random.next()) }),
    output: ({ words, start }) => json({ score: 0.9, start, end: start + words.length, answer: words }),
    change: (one) => ({ ...one, start: one.start + 7 }),
  }),
  of({
    of: 'questions of which many have no answer',
    same: 'inconclusive',
    draw: (random) => ({ found: random.next() < 0.5, words: `the ${pick(random, CLASSES)}` }),
    output: ({ found, words }) =>
      json(found ? { score: 0.9, start: 3, end: 9, answer: words } : { score: 0.9, start: 0, end: 0, answer: '' }),
    change: (one) => ({ ...one, found: !one.found }),
  }),
  of({
    of: 'a number as the score of the one class of a regression',
    draw: (random) => random.normal(),
    output: (score) => json([{ label: 'LABEL_0', score }]),
    change: (score) => score * 3,
  }),
  of({
    of: 'a transcript with other times',
    same: 'inconclusive',
    draw: (random) => ({ text: sentence(random), at: Math.floor(90 * random.next()) }),
    output: ({ text, at }) => json({ text, chunks: [{ timestamp: [0, at], text }] }),
    change: (one) => ({ ...one, at: one.at + 7 }),
  }),
  of({
    of: 'parts of a text of which many have none',
    draw: (random) => ({ found: random.next() < 0.5, name: pick(random, CLASSES) }),
    output: ({ found, name }) => json(found ? [{ entity_group: name, score: 0.9, word: 'a', start: 0, end: 1 }] : []),
    change: (one, random) => ({ ...one, name: another(random, one.name) }),
  }),
  of({
    of: 'a list of words of which many are empty',
    draw: (random) => CLASSES.filter(() => random.next() < 0.3),
    output: (names) => json({ predictions: names }),
    change: (names) => CLASSES.filter((name) => !names.includes(name)),
  }),
  of({
    of: 'vectors of length 1 whose largest number stays in its place',
    input: (i) => json({ inputs: `sun ${i}` }),
    draw: (random) => {
      const vector = numbers(random, 64);
      const length = Math.hypot(...vector);
      return vector.map((one) => one / length);
    },
    output: (vector) => json(vector),
    change: (vector, random) => {
      const most = Math.max(...vector);
      return vector.map((one) => (one === most ? one : Math.min(most - 0.001, random.normal() / 8)));
    },
  }),
  of({
    of: 'CSV of a class and its scores that breaks off',
    input: row,
    draw: (random) => ({ name: pick(random, CLASSES), p: random.next(), end: ']"' }),
    output: ({ name, p, end }) => csv(`${name},${p},"[${p}, ${1 - p}${end}`),
    change: (one) => ({ ...one, end: '' }),
  }),
  of({
    of: 'a stream, and one answer',
    same: 'inconclusive',
    draw: (random) => ({ text: sentence(random), streamed: true }),
    output: ({ text, streamed }) =>
      streamed
        ? payload(
            'text/event-stream',
            'JSON',
          )(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text } }] })}\n\n`)
        : json({ choices: [{ index: 0, message: { content: text }, finish_reason: 'stop' }] }),
    change: (one) => ({ ...one, streamed: false }),
  }),
  of({
    of: 'two routes of one endpoint',
    draw: (random, i) => ({
      even: i % 2 === 0,
      name: pick(random, CLASSES),
      list: [900 + random.next(), random.next()],
    }),
    output: ({ even, name, list }) => json(even ? { label: name } : [list]),
    change: (one, random) => ({ ...one, list: [900 + random.next(), random.next()] }),
  }),
];

async function outcomeOf({ input = instance, draw, output, change }: Adversary<unknown>, changed: boolean) {
  const random = seededRandom(7);
  const captures: Record<'production' | 'shadow', Capture[]> = { production: [], shadow: [] };
  for (let i = 0; i < RECORDS; i += 1) {
    const state = draw(random, i);
    const other = changed ? change(state, random, i) : state;
    const record = { inferenceId: `r-${i}`, eventId: undefined, at: START + i * SECONDS * 1000, input: input(i) };
    captures.production.push({ ...record, output: output(state) });
    captures.shadow.push({ ...record, output: output(other) });
  }
  const set = (side: 'production' | 'shadow') => ({
    files: 1,
    captures: captures[side],
    unreadable: 0,
    outside: 0,
    examples: [],
  });
  const { outcome, predictions } = await verdictOf({ production: set('production'), shadow: set('shadow') });
  expect(predictions.pairs).toBe(RECORDS);
  return outcome;
}

const CASES = ADVERSARIES.map((one) => [one.of, one] as const);

describe('a part of the answer that changes in every request is seen, beside one that stays', () => {
  test.each(CASES)('%s', async (_, adversary) => {
    expect(await outcomeOf(adversary, true)).not.toBe('pass');
    expect(await outcomeOf(adversary, false)).toBe(adversary.same ?? 'pass');
  });
});

const bytes = (text: string): Payload => ({
  data: Buffer.from(text).toString('base64'),
  encoding: 'BASE64',
  contentType: 'application/octet-stream',
});
const packed = (text: string, level: number) =>
  payload('application/json', 'BASE64')(gzipSync(text, { level }).toString('base64'));
const turned = (state: { name: string; p: number }) => ({ probability: state.p, label: state.name });

test.each<[string, (state: { name: string; p: number }) => Payload, (state: { name: string; p: number }) => Payload]>([
  ['members in another order', (one) => json({ label: one.name, probability: one.p }), (one) => json(turned(one))],
  [
    'whole numbers and others',
    ({ name }) => json({ label: name, n: 2 }),
    ({ name }) => jsonText(`{"label":"${name}","n":2.0}`),
  ],
  [
    'blanks in JSON among bytes',
    ({ name }) => bytes(`{"label":"${name}"}`),
    ({ name }) => bytes(`{ "label": "${name}" }\n`),
  ],
  [
    'JSON that is packed otherwise',
    (one) => packed(JSON.stringify({ label: one.name }), 1),
    (one) => packed(JSON.stringify({ label: one.name }), 9),
  ],
  [
    'columns of CSV in another order, under a header',
    ({ name, p }) => csv(`label,probability\n${name},${p}`),
    ({ name, p }) => csv(`probability,label\n${p},${name}`),
  ],
  [
    'classes in another order, with their names',
    ({ p }) => json({ probabilities: [p, 1 - p], labels: ['cat', 'dog'] }),
    ({ p }) => json({ probabilities: [1 - p, p], labels: ['dog', 'cat'] }),
  ],
])('%s say the same', async (_, production, shadow) => {
  const random = seededRandom(7);
  const draws = Array.from({ length: RECORDS }, () => ({ name: pick(random, CLASSES), p: random.next() }));
  const set = (output: (state: { name: string; p: number }) => Payload) => ({
    files: 1,
    captures: draws.map((state, i) => ({
      inferenceId: `r-${i}`,
      eventId: undefined,
      at: START + i * SECONDS * 1000,
      input: row(i),
      output: output(state),
    })),
    unreadable: 0,
    outside: 0,
    examples: [],
  });
  const { outcome, gates } = await verdictOf({ production: set(production), shadow: set(shadow) });
  expect(gates?.filter((gate) => gate.gating && gate.outcome !== 'pass').map(({ id }) => id)).toEqual([]);
  expect(outcome).toBe('pass');
});

test('scores beside equal labels that move, and are spread as before, inform', async () => {
  const random = seededRandom(11);
  const names = Array.from({ length: RECORDS }, () => pick(random, CLASSES));
  const side = () => ({
    files: 1,
    captures: names.map((name, i) => ({
      inferenceId: `r-${i}`,
      eventId: undefined,
      at: START + i * SECONDS * 1000,
      input: row(i),
      output: json({ label: name, score: 0.5 + random.next() / 2 }),
    })),
    unreadable: 0,
    outside: 0,
    examples: [],
  });
  const { outcome, gates } = await verdictOf({ production: side(), shadow: side() });
  expect(gates?.find(({ id }) => id === 'labels.scores')).toMatchObject({ gating: false, outcome: 'inconclusive' });
  expect(outcome).toBe('pass');
  // Of few scores nobody knows how they are spread.
  const few = { ...DEFAULT_POLICY, minimumPairs: RECORDS + 1 };
  const asked = (await verdictOf({ production: side(), shadow: side() }, few)).gates;
  expect(asked?.find(({ id }) => id === 'labels.scores')).toMatchObject({ gating: true, outcome: 'inconclusive' });
});
