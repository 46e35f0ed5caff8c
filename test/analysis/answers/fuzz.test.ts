import { describe, expect, test } from 'vitest';
import type { Capture, CaptureSet, Payload } from '../../../src/analysis/answers/captures.ts';
import { seededRandom } from '../../support/random.ts';
import { sampled } from '../../support/sizes.ts';
import { GOLDEN } from './golden.ts';
import type { Golden } from './golden.ts';
import { RECORDS, SECONDS, START, verdictOf } from './verdict-of.ts';

type Random = ReturnType<typeof seededRandom>;

/** Members that belong to the form of an answer, and not to what it says. */
const FORM = new Set([
  'shape',
  'datatype',
  'name',
  'model_name',
  'object',
  'type',
  'role',
  'id',
  'created',
  'index',
  'refusal',
  'finish_reason',
  'stop_reason',
  'usage',
  'special',
]);
const WORDS = ['sun', 'rain', 'snow', 'fog', 'wind', 'hail', 'sleet', 'storm'];
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;

/** Another answer of the same form: every number and every word anew. */
function anew(value: unknown, random: Random, name = ''): unknown {
  if (FORM.has(name)) return value;
  if (Array.isArray(value)) {
    const isScores = value.length > 1 && value.every((one) => typeof one === 'number' && one >= 0 && one <= 1);
    if (isScores) {
      const drawn = value.map(() => random.next() ** 3 + 1e-3);
      const total = drawn.reduce((sum, one) => sum + one, 0);
      return drawn.map((one) => one / total);
    }
    // Classes beside their scores: each once.
    if (value.length > 1 && value.every((one) => typeof one === 'string'))
      return value.toSorted(() => random.next() - 0.5);
    return value.map((one) => anew(one, random, name));
  }
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, anew(inner, random, key)]));
  if (typeof value === 'number') {
    if (Number.isInteger(value)) return Math.floor(random.next() * 4);
    return value > 0 && value < 1 ? random.next() : 10 * random.normal();
  }
  if (typeof value !== 'string') return value;
  return /\s/.test(value) || name === 'content'
    ? Array.from({ length: 9 }, () => pick(random, WORDS)).join(' ')
    : pick(random, WORDS);
}

function another({ output }: Golden, random: Random): Payload {
  const { data, encoding, contentType } = output;
  if (encoding === 'BASE64')
    return { ...output, data: Buffer.from([0x93, 0, Math.floor(random.next() * 200)]).toString('base64') };
  if (encoding === 'CSV') {
    const lines = data
      .trim()
      .split('\n')
      .map((line) => {
        const cells = JSON.parse(
          `[${line
            .replaceAll('""', '"')
            .replaceAll(`'`, '\\u0027')
            .replaceAll(/(^|,)([a-z][a-z._]*)/g, '$1"$2"')}]`,
        ) as unknown[];
        return (anew(cells, random) as unknown[]).map((cell, i) => csvCell(cell, cells[i], random)).join(',');
      });
    return { ...output, data: lines.join('\n') };
  }
  const values =
    contentType === 'text/event-stream'
      ? data
          .split('\n')
          .filter((line) => line.startsWith('data: {'))
          .map((line) => line.slice(6))
      : data.trim().split('\n');
  const made = values.map((text) => JSON.stringify(anew(JSON.parse(text), random)));
  return {
    ...output,
    data: contentType === 'text/event-stream' ? made.map((one) => `data: ${one}\n\n`).join('') : made.join('\n'),
  };
}

/** Lists in a cell keep their form; classes among them stay. */
function csvCell(cell: unknown, before: unknown, random: Random): string {
  if (typeof before !== 'string' || !before.startsWith('[')) return String(cell);
  if (!before.includes('.')) return `"${before}"`;
  const list = anew(JSON.parse(before), random) as number[];
  return `"[${list.join(', ')}]"`;
}

function sets(
  golden: Golden,
  differing: number,
  mutate: (payload: Payload) => Payload = (one) => one,
): Record<'production' | 'shadow', CaptureSet> {
  const random = seededRandom(golden.of.length);
  const captures: Record<'production' | 'shadow', Capture[]> = { production: [], shadow: [] };
  for (let i = 0; i < RECORDS; i += 1) {
    const ours = another(golden, random);
    const theirs = random.next() < differing ? another(golden, random) : ours;
    const record = {
      inferenceId: `r-${i}`,
      eventId: undefined,
      at: START + i * SECONDS * 1000,
      input: {
        ...golden.input,
        data: golden.input.encoding === 'CSV' ? golden.input.data.replaceAll('0.5', `${i}`) : golden.input.data,
      },
    };
    captures.production.push({ ...record, output: ours });
    captures.shadow.push({ ...record, output: mutate(theirs) });
  }
  const set = (side: 'production' | 'shadow') => ({
    files: 1,
    captures: captures[side],
    unreadable: 0,
    outside: 0,
    examples: [],
  });
  return { production: set('production'), shadow: set('shadow') };
}

const CASES = sampled(
  GOLDEN.map((one) => [one.of, one] as const),
  18,
);

describe('an answer that says something else in four of ten requests never passes', () => {
  test.each(CASES)('%s', async (_, golden) => {
    const { outcome, predictions } = await verdictOf(sets(golden, 0.4));
    expect(predictions.pairs).toBe(RECORDS);
    expect(outcome).not.toBe('pass');
  });
});

describe('the same answers do not fail', () => {
  test.each(CASES)('%s', async (_, golden) => {
    const { outcome, gates } = await verdictOf(sets(golden, 0));
    expect(gates?.filter((gate) => gate.gating && gate.outcome === 'fail').map(({ id }) => id)).toEqual([]);
    expect(outcome).not.toBe('fail');
  });
});

const spaced = (payload: Payload): Payload => {
  if (payload.encoding !== 'JSON' || payload.contentType !== 'application/json') return payload;
  return { ...payload, data: `${JSON.stringify(JSON.parse(payload.data), null, 2)}\n` };
};
const broken: [string, (payload: Payload) => Payload][] = [
  ['cut in half', (payload) => ({ ...payload, data: payload.data.slice(0, Math.floor(payload.data.length / 2)) })],
  [
    'an error page',
    (payload) => ({
      ...payload,
      encoding: 'CSV',
      contentType: 'text/html',
      data: '<html><body>502 Bad Gateway</body></html>',
    }),
  ],
  [
    'an error in JSON',
    (payload) => ({
      ...payload,
      encoding: 'JSON',
      contentType: 'application/json',
      data: '{"error": "out of memory"}',
    }),
  ],
  ['nothing', (payload) => ({ ...payload, data: '' })],
  ['null', (payload) => ({ ...payload, encoding: 'JSON', contentType: 'application/json', data: 'null' })],
];

describe('broken answers never pass, and never crash', () => {
  test.each(broken)('%s', async (_, mutate) => {
    for (const golden of GOLDEN.filter((__, i) => i % 4 === 0)) {
      const { outcome } = await verdictOf(sets(golden, 0, mutate));
      expect([golden.of, outcome]).not.toEqual([golden.of, 'pass']);
    }
  });
});

test('spaces and line ends say nothing', async () => {
  for (const golden of GOLDEN.filter(({ output }) => output.contentType === 'application/json').slice(0, 12)) {
    const { gates } = await verdictOf(sets(golden, 0, spaced));
    expect([golden.of, gates?.filter((gate) => gate.gating && gate.outcome === 'fail').map(({ id }) => id)]).toEqual([
      golden.of,
      [],
    ]);
  }
});
