import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { followed, MAX_ROUNDS, piecesOf, type Span } from '../../../src/analysis/batch/bisect.ts';
import { failuresIn } from '../../../src/analysis/batch/data-log.ts';
import { nearestTransformType } from '../../../src/analysis/batch/instance-type.ts';
import { TRANSFORM_INSTANCE_TYPES } from '../../../src/aws/transform-jobs.ts';
import { manifestOf } from '../../../src/lifecycle/batch/jobs.ts';
import { matchOutputs } from '../../../src/lifecycle/batch/outputs.ts';

test('after the last round a bad line stands alone, wherever it is, and pieces cover every line once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200_000 }),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (lines, at) => {
        const bad = Math.floor(lines * at);
        let spans: Span[] = [{ object: 'o', from: 0, to: lines }];
        let found: number | undefined;
        for (let round = 1; round <= MAX_ROUNDS && spans.length > 0; round += 1) {
          const pieces = spans.flatMap((span) => piecesOf(span, round));
          expect(pieces.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(
            spans.reduce((sum, { from, to }) => sum + to - from, 0),
          );
          const failed = pieces.filter(({ from, to }) => from <= bad && bad < to);
          if (failed[0] !== undefined && failed[0].to - failed[0].from === 1) found = failed[0].from;
          spans = followed(failed);
        }
        expect(found).toBe(bad);
      },
    ),
    { numRuns: 60 },
  );
});

test('what a data log says of an object is put together, and of no other one', () => {
  const line = (words: string) => `2026-11-30T01:02:03.004:[sagemaker logs]: ${words}`;
  const lines = [
    line('MaxConcurrentTransforms=4, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD'),
    line('lake/in/a.csv: Bad HTTP status received from algorithm: 500'),
    line('lake/in/a.csv: '),
    line('lake/in/a.csv: Message:'),
    line('lake/in/a.csv: could not convert string to float: x'),
    line('lake/in/a.csv:b: ClientError: 400'),
    'something else',
  ];
  expect(failuresIn(lines, ['lake/in/a.csv', 'lake/in/a.csv:b', 'lake/in/c.csv'])).toEqual([
    {
      object: 'lake/in/a.csv',
      reason: 'Bad HTTP status received from algorithm: 500; could not convert string to float: x',
    },
    { object: 'lake/in/a.csv:b', reason: 'ClientError: 400' },
  ]);
});

test('an output belongs to the input whose key ends as it does, however much of it is kept; two that could have it have none', () => {
  const inputs = ['s3://l/in/05/a.csv', 's3://l/in/06/a.csv', 's3://l/in/06/b.csv'];
  expect([...matchOutputs(inputs, ['05/a.csv.out', '06/a.csv.out', 'b.csv.out', 'in/06/zz.out', 'x'])]).toEqual([
    ['s3://l/in/05/a.csv', '05/a.csv.out'],
    ['s3://l/in/06/a.csv', '06/a.csv.out'],
    ['s3://l/in/06/b.csv', 'b.csv.out'],
  ]);
  expect([...matchOutputs(inputs, ['a.csv.out', 'in/06/b.csv.out'])]).toEqual([
    ['s3://l/in/06/b.csv', 'in/06/b.csv.out'],
  ]);
});

test('a manifest says once what its objects have in common', () => {
  expect(JSON.parse(manifestOf(['s3://l/in/05/a.csv', 's3://l/in/06/b.csv']))).toEqual([
    { prefix: 's3://l/in/' },
    '05/a.csv',
    '06/b.csv',
  ]);
  expect(JSON.parse(manifestOf(['s3://l/a.csv']))).toEqual([{ prefix: 's3://l/' }, 'a.csv']);
});

test('a type that only endpoints have has the nearest that is no smaller', () => {
  const nearest = (type: string) => nearestTransformType(type, TRANSFORM_INSTANCE_TYPES);
  expect(nearest('ml.m5.xlarge')).toBe('ml.m5.xlarge');
  expect(nearest('ml.t2.medium')).toBe('ml.m5.large');
  expect(nearest('ml.c5.large')).toBe('ml.c5.xlarge');
  expect(nearest('ml.c7g.2xlarge')).toBe('ml.c5.2xlarge');
  expect(nearest('ml.r5.4xlarge')).toBe('ml.r6i.4xlarge');
  expect(nearest('ml.m5d.24xlarge')).toBe('ml.m5.24xlarge');
  expect(nearest('ml.p5.48xlarge')).toBeUndefined();
  expect(nearest('ml.dl1.24xlarge')).toBeUndefined();
});
