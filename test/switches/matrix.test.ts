import { describe, expect, test } from 'vitest';
import { parseSwitch, SWITCHES } from '../../src/cli/emulator/flags.ts';
import { type Latencies, STRICT_SWITCHES, type Switches } from '../../src/emulator/world/options.ts';
import { csv, lake, makeModel, WEATHER_ROWS } from '../support/batch.ts';
import { ARTIFACT_005, ARTIFACT_009, testWorld } from '../support/world.ts';
import { isWhole, sampled } from '../support/sizes.ts';
import { type Life, live, liveAdopted, QUIET, STEPS, type StepName } from './life.ts';

/*
 * The whole life cycle under each value of each switch, and under the combination that refuses most: it goes as always,
 * or a step is refused with the way out, which is then taken; and cleanup leaves nothing.
 */

/** A step that is refused, with words that lead on, and what is typed then. */
type Refused = Partial<Record<StepName, { code: number; says: RegExp; otherwise?: (line: string) => string }>>;

const withoutPredictions: Refused = {
  report: {
    code: 3,
    says: /--no-predictions/,
    otherwise: (line) => `${line} --no-predictions`,
  },
  promote: { code: 3, says: /--force/, otherwise: (line) => `${line} --force` },
};

/** The shadow stands all the same, and all goes on. */
const unscaled: Refused = { shadow: { code: 2, says: /does not scale automatically/ } };

/** Values under which not every step goes as by default. */
const REFUSED: Readonly<Record<string, Refused>> = {
  'shadowCaptures=false': withoutPredictions,
  'refuseDataCapture=true': {
    shadow: { code: 2, says: /--no-capture/, otherwise: (line) => `${line} --no-capture` },
    ...withoutPredictions,
  },
  'scaleShadows=false': unscaled,
  'the strictest of all': unscaled,
  'the strictest of all, late': unscaled,
};

/** Every value that is not the default, by `name=value`. */
const VALUES: readonly [string, Partial<Switches>][] = SWITCHES.flatMap(({ name, values, default: byDefault }) =>
  values
    .filter((value) => value !== byDefault)
    .map((value): [string, Partial<Switches>] => {
      const text = `${name}=${value}`;
      return [text, Object.fromEntries([parseSwitch(text)])];
    }),
);

/** What AWS could forbid or leave out at most, all at once, but for captures: without those nothing is compared. */
const STRICTEST: Partial<Switches> = {
  shadowInferenceId: false,
  alarmAlreadyFiring: 'refuse',
  alarmWithoutData: 'rollback',
  requireAlarms: true,
  updateShadowWeights: false,
  scaleShadows: false,
  guardrailsWithShadow: false,
  retainWithShadow: false,
  excludeDataCapture: 'refuse',
  refuseNetworkIsolation: true,
  showNetworkIsolation: true,
  refuseSameConfig: true,
  reuseConfigs: false,
  rollbackStatus: 'RollingBack',
  rollbackReason: false,
  keepLastDeployment: false,
  executionTimeout: 600,
  lowerCaseArns: true,
  refuseModelInUse: true,
  alarmExtraPeriods: 5,
  experimentOwnsEndpoint: true,
  percentiles: false,
  halfMinutes: true,
};

/** Captures come minutes late, metrics too; the newest minutes are half there. */
const LATE = {
  publishCapture: 4 * 60_000,
  publishMetrics: 2 * 60_000,
};

interface Case {
  name: string;
  switches: Partial<Switches>;
  latencies?: Partial<Latencies>;
}

const CASES: readonly Case[] = [
  ...VALUES.map(([name, switches]) => ({ name, switches })),
  { name: 'the strictest of all', switches: STRICTEST },
  { name: 'captures and metrics that come late', switches: { halfMinutes: true }, latencies: LATE },
  { name: 'the strictest of all, late', switches: STRICTEST, latencies: LATE },
];

/** `npm test` plays one case of the quiet steps; `npm run matrix` all of all. */
const PLAYED: readonly StepName[] = isWhole('matrix') ? STEPS.map(({ name }) => name) : QUIET;

/** What a life came to, against what it should. */
function check({ played, left }: Life, refused: Refused, steps: readonly StepName[]): void {
  const said = played.map(({ line, code, out, err }) => `${line}: ${code}\n${out.slice(-3000)}\n${err}`).join('\n');
  for (const { name, code } of STEPS.filter((step) => steps.includes(step.name))) {
    const typed = played.filter((one) => one.name === name);
    const expected = refused[name];
    const codes = expected === undefined ? [code] : [expected.code, ...(expected.otherwise ? [code] : [])];
    expect([name, typed.map((one) => one.code)], said).toEqual([name, codes]);
    if (expected !== undefined) expect(`${typed[0]?.out}\n${typed[0]?.err}`, said).toMatch(expected.says);
  }
  expect(left, said).toEqual([]);
}

describe('the life cycle', () => {
  test.each(sampled(CASES, 1))('under $name', { timeout: 600_000 }, async ({ name, switches, latencies }) => {
    const refused = REFUSED[name] ?? {};
    check(await live({ switches, ...(latencies && { latencies }) }, refused, PLAYED), refused, PLAYED);
  });

  test.runIf(isWhole('matrix'))('under the defaults', { timeout: 600_000 }, async () => {
    check(await live({}, {}, PLAYED), {}, PLAYED);
  });
});

/** Those that a transform job meets. */
const OF_TRANSFORMS = /^(?:transform|unequalJoin|checkCsvAnswers|linearLearnerArrays|sliceEnd|joinedDigits)/;

describe('a day of a batch', () => {
  test.each(
    sampled(
      VALUES.filter(([name]) => OF_TRANSFORMS.test(name)),
      1,
    ),
  )('under %s', { timeout: 120_000 }, async (_, switches) => {
    const world = await testWorld({ switches });
    try {
      const s3 = lake(world);
      await s3.make();
      await makeModel(world, 'prod', ARTIFACT_005);
      await makeModel(world, 'cand', ARTIFACT_009);
      // Where a prefix ends within a name, outputs may be called otherwise.
      await s3.put('in/day-1.csv', csv(WEATHER_ROWS.slice(0, 30).map((row, i) => `id-${i},${row}`)));
      const words =
        'batch run --batch b --input s3://lake/in/ --output s3://lake/out --model cand --against model:prod';
      const { code, out, err } = await world.shadowctl(`${words} --id 1 --without-id --yes --format json`);
      expect(code, err).toBe(0);
      expect(JSON.parse(out).rows).toMatchObject({ delivered: 30, judged: 30 });
      const nowhere = await world.shadowctl(
        `${words.replace('s3://lake/out', 's3://nowhere/out').replace('batch b', 'batch c')} --yes`,
      );
      expect([nowhere.code, nowhere.err]).toEqual([expect.any(Number), expect.stringContaining('nowhere')]);
      expect([1, 2]).toContain(nowhere.code);
    } finally {
      await world.close();
    }
  });
});

/** Those that change what lies in S3, or what is read of configs, models and names that somebody else made. */
const TOUCHES_ADOPTED =
  /^(?:sharedEventId|capture|shadowCaptures|shadowInferenceId|refuse|excludeDataCapture|showNetworkIsolation|reuseConfigs|keepLastDeployment|lowerCaseArns|guardrails|retain|the strictest of all$)/;

describe('an adopted endpoint, with journals in a bucket', () => {
  test.each(
    sampled(
      CASES.filter(({ name }) => TOUCHES_ADOPTED.test(name)),
      1,
    ),
  )('under $name', { timeout: 600_000 }, async ({ name, switches }) => {
    const { played, left } = await liveAdopted({ switches });
    const said = played.map(({ line, code, out, err }) => `${line}: ${code}\n${out.slice(-3000)}\n${err}`).join('\n');
    const refused = played.filter(({ code }) => code !== 0).map(({ line, code }) => [line.split(' ')[0], code]);
    const expected: Readonly<Record<string, (string | number | undefined)[][]>> = {
      'refuseDataCapture=true': [['shadow', 2]],
      // A config of the other journal still names the model: cleanup of the one leaves it, and the next deletes it.
      'the strictest of all': [['cleanup', 1]],
    };
    expect(refused, said).toEqual(expected[name] ?? []);
    expect(left, said).toEqual([]);
  });
});

test('every switch of the emulator is in the table, with every value that it can have', () => {
  expect(SWITCHES.map(({ name }) => name).sort()).toEqual(Object.keys(STRICT_SWITCHES).sort());
  // What is left out of the strictest combination is listed here, so that a new switch is thought of.
  const permissive = [
    ...['sharedEventId', 'captureFailedCalls', 'shadowCaptures', 'refuseDataCapture', 'shadowSampling'],
    ...['bakingWait', 'rankStatistics', 'retrySchedules', 'resolveTagsAgain', 'repeatEvents', 'rateStartsAtOnce'],
    // Of transform jobs, which the life cycle has none of: test/emulator/services/sagemaker/transform-data.test.ts.
    ...['transformOutputPath', 'transformRules', 'transformOutputBucket', 'unequalJoin', 'checkCsvAnswers'],
    ...['linearLearnerArrays', 'sliceEnd', 'joinedDigits'],
    // Nothing of the life cycle asks Athena.
    ...['lakeFormation'],
  ];
  expect([...Object.keys(STRICTEST), ...permissive].sort()).toEqual(Object.keys(STRICT_SWITCHES).sort());
  for (const { values, default: byDefault } of SWITCHES) expect(values).toContain(byDefault);
  expect(Object.keys(REFUSED).filter((name) => !CASES.some((one) => one.name === name))).toEqual([]);
});
