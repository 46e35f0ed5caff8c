import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { betaCdf, betaQuantile, logGamma, studentQuantile } from '../../../src/analysis/statistics/beta.ts';
import { boundedMeanSequence } from '../../../src/analysis/statistics/bounded.ts';
import { jensenShannon, quantile } from '../../../src/analysis/statistics/distances.ts';
import { kolmogorovSmirnov, wasserstein } from '../../../src/analysis/compare/memory/distances.ts';
import {
  binomialTest,
  clopperPearson,
  mcnemar,
  proportionSequence,
} from '../../../src/analysis/statistics/proportions.ts';
import { sequenceHalfWidth } from '../../../src/analysis/statistics/sequences.ts';
import { bowker, chiSquaredAbove, stuartMaxwell } from '../../../src/analysis/statistics/symmetry.ts';
import { peer, program } from '../../emulator/clients/programs.ts';
import { FIXTURES } from '../../support/world.ts';

/** A question to scipy or ville, as fixtures/scripts/statistics_oracle.py wrote it. */
interface Case {
  of: string;
  args: never[];
  answer: number | number[];
}

type Ours = (...args: never[]) => number | readonly number[];

const OURS: Readonly<Record<string, Ours>> = {
  betaCdf,
  betaQuantile,
  logGamma,
  studentQuantile,
  chiSquaredAbove,
  clopperPearson,
  binomialTest,
  mcnemar,
  proportionSequence,
  sequenceHalfWidth,
  boundedMeanSequence: (values: [number, number][], low: number, high: number, alpha: number) =>
    boundedMeanSequence(
      values.map(([value, count]) => ({ value, count })),
      low,
      high,
      alpha,
    ),
  kolmogorovSmirnov,
  wasserstein,
  jensenShannon,
  quantile,
  bowker: (table: number[][]) => [bowker(table).statistic, bowker(table).p],
  stuartMaxwell: (table: number[][]) => [stuartMaxwell(table)?.statistic ?? 0, stuartMaxwell(table)?.p ?? 0],
};

/** Cases in which ours lie further than a ten-millionth from theirs. */
function apart(cases: readonly Case[]): unknown[] {
  return cases.flatMap(({ of, args, answer }) => {
    const ours = [OURS[of]?.(...args) ?? Number.NaN].flat();
    const theirs = [answer].flat();
    const near = theirs.every((one, i) => Math.abs((ours[i] ?? Number.NaN) - one) <= 1e-7 * Math.max(1, Math.abs(one)));
    return near && ours.length === theirs.length ? [] : [{ of, args, answer, ours }];
  });
}

const read = (file: string): Case[] => JSON.parse(readFileSync(file, 'utf8'));

test('what scipy 1.17.1 and ville 0.1.0 found, as recorded', () => {
  const recorded = read(join(FIXTURES, 'statistics/oracle.json'));
  expect(new Set(recorded.map(({ of }) => of))).toEqual(new Set(Object.keys(OURS)));
  expect(apart(recorded)).toEqual([]);
});

const here = peer('python3', '-c', 'import scipy, ville');

test.skipIf(!here)(
  `what scipy and ville find of other numbers${here ? '' : ' (skipped: needs `npm run peers` with scipy and ville)'}`,
  { timeout: 300_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shadowctl-oracle-'));
    try {
      for (const seed of ['20261129', '20261130', '20261131']) {
        const out = join(folder, `${seed}.json`);
        const script = join(FIXTURES, 'scripts/statistics_oracle.py');
        const ended = await program('python3', [script, out, seed], folder, process.env);
        expect(ended.code, ended.err.slice(-2000)).toBe(0);
        expect(apart(read(out))).toEqual([]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
