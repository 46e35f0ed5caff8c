import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { compareRecords } from '../../../src/analysis/compare/compare.ts';
import { readChunk } from '../../../src/analysis/compare/ingest/feed.ts';
import type { LabelRow } from '../../../src/analysis/compare/label-next.ts';
import type { Predictions } from '../../../src/analysis/predictions.ts';
import { comparable } from './comparable.ts';
import { csv, generated, KINDS, secondOf, START, WINDOW } from './generated.ts';
import type { Ids, Kind } from './generated.ts';
import type { AnswersAsked } from '../../../src/analysis/answers/choose.ts';
import type { Maturity } from '../../../src/analysis/answers/label-age.ts';
import type { Prices } from '../../../src/analysis/answers/prices.ts';
import { readReference } from '../../../src/analysis/answers/reference.ts';
import type { Reference } from '../../../src/analysis/answers/reference.ts';
import { DEFAULT_RULES } from '../../../src/analysis/answers/compare-rules.ts';
import type { CompareRules } from '../../../src/analysis/answers/compare-rules.ts';
import type { Truth } from '../../../src/analysis/answers/truth.ts';
import { seededRandom } from '../../support/random.ts';
import { isWhole, sampled } from '../../support/sizes.ts';
import { readTruth } from '../read-truth.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-engines-'));
afterAll(() => rmSync(folder, { recursive: true }));

const captures = (kind: Kind, ids: Ids) => generated(folder, kind, ids);

function write(name: string, production: string | Uint8Array, shadow: string | Uint8Array, end = '.jsonl') {
  const files = { production: join(folder, `${name}-production${end}`), shadow: join(folder, `${name}-shadow${end}`) };
  writeFileSync(files.production, production);
  writeFileSync(files.shadow, shadow);
  return files;
}

/** Kinds whose lines one test reads side by side: there they are read by JSON.parse too, alone only in the matrix. */
const MIXED = KINDS.slice(0, 9);

const both = (kind: Kind, ids: Ids, truth?: Truth) =>
  compareBoth(captures(kind, ids), truth, {}, isWhole('matrix') || !MIXED.some(({ title }) => title === kind.title));

async function compareBoth(
  files: { production: string; shadow: string },
  truth?: Truth,
  asked: {
    answers?: AnswersAsked;
    rules?: CompareRules;
    cluster?: string;
    prices?: Prices;
    maturity?: Maturity;
    reference?: Reference;
  } = {},
  parsedToo = isWhole('matrix'),
): Promise<{ memory: Predictions; sql: Predictions }> {
  const records = { production: { files: [files.production] }, shadow: { files: [files.shadow] }, window: WINDOW };
  const compare = async (inMemory: boolean, fastPath: boolean) =>
    compareRecords(
      { ...records, sampling: 1 },
      {
        tolerance: undefined,
        truth,
        ...asked,
        memory: '500MB',
        spill: join(folder, 'spill'),
        threads: 1,
        inMemory,
        fastPath,
      },
    );
  const { predictions: sql } = await compare(false, true);
  // Lines read by their bytes and by JSON.parse; which examples are shown goes by the order in which they are met.
  if (parsedToo) expect(comparable((await compare(false, false)).predictions)).toEqual(comparable(sql));
  const { predictions: memory } = await compare(true, false);
  return { memory, sql };
}

describe('two engines, written apart, give one answer', () => {
  test.each(KINDS.filter(({ title }) => /a few classes|other scores/.test(title)))(
    'count where the scores of other classes lie: $title',
    async (kind) => {
      const { memory, sql } = await both({ ...kind, title: `${kind.title}, alone` }, 'inferenceId');
      expect(memory.labels?.others?.beyond).toBeGreaterThan(100);
      expect(sql.labels?.others).toEqual(memory.labels?.others);
      expect(sql.blocks.map(({ others }) => others)).toEqual(memory.blocks.map(({ others }) => others));
    },
  );

  test.each([
    ['a label and the chance of it', 'linear-learner binary', ['0', '1']],
    ['classes by their names', 'HuggingFace, all classes, sorted', ['c0', 'c2']],
  ])('hold probabilities against labels: %s', async (_, of, names) => {
    const kind = KINDS.find(({ title }) => title === of) as Kind;
    const rows = Array.from({ length: 390 }, (_row, i) => `request-${i},${names[i % 2]}`);
    const truth = readTruth(`inferenceId,label\n${rows.join('\n')}\n`, 'truth.csv');
    const { memory, sql } = await both({ ...kind, title: `${of}, labelled` }, 'inferenceId', truth);
    expect(memory.truth).toMatchObject({ named: true });
    expect(memory.truth?.scores?.reduce((sum, { labelled }) => sum + labelled, 0)).toBe(memory.truth?.rows);
    expect(comparable(sql)).toEqual(comparable(memory));
  });

  test.each(sampled(KINDS, 3))('$title', async (kind) => {
    const { memory, sql } = await both(kind, 'inferenceId');
    expect(memory.task).toBe(kind.task);
    expect(memory.pairs).toBeGreaterThan(390);
    expect(memory.slices?.length).toBeGreaterThan(3);
    expect(memory.repeats).toMatchObject({ inputs: 140 * (kind.rows ?? 1), known: memory.rows });
    expect(memory.shadow).toMatchObject({ unreadable: 4, outside: 1, ambiguous: 2 });
    expect(memory.retried).toBe(3);
    expect(comparable(sql)).toEqual(comparable(memory));
  });

  test('rows that hang together by a column of the inputs, with the truth about them', async () => {
    const kind = { ...(KINDS[1] as Kind), title: 'clusters', rows: 2 };
    const truth = readTruth('inferenceId,label\nrequest-3,1\nrequest-10,0\nrequest-17,1\n', 'truth.csv');
    const { memory, sql } = await compareBoth(captures(kind, 'inferenceId'), truth, { cluster: 'column 3' });
    expect(memory.clusters).toMatchObject({ by: 'column 3', inputs: 7, known: memory.rows, agreement: { inputs: 7 } });
    expect(comparable(sql)).toEqual(comparable(memory));
    const without = await compareBoth(captures({ ...kind, title: 'none' }, 'inferenceId'), undefined, {
      cluster: '$.user',
    });
    expect(without.memory.clusters).toMatchObject({ known: 0, inputs: without.memory.rows });
    expect(comparable(without.sql)).toEqual(comparable(without.memory));
  });

  test.each(
    sampled<[string, Kind, Prices | undefined, (i: number) => number]>(
      [
        ['numbers', KINDS[0] as Kind, undefined, (i: number) => 10 * (i % 9)],
        ['classes', KINDS[1] as Kind, undefined, (i: number) => i % 2],
        ['classes with prices', KINDS[1] as Kind, { '0→1': 5, '1→0': 1 }, (i: number) => i % 2],
      ],
      2,
    ),
  )('what both lose by labels in each slice: %s', async (title, kind, prices, label) => {
    // Two thirds of the rows have a label.
    const labels = Array.from({ length: 400 }, (_, i) => i)
      .filter((i) => i % 3 > 0)
      .map((i) => `request-${i},${label(i)}`);
    const truth = readTruth(['inferenceId,label', ...labels].join('\n'), 'truth.csv');
    const asked = prices === undefined ? {} : { prices };
    const { memory, sql } = await compareBoth(
      captures({ ...kind, title: `lost ${title}` }, 'inferenceId'),
      truth,
      asked,
    );
    expect(comparable(sql)).toEqual(comparable(memory));
    const told = (memory.slices ?? []).flatMap((slice) => (slice.truth ? [{ slice, truth: slice.truth }] : []));
    expect(told.length).toBeGreaterThan(3);
    for (const { slice, truth: sums } of told) {
      expect(sums.near).toBeGreaterThan(0);
      expect(sums.near).toBeLessThan(slice.hits);
      expect(sums.rows).toBeLessThan(slice.rows);
      expect(sums.production).toBeGreaterThan(0);
    }
  });

  test.each(sampled(['inferenceId', 'input'] as const, 1))(
    'a comparator is given the same pairs by %s',
    async (ids) => {
      const { production, shadow } = captures({ ...(KINDS[1] as Kind), title: 'asked' }, ids);
      const given = [true, false].map(async (inMemory) => {
        const heard = join(folder, `heard-${ids}-${inMemory}.jsonl`);
        const script = `let s='';process.stdin.on('data',(d)=>s+=d).on('end',()=>{require('fs').writeFileSync(process.argv[1],s);process.stdout.write('1\\n'.repeat(s.split('\\n').length-1))})`;
        const { predictions } = await compareRecords(
          { production: { files: [production] }, shadow: { files: [shadow] }, window: WINDOW, sampling: 1 },
          {
            tolerance: undefined,
            memory: '500MB',
            spill: join(folder, `spill-${inMemory}`),
            threads: 1,
            inMemory,
            comparator: {
              command: `"${process.execPath}" -e "${script}" "${heard}"`,
              folder,
              sample: 300,
              time: 20_000,
              memory: 4e9,
              known: new Map(),
            },
          },
        );
        return { heard: readFileSync(heard, 'utf8'), sums: predictions.comparator };
      });
      const [memory, sql] = await Promise.all(given);
      expect(sql?.sums).toMatchObject({ of: memory?.sums?.of, halvings: 1 });
      expect(memory?.sums?.pairs).toBeGreaterThan(150);
      // Keys of inputs are hashed in each engine's own way.
      if (ids === 'input') return;
      expect(sql?.heard).toBe(memory?.heard);
      expect(sql?.sums?.scores).toEqual(memory?.sums?.scores);
    },
  );

  test.each(
    sampled(
      [
        ['classes', 1, 'inferenceId', undefined],
        ['numbers of several rows, some of them labelled', 3, 'inferenceId', 'label'],
        ['numbers of several rows by eventId', 3, 'eventId', undefined],
        ['numbers', 0, 'inferenceId', 'label'],
      ] as const,
      1,
    ),
  )('the same rows should be labelled next: %s', async (_, kind, ids, labelled) => {
    const { production, shadow } = captures({ ...(KINDS[kind] as Kind), title: `next ${kind}` }, ids);
    const truth =
      labelled &&
      readTruth(
        Array.from({ length: 100 }, (_, i) => `{"inferenceId": "request-${3 * i}", "label": ${i % 2}}`).join('\n'),
        'ids',
      );
    const next = async (inMemory: boolean) => {
      let rows: readonly LabelRow[] = [];
      await compareRecords(
        { production: { files: [production] }, shadow: { files: [shadow] }, window: WINDOW, sampling: 1 },
        {
          tolerance: undefined,
          truth,
          memory: '500MB',
          spill: join(folder, `spill-next-${inMemory}`),
          threads: 1,
          inMemory,
          labelNext: { most: 25, take: (found) => (rows = found) },
        },
      );
      return rows;
    };
    const [memory, sql] = [await next(true), await next(false)];
    expect(memory).toHaveLength(25);
    expect(sql).toEqual(memory);
    const done = memory.filter(({ id }) => /^request-(\d+)$/.test(id) && truth?.of(id, 0, undefined) !== undefined);
    expect(done).toEqual([]);
  });

  test.each(['eventId', 'input'] as const)('paired by %s', async (ids) => {
    const { memory, sql } = await both(KINDS[1] as Kind, ids);
    expect(memory.method).toBe(ids);
    expect(comparable(sql)).toEqual(comparable(memory));
  });

  test('against the truth, by id and by features', async () => {
    const byId = readTruth(
      Array.from({ length: 400 }, (_, i) => `{"inferenceId": "request-${i}", "label": ${i % 2}}`).join('\n'),
      'ids',
    );
    const byInput = readTruth(
      `a,b,c,label\n${Array.from({ length: 400 }, (_, i) => `${i}.5,0,${i % 7},${i % 3}`).join('\n')}`,
      'features',
    );
    for (const truth of [byId, byInput]) {
      const { memory, sql } = await both(
        { ...(KINDS[1] as Kind), title: `truth by ${truth.by}` },
        'inferenceId',
        truth,
      );
      expect(memory.truth?.rows).toBeGreaterThan(390);
      expect(comparable(sql)).toEqual(comparable(memory));
    }
    const { memory, sql } = await both({ ...(KINDS[0] as Kind), title: 'truth of numbers' }, 'inferenceId', byId);
    expect(memory.truth?.numbers?.maeShadow).toBeGreaterThan(1);
    expect(comparable(sql)).toEqual(comparable(memory));
    const chances = await both({ ...(KINDS[4] as Kind), title: 'truth of chances' }, 'inferenceId', byId);
    expect(chances.memory.truth?.binary).toMatchObject({
      rows: chances.memory.truth?.rows,
      shadow: expect.any(Number),
    });
    expect(chances.memory.truth?.losses?.length).toBeGreaterThan(1);
    expect(comparable(chances.sql)).toEqual(comparable(chances.memory));
  });

  test.each<[string, Prices]>(
    sampled<[string, Prices]>(
      [
        ['named', { '0→1': 1, '1→0': 100 }],
        ['for any, and for what is right', { '1→*': 7, '*→1': 3, '*→*': 0.5, '1→1': 0.25 }],
      ],
      1,
    ),
  )('what mistakes cost, prices %s', async (name, prices) => {
    const labels = Array.from({ length: 300 }, (_, i) => `{"inferenceId": "request-${i}", "label": "${i % 2}.0"}`);
    const truth = readTruth(labels.join('\n'), 'ids');
    const paths = captures({ ...(KINDS[1] as Kind), title: `costs ${name}` }, 'inferenceId');
    const { memory, sql } = await compareBoth(paths, truth, { prices });
    expect(memory.truth?.outcomes?.length).toBeGreaterThan(4);
    expect(memory.truth?.prices).toEqual(prices);
    expect(memory.blocks.some(({ cost }) => cost !== 0)).toBe(true);
    expect(comparable(sql)).toEqual(comparable(memory));
  });

  test('probabilities of several classes against labels', async () => {
    const kind: Kind = {
      title: 'probabilities',
      task: 'multiclass',
      ...csv,
      rows: 2,
      answer: (s) => s.map((x) => [x / 2, 0.5 - x / 2, 0.5].map((one) => one.toFixed(4)).join(',')).join('\n'),
    };
    const labels = Array.from({ length: 350 }, (_, i) => `{"inferenceId": "request-${i}#${i % 2}", "label": ${i % 3}}`);
    const { memory, sql } = await compareBoth(captures(kind, 'inferenceId'), readTruth(labels.join('\n'), 'ids'));
    expect(memory.truth?.scores?.[0]?.labelled).toBeGreaterThan(300);
    expect(memory.blocks.some(({ squaredLoss }) => squaredLoss !== 0)).toBe(true);
    expect(comparable(sql)).toEqual(comparable(memory));
  });

  test('numbers beside a distribution that is expected', async () => {
    const random = seededRandom(3);
    const numbers = Array.from({ length: 500 }, (_, i) => (i % 3 === 0 ? 0.5 : random.next()));
    const reference = readReference(numbers.join('\n'), 'scores.csv');
    const { memory, sql } = await compareBoth(
      captures({ ...(KINDS[4] as Kind), title: 'reference' }, 'inferenceId'),
      undefined,
      { reference },
    );
    expect(memory.reference).toMatchObject({ of: 500, rows: memory.numbers?.rows, digest: reference.digest });
    expect(memory.reference?.edges.length).toBeLessThan(99);
    expect(comparable(sql)).toEqual(comparable(memory));
  });

  test.each<[string, number | undefined, number]>(
    sampled<[string, number | undefined, number]>(
      [
        ['the policy’s', 600_000, 0],
        ['the youngest request’s', undefined, 0],
        ['the policy’s, of numbers', 600_000, 1],
      ],
      1,
    ),
  )('labels of one age, %s', async (name, age, kind) => {
    const labels = Array.from({ length: 400 }, (_, i) => {
      const at = new Date(START + i * 8000 + (i < 100 ? (i * 37) % 30 : 1) * 60_000).toISOString();
      return `{"inferenceId": "request-${i}", "label": ${i % 2}, "labeledAt": "${i % 50 === 3 ? '' : at}"}`;
    });
    const truth = readTruth(labels.join('\n'), 'ids');
    const paths = captures({ ...(KINDS[kind === 0 ? 1 : 0] as Kind), title: `ages ${name}` }, 'inferenceId');
    const { memory, sql } = await compareBoth(paths, truth, { maturity: { age, now: 0 } });
    expect(memory.truth?.age).toMatchObject({ timed: true, demanded: age !== undefined, late: expect.any(Number) });
    expect(memory.truth?.age?.late).toBeGreaterThan(30);
    expect((memory.truth?.age?.young ?? 0) > 0).toBe(age !== undefined);
    expect(memory.truth?.of).toBe(memory.rows - (memory.truth?.age?.young ?? 0));
    expect(comparable(sql)).toEqual(comparable(memory));
  });

  test('answers of every shape side by side, Windows line ends, spaces, members in another order', async () => {
    const lines = MIXED.flatMap((kind) => {
      const found = captures({ ...kind, title: `mixed ${kind.title}` }, 'inferenceId');
      return [[readFileSync(found.production, 'utf8'), readFileSync(found.shadow, 'utf8')]];
    });
    const text = (side: 0 | 1) =>
      lines
        .map((one, i) => one[side]?.replaceAll('"inferenceId":"request-', `"inferenceId":"request-${i}-`) ?? '')
        .map((one, i) => (i % 2 === 0 ? one.replaceAll('\n', '\r\n') : one.replaceAll('{"eventId"', '{ "eventId"')))
        .map((one) =>
          one.replaceAll(/^\{"captureData":(.*),"eventMetadata":(.*),"eventVersion":"0"\}$/gm, (line, a, b, at) =>
            at % 3 === 0 ? `{"eventVersion": "0", "eventMetadata": ${b}, "captureData": ${a}}` : line,
          ),
        )
        .join('');
    const paths = write('mixed', text(0), text(1));
    const { memory, sql } = await compareBoth(paths, undefined, {}, true);
    expect(memory.pairs).toBeGreaterThan(9 * 390);
    expect(comparable(sql)).toEqual(comparable(memory));
  });

  test('free JSON, and ids and labels with escapes', async () => {
    const record = (i: number, answer: object) =>
      JSON.stringify({
        captureData: {
          endpointInput: { data: `{"q": "\\"${i}\\""}`, encoding: 'JSON', observedContentType: 'application/json' },
          endpointOutput: { data: JSON.stringify(answer), encoding: 'JSON', observedContentType: 'application/json' },
        },
        eventMetadata: { eventId: `e-${i}`, inferenceId: `"é\\${i}`, inferenceTime: secondOf(i) },
      });
    const many = (of: (i: number) => object) => Array.from({ length: 200 }, (_, i) => record(i, of(i))).join('\n');
    const paths = write(
      'free',
      many((i) => ({ answer: { text: `a "${i % 9}"`, n: i } })),
      many((i) => ({ answer: { text: `a "${i % 10}"`, n: i } })),
    );
    const { memory, sql } = await compareBoth(paths, undefined, {}, true);
    expect(memory).toMatchObject({ task: 'json', pairs: 200 });
    expect(memory.top).toHaveLength(10);
    expect(comparable(sql)).toEqual(comparable(memory));
    const words = write(
      'words',
      many((i) => ({ label: `"${i % 3}"`, score: i / 64 })),
      many((i) => ({ label: `"${i % 4}"`, score: -i / 2 ** 20 })),
    );
    const found = await compareBoth(words);
    expect(found.memory.pairs).toBe(200);
    expect(comparable(found.sql)).toEqual(comparable(found.memory));
    const whole = await compareBoth(words, undefined, { answers: { kind: 'json' } });
    expect(whole.memory.top[0]).toMatchObject({ production: '{"label":"\\"1\\"","score":0.015625}' });
    expect(comparable(whole.sql)).toEqual(comparable(whole.memory));
  });

  test('free JSON field by field, under rules, of inputs with names', async () => {
    const record = (i: number, answer: object) =>
      JSON.stringify({
        captureData: {
          endpointInput: {
            data: JSON.stringify({ city: ['Rome', 'Oslo', 'Bern'][i % 3], age: i % 5 === 0 ? null : i, note: `x${i}` }),
            encoding: 'JSON',
            observedContentType: 'application/json',
          },
          endpointOutput: { data: JSON.stringify(answer), encoding: 'JSON', observedContentType: 'application/json' },
        },
        eventMetadata: { eventId: `e-${i}`, inferenceId: `r-${i}`, inferenceTime: secondOf(i) },
      });
    const answer = (i: number, shadow: boolean) => ({
      items: [
        { name: `n${i % 4}`, p: i / 8 + (shadow ? 0.01 : 0) },
        ...(shadow && i % 50 === 0 ? [{ name: 'z' }] : []),
      ],
      trace: shadow ? `b${i}` : `a${i}`,
      ...(i % 40 === 7 && shadow ? {} : { kind: i % 90 === 3 && shadow ? 'one' : 1 }),
    });
    const many = (shadow: boolean) => Array.from({ length: 400 }, (_, i) => record(i, answer(i, shadow))).join('\n');
    const paths = write('fields', many(false), many(true));
    const rules = { ...DEFAULT_RULES, ignore: ['$.trace'], tolerance: { '$.items[*].p': 0.02 } };
    for (const asked of [{}, { answers: { kind: 'json' } }, { rules }]) {
      const { memory, sql } = await compareBoth(paths, undefined, asked);
      expect(memory).toMatchObject({ task: 'json', pairs: 400 });
      const rest = (found: Predictions) => ({
        ...(comparable(found) as object),
        fields: found.fields?.map(({ example, ...field }) => ({ ...field, shown: example !== undefined })),
      });
      expect(rest(sql)).toEqual(rest(memory));
      expect(memory.labels?.agree).toBe('rules' in asked ? 400 - 8 - 10 - 5 : 0);
      expect(memory.slices?.map(({ column }) => column)).toContain('city');
    }
  });

  test('gzip, whole and torn: what stands before the tear counts, and the tear is named', async () => {
    const plain = captures({ ...(KINDS[1] as Kind), title: 'zipped' }, 'inferenceId');
    const production = gzipSync(readFileSync(plain.production));
    const shadow = gzipSync(readFileSync(plain.shadow));
    const paths = write('gz', production, shadow.subarray(0, Math.floor(shadow.length * 0.6)), '.jsonl.gz');
    const { memory, sql } = await compareBoth(paths, undefined, {}, true);
    expect(sql.shadow.examples.join()).toContain('torn gzip');
    expect(sql.pairs).toBeGreaterThan(100);
    expect(sql.pairs).toBeLessThan(390);
    // How many bytes of the last block come out differs by the way of unzipping; the tear itself is one in both.
    expect(Math.abs(sql.pairs - memory.pairs)).toBeLessThanOrEqual(2);
    expect(memory.shadow.unreadable).toBeGreaterThan(0);
    const whole = await compareBoth(write('gz2', production, shadow, '.jsonl.gz'));
    expect(comparable(whole.sql)).toEqual(comparable(whole.memory));
  });

  test('a file in many chunks gives every line once', async () => {
    const { production } = captures({ ...(KINDS[1] as Kind), title: 'chunks' }, 'inferenceId');
    const text = readFileSync(production);
    const lines = text
      .toString()
      .split('\n')
      .filter((line) => line !== '');
    for (const size of [97, 1000, 4096, text.length]) {
      const seen: string[] = [];
      for (let from = 0; from < text.length; from += size) {
        const to = Math.min(text.length, from + size);
        await readChunk(
          { path: production, from, to },
          {
            lines: (bytes, start, end) => void seen.push(...bytes.toString('utf8', start, end).trim().split('\n')),
            lost: (why) => expect.unreachable(why),
          },
        );
      }
      expect(seen).toEqual(lines);
    }
  });
});
