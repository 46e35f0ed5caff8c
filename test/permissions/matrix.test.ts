import { describe, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { logGroupExists } from '../../src/aws/logs.ts';
import { bucketExists } from '../../src/aws/s3.ts';
import { COMMANDS_WITH_NEEDS, NEEDS, type Need } from '../../src/lifecycle/permissions/needs.ts';
import { isWhole, sampled } from '../support/sizes.ts';
import { type TestWorld, testWorld } from '../support/world.ts';
import fullAccess from './AmazonSageMakerFullAccess.json' with { type: 'json' };
import { OCCASIONS } from './occasions.ts';
import { DAILY, play, printedPolicy, type Played, type Scene, without } from './scenes.ts';

/*
 * Every command as a caller runs it whom a policy limits. What the emulator demands comes from AWS's reference, what the
 * policy allows from shadowctl's own table: neither knows the other.
 */

const SCENES: readonly Scene[] = [...DAILY, ...OCCASIONS];

/** Only what takes little time; `npm run matrix` plays all. */
const CHEAP = DAILY.filter((scene) => scene.perSecond === undefined && scene.minutesBefore === undefined);
const PLAYED = isWhole('matrix') ? SCENES : sampled(CHEAP, 1);

/** What stands after everybody's cleanup. */
async function remains(world: TestWorld): Promise<string[]> {
  // Where a scene plays without its journal, the journal is there: it names the bucket and the logs. What was made here may run until then.
  for (const state of ['', ' --state elsewhere', '', ' --state elsewhere'])
    await world.shadowctl(`cleanup --endpoint weather --yes${state}`);
  const census = Object.values(await takeCensus(world.aws)).flat();
  const bucket = (await bucketExists(world.aws, 'sagemaker-us-east-1-000000000000')) ? ['bucket'] : [];
  const logs = (await logGroupExists(world.aws, '/aws/sagemaker/Endpoints/weather')) ? ['logs'] : [];
  return [...census, ...bucket, ...logs];
}

const seen = (scene: Scene, policy: object) =>
  play(scene, policy, async (world, played) => ({ played, left: await remains(world) }));

const said = ({ out, err }: Played) => `${out}\n${err}`;

/** A command whose end depends on what could be seen may end otherwise without a permission that it can do without. */
const JUDGES = ['report', 'promote', 'release', 'cleanup', 'doctor'];

function mayEndOtherwise({ command, state }: Scene, action: string): boolean {
  // Without a journal nothing goes on.
  if (state === true && action.startsWith('s3:')) return true;
  const needs = (NEEDS[command] as readonly Need[]).filter((need) => need.action === action);
  const optional = needs.every((need) => need.optional === true);
  return !optional || JUDGES.includes(command);
}

/** Actions that the scenes which were played have asked for, by command. */
const asked = new Map<string, Set<string>>();

/** Plays a scene without some actions, and holds that one is named, or that nobody misses them; completion says nothing while one types. */
async function playWithout(scene: Scene, taken: readonly string[]): Promise<Played> {
  const policy = taken.reduce(without, printedPolicy(scene));
  const { played, left } = await seen(scene, policy);
  const context = `without ${taken.join(', ')}: ended with ${played.code}\n${said(played)}`;
  expect([...played.denied].sort(), context).toEqual([...taken].sort());
  // Whoever is given the one needs the other no more: one of them is named.
  const named = taken.filter((action) => said(played).toLowerCase().includes(action.toLowerCase()));
  if (!taken.every((action) => SILENT.includes(action)) && scene.command !== 'completion')
    expect(named.length, context).toBeGreaterThan(0);
  const otherwise = taken.some((action) => mayEndOtherwise(scene, action));
  // What doctor did not see, it did not find.
  const calm = scene.command === 'doctor' ? [0] : [];
  expect(otherwise ? [scene.code, 1, 2, 3, ...calm] : [scene.code], context).toContain(played.code);
  // Whose the logs are is not known where nobody may look: that is said, and they stay.
  const logsStay = taken.includes('logs:DescribeLogGroups') && scene.command === 'deploy';
  expect(
    left.filter((one) => !(logsStay && one === 'logs')),
    context,
  ).toEqual([]);
  counts.taken += 1;
  note(scene, played);
  return played;
}

/** Remembers what a command has asked for. */
const note = ({ command }: Scene, { asked: now }: Played) =>
  asked.set(command, new Set([...(asked.get(command) ?? []), ...now]));

describe('with exactly the printed policy it ends as with every permission; with one action less, the action is named', () => {
  test.each(PLAYED)('$name', { timeout: 900_000 }, async (scene) => {
    const full = await seen(scene, printedPolicy(scene));
    expect({ code: full.played.code, denied: [...full.played.denied], left: full.left }, said(full.played)).toEqual({
      code: scene.code,
      denied: [],
      left: [],
    });
    note(scene, full.played);
    // What was not asked for changes nothing when it is taken away.
    const { takes = [...full.played.asked].sort() } = scene;
    expect(takes.filter((action) => !full.played.asked.has(action))).toEqual([]);
    for (const action of sampled(takes, 2)) {
      const { asked: then } = await playWithout(scene, [action]);
      // What it does in place of that may be denied, too.
      const instead = [...then].filter((one) => !full.played.asked.has(one)).sort();
      for (const other of isWhole('matrix') ? instead : []) await playWithout(scene, [action, other]);
    }
  });

  test.runIf(isWhole('matrix'))('and the policy has nothing that no scene asks for', () => {
    const surplus = COMMANDS_WITH_NEEDS.flatMap((command) =>
      [...new Set((NEEDS[command] as readonly Need[]).map(({ action }) => action))]
        .filter((action) => asked.get(command)?.has(action) !== true && !NOT_ASKED.includes(action))
        .map((action) => `${command}: ${action}`),
    );
    expect(surplus.sort()).toEqual([...UNPLAYED].sort());
    expect(counts.taken).toBeGreaterThan(300);
  });
});

/** What no scene comes to, and why. */
const UNPLAYED: readonly string[] = [
  // Of artifacts of more than 64 MiB.
  ...['deploy', 'canary', 'rollout', 'shadow'].flatMap((command) => [
    `${command}: s3:AbortMultipartUpload`,
    `${command}: s3:ListBucketMultipartUploads`,
  ]),
  ...['release: s3:AbortMultipartUpload', 'mirror: s3:AbortMultipartUpload'],
  ...['batch: s3:AbortMultipartUpload', 'batch: s3:ListBucketMultipartUploads'],
  // Installed and removed with exactly the printed policy in `test/pipeline/permissions.test.ts`.
  ...[...new Set(NEEDS.pipeline.map(({ action }) => `pipeline: ${action}`))].filter(
    (one) => one !== 'pipeline: sts:GetCallerIdentity',
  ),
  // It is asked for at a terminal.
  'replay: sts:GetCallerIdentity',
  // The emulator has no streams.
  'mirror: sagemaker:InvokeEndpointWithResponseStream',
  // AWS demands these of whoever lets a variant scale; the emulator's policies make no alarms.
  ...['cloudwatch:DeleteAlarms', 'cloudwatch:DescribeAlarms', 'cloudwatch:PutMetricAlarm'].map(
    (one) => `shadow: ${one}`,
  ),
  'shadow: sagemaker:UpdateEndpointWeightsAndCapacities',
  // A query that somebody interrupts.
  'report: logs:StopQuery',
  // What Athena asks for while it runs a query, with its caller's rights; parts of large results; a query that is interrupted.
  ...['glue:GetPartitions', 'glue:GetTable', 's3:AbortMultipartUpload', 's3:ListBucketMultipartUploads'].map(
    (one) => `report: ${one}`,
  ),
  ...['s3:ListMultipartUploadParts', 's3:CreateBucket', 'athena:StopQueryExecution'].map((one) => `report: ${one}`),
  // What a report by Athena has left (`test/resources/every-command.test.ts`, `test/lifecycle/warehouse`).
  ...['cleanup', 'disown', 'status'].flatMap((command) =>
    ['athena:BatchGetQueryExecution', 'athena:ListQueryExecutions', 'glue:GetTables'].map(
      (one) => `${command}: ${one}`,
    ),
  ),
  ...['disown: glue:GetDatabase', 'status: glue:GetDatabase'],
  ...['athena:StopQueryExecution', 'glue:DeleteDatabase', 'glue:DeleteTable'].map((one) => `cleanup: ${one}`),
  // An endpoint that was made here, went, was made again by others, and was adopted.
  'disown: logs:DescribeLogGroups',
  // A command that was killed before (`test/resources/every-command.test.ts`).
  ...['sagemaker:DescribeEndpointConfig', 'sagemaker:DescribeModel', 'sagemaker:ListTags'].map(
    (one) => `abort: ${one}`,
  ),
];

const counts = { taken: 0 };

/**
 * Without it an alarm's description says whose it is, or the streams of a log are read one by one: nothing is missing. A
 * price that AWS may not be asked for is told as not known, with the flag that says it.
 */
const SILENT = ['cloudwatch:TagResource', 'logs:FilterLogEvents', 'pricing:GetProducts'];

/** AWS tells everybody who they are. */
const NOT_ASKED = ['sts:GetCallerIdentity'];

describe('with AmazonSageMakerFullAccess alone', () => {
  test.each(isWhole('matrix') ? SCENES : sampled(CHEAP, 1))('$name', { timeout: 300_000 }, async (scene) => {
    const { played, left } = await seen(scene, fullAccess.document);
    const unnamed = [...played.denied].filter((action) => !SILENT.includes(action) && !said(played).includes(action));
    expect({ unnamed, left }, said(played)).toEqual({ unnamed: [], left: [] });
    expect([scene.code, 1, 2, 3]).toContain(played.code);
    if ([...played.denied].every((action) => SILENT.includes(action)))
      expect(played.code, said(played)).toBe(scene.code);
  });
});

test('iam-policy prints this policy, and asks nobody where it is told the account', async () => {
  const world = await testWorld();
  try {
    const line = 'iam-policy --command deploy --endpoint weather';
    const printed = await world.shadowctl(line);
    expect(JSON.parse(printed.out)).toEqual(printedPolicy({ command: 'deploy' }));
    const told = await world.shadowctl(`${line} --account 000000000000`, {
      env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
    });
    expect(told).toEqual(printed);
    const china = await world.shadowctl(
      'iam-policy --account 123456789012 --region cn-north-1 --bucket mine --role arn:aws-cn:iam::1:role/r',
    );
    expect(china.out).toContain('"arn:aws-cn:s3:::mine/*"');
    expect(china.out).not.toContain('arn:aws:');
    const role = await world.shadowctl('iam-policy --execution-role --endpoint weather');
    expect(role.out).toContain('"ecr:BatchGetImage"');
    expect((await world.shadowctl('iam-policy --account 12')).code).toBe(2);
    expect((await world.shadowctl('iam-policy --command explode')).code).toBe(2);
  } finally {
    await world.close();
  }
});
