import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Task } from '../../../src/analysis/predictions.ts';
import { seededRandom } from '../../support/random.ts';

export const START = Date.UTC(2026, 0, 5, 9);
export const WINDOW = { from: START, to: START + 3_600_000 };

/** A kind of answers. */
export interface Kind {
  title: string;
  task: Task;
  type: string;
  encoding: string;
  rows?: number;
  /** The answer for scores of each row. */
  answer: (scores: readonly number[]) => string;
}

const label = (score: number) => Math.min(2, Math.floor(score * 3));
const vector = (score: number) => [0, 1, 2].map((c) => (c === label(score) ? 0.4 + score / 3 : 0.1 + c / 50));
const sortedScores = (scores: readonly number[]) =>
  scores.map((score, i) => ({ label: `c${i}`, score })).toSorted((a, b) => b.score - a.score);
/** One class of all, and three others that change their ranks with every answer. */
const shuffled = (score: number) => [0.6, ...[7, 13, 29].map((times) => 0.3 * ((score * times) % 1))];
const json = { type: 'application/json', encoding: 'JSON' };
export const csv = { type: 'text/csv; charset=utf-8', encoding: 'CSV' };
const predictions = (rows: readonly object[]) => JSON.stringify({ predictions: rows });

export const KINDS: readonly Kind[] = [
  {
    title: 'linear-learner regression',
    task: 'regression',
    ...json,
    answer: (s) => predictions(s.map((x) => ({ score: x * 100 }))),
  },
  {
    title: 'linear-learner binary',
    task: 'binary',
    ...json,
    answer: (s) => predictions(s.map((x) => ({ score: x, predicted_label: x > 0.5 ? 1 : 0 }))),
  },
  {
    title: 'linear-learner multiclass',
    task: 'multiclass',
    ...json,
    answer: (s) => predictions(s.map((x) => ({ score: vector(x), predicted_label: label(x) }))),
  },
  {
    title: 'many rows a request',
    task: 'scores',
    ...json,
    rows: 3,
    answer: (s) => predictions(s.map((x) => ({ score: x }))),
  },
  { title: 'xgboost', task: 'scores', ...csv, answer: (s) => s.join('\n') },
  { title: 'xgboost, rows on one line', task: 'scores', ...csv, rows: 2, answer: (s) => s.join(',') },
  {
    title: 'xgboost softprob',
    task: 'multiclass',
    ...csv,
    answer: (s) => s.map((x) => vector(x).join(',')).join('\n'),
  },
  { title: 'xgboost softmax', task: 'multiclass', ...csv, answer: (s) => s.map((x) => `${label(x)}.0`).join('\n') },
  {
    title: 'words',
    task: 'multiclass',
    ...csv,
    answer: (s) => s.map((x) => ['sun', 'rain', "fog's"][label(x)]).join('\n'),
  },
  {
    title: 'a class and its probability',
    task: 'multiclass',
    ...csv,
    answer: (s) => s.map((x) => `${label(x)},${0.5 + x / 2}`).join('\n'),
  },
  {
    title: 'HuggingFace, all classes, sorted',
    task: 'multiclass',
    ...json,
    answer: (s) => JSON.stringify(s.flatMap((x) => sortedScores([x / 2, 0.5 - x / 2, 0.5]))),
  },
  {
    title: 'HuggingFace, the first class',
    task: 'multiclass',
    ...json,
    answer: (s) => JSON.stringify(s.map((x) => ({ label: `c${label(x)}`, score: 0.5 + x / 2 }))),
  },
  {
    title: 'vectors',
    task: 'json',
    ...json,
    answer: (s) =>
      JSON.stringify({ embeddings: s.map((x) => Array.from({ length: 40 }, (_, i) => Math.sin(i + x / 3))) }),
  },
  {
    title: 'texts',
    task: 'json',
    ...json,
    answer: (s) =>
      JSON.stringify(s.map((x) => ({ generated_text: `It is ${['fine', 'wet', 'cold'][label(x)]} today.` }))),
  },
  {
    title: 'a list that is scores or numbers',
    task: 'multiclass',
    ...json,
    answer: (s) => JSON.stringify(s.flatMap((x) => [x, x / 2, x / 3])),
  },
  {
    title: 'ids of more digits than a number keeps',
    task: 'multiclass',
    ...json,
    answer: (s) =>
      s.map((x) => `{"predicted_label": ${1_234_567_890_123_456_000n + BigInt(Math.floor(x * 90))}}`).join('\n'),
  },
  {
    title: 'several numbers of a row',
    task: 'json',
    ...json,
    answer: (s) => predictions(s.map((x) => ({ mean: [1000 + x, x * 20, 5] }))),
  },
  {
    title: 'several classes that apply',
    task: 'multiclass',
    ...json,
    answer: (s) => JSON.stringify(s.map((x) => ({ sequence: '', labels: ['a', 'b', 'c'], scores: [0.99, x, 1 - x] }))),
  },
  {
    title: 'a class whose other scores change places',
    task: 'multiclass',
    ...json,
    // Now and then a place is missing.
    answer: (s) =>
      predictions(s.map((x) => ({ score: shuffled(x).slice(0, (x * 50) % 1 < 0.2 ? 3 : 4), predicted_label: 0 }))),
  },
  {
    title: 'HuggingFace, a few classes of many',
    task: 'binary',
    ...json,
    answer: ([x = 0]) =>
      JSON.stringify(shuffled(x).map((score, i) => ({ label: `c${i && (i + Math.floor(x * 5)) % 9}`, score }))),
  },
  {
    title: 'base64',
    task: 'scores',
    type: 'text/csv',
    encoding: 'BASE64',
    answer: (s) => Buffer.from(s.join('\n')).toString('base64'),
  },
];

/** The i-th second, as records write it. */
export const secondOf = (i: number) => new Date(START + i * 1000).toISOString().replace('.000', '');

export type Ids = 'inferenceId' | 'eventId' | 'input';

/** Capture files of both variants: with torn lines, doubled ids, records outside of the window, failed calls, garbage. */
export function generated(folder: string, kind: Kind, ids: Ids): { production: string; shadow: string } {
  const random = seededRandom(7);
  const lines: Record<'production' | 'shadow', string[]> = { production: [], shadow: [] };
  const rows = kind.rows ?? 1;
  for (let i = 0; i < 400; i += 1) {
    const scores = Array.from({ length: rows }, () => random.next());
    // Most inputs come again, so that the engines must agree about repeats.
    const asked = i < 390 ? i % 130 : i;
    const input = scores.map((_, row) => `${asked}.5, ${row},${asked % 7}`).join('\n');
    for (const side of ['production', 'shadow'] as const) {
      const moved =
        side === 'production' ? scores : scores.map((x) => Math.min(0.999, Math.max(0, x + 0.1 * random.normal())));
      const at = START + i * 8000 + (i === 300 ? 3_600_000 : 0);
      // Requests that were sent again: another input under the same id, and the same one.
      const again = i === 80 || i === 211 ? 81 : i;
      const id = i === 50 && side === 'shadow' ? 49 : again;
      const record = {
        captureData: {
          endpointInput: { observedContentType: 'text/csv', mode: 'INPUT', data: input, encoding: 'CSV' },
          ...((i === 60 && side === 'shadow') || i === 90
            ? {}
            : {
                endpointOutput: {
                  observedContentType: kind.type,
                  mode: 'OUTPUT',
                  data:
                    (i === 70 && side === 'shadow') || (i === 95 && side === 'production')
                      ? kind.encoding === 'JSON'
                        ? '{"oops'
                        : ''
                      : kind.answer(moved),
                  encoding: kind.encoding,
                },
              }),
        },
        eventMetadata: {
          eventId: ids === 'eventId' ? `event-${id}` : `${side}-${i}`,
          ...(ids === 'inferenceId' ? { inferenceId: `request-${id}` } : {}),
          inferenceTime: new Date(at).toISOString().replace('.000', ''),
        },
        eventVersion: '0',
      };
      lines[side].push(JSON.stringify(record));
      if (i % 100 === 5) lines[side].push('{"captureData":{"endpoi');
    }
  }
  const base = join(folder, `${kind.title.replaceAll(/\W/g, '-')}-${ids}`);
  mkdirSync(base);
  for (const side of ['production', 'shadow'] as const)
    writeFileSync(join(base, `${side}.jsonl`), `${lines[side].join('\n')}\n`);
  return { production: join(base, 'production.jsonl'), shadow: join(base, 'shadow.jsonl') };
}
