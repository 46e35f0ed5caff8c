import { describe, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { logGroupExists } from '../../src/aws/logs.ts';
import { bucketExists } from '../../src/aws/s3.ts';
import { NEEDS, type Need, type PermittedCommand } from '../../src/lifecycle/permissions/needs.ts';
import { isWhole, sampled } from '../support/sizes.ts';
import { type TestWorld, testWorld } from '../support/world.ts';
import fullAccess from './AmazonSageMakerFullAccess.json' with { type: 'json' };
import { actionsOf, play, printedPolicy, type Played, type Scene, SCENES, without } from './scenes.ts';

/*
 * Every command as a caller runs it whom a policy limits. What the emulator demands comes from AWS's reference, what the
 * policy allows from shadowctl's own table: neither knows the other.
 */

/** Only what takes little time; `npm run matrix` plays all. */
const CHEAP = SCENES.filter((scene) => scene.perSecond === undefined && scene.minutesBefore === undefined);
const PLAYED = isWhole('matrix') ? SCENES : sampled(CHEAP, 2);

/** What stands after everybody's cleanup. */
async function remains(world: TestWorld): Promise<string[]> {
  await world.shadowctl('cleanup --endpoint weather --yes');
  // Where a scene plays without its journal, the journal is here: it names the bucket and the logs.
  await world.shadowctl('cleanup --endpoint weather --state elsewhere --yes');
  const census = Object.values(await takeCensus(world.aws)).flat();
  const bucket = (await bucketExists(world.aws, 'sagemaker-us-east-1-000000000000')) ? ['bucket'] : [];
  const logs = (await logGroupExists(world.aws, '/aws/sagemaker/Endpoints/weather')) ? ['logs'] : [];
  return [...census, ...bucket, ...logs];
}

const seen = (scene: Scene, policy: object) =>
  play(scene, policy, async (world, played) => ({ played, left: await remains(world) }));

const said = ({ out, err }: Played) => `${out}\n${err}`;

/** A command whose end depends on what could be seen may end otherwise without a permission that it can do without. */
const JUDGES = ['report', 'promote', 'release', 'cleanup'];

function mayEndOtherwise({ command, state }: Scene, action: string): boolean {
  // Without a journal nothing goes on.
  if (state === true && action.startsWith('s3:')) return true;
  const needs = (NEEDS[command] as readonly Need[]).filter((need) => need.action === action);
  const optional = needs.every((need) => need.optional === true);
  return !optional || JUDGES.includes(command);
}

/** Actions that the scenes which were played have asked for, by command. */
const asked = new Map<string, Set<string>>();

describe('with exactly the printed policy it ends as with every permission; with one action less, the action is named', () => {
  test.each(PLAYED)('$name', { timeout: 900_000 }, async (scene) => {
    const printed = printedPolicy(scene);
    const full = await seen(scene, printed);
    expect({ code: full.played.code, denied: [...full.played.denied], left: full.left }, said(full.played)).toEqual({
      code: scene.code,
      denied: [],
      left: [],
    });
    const all = asked.get(scene.command) ?? new Set();
    asked.set(scene.command, new Set([...all, ...full.played.asked]));
    // What was not asked for changes nothing when it is taken away.
    for (const action of sampled([...full.played.asked].sort(), 2)) {
      const { played, left } = await seen(scene, without(printed, action));
      const context = `without ${action}: ended with ${played.code}\n${said(played)}`;
      expect([...played.denied], context).toEqual([action]);
      if (!SILENT.includes(action)) expect(said(played), context).toContain(action);
      expect(mayEndOtherwise(scene, action) ? [scene.code, 1, 2, 3] : [scene.code], context).toContain(played.code);
      // Whose the logs are is not known where nobody may look: that is said, and they stay.
      const logsStay = action === 'logs:DescribeLogGroups' && scene.command === 'deploy';
      expect(
        left.filter((one) => !(logsStay && one === 'logs')),
        context,
      ).toEqual([]);
      counts.taken += 1;
    }
  });

  test.runIf(isWhole('matrix'))('and the policy has nothing that no scene asks for', () => {
    const surplus = [...asked].flatMap(([command, actions]) =>
      actionsOf(printedPolicy({ command: command as PermittedCommand }))
        .filter((action) => !actions.has(action) && !NOT_ASKED.includes(action) && !isConditional(command, action))
        .map((action) => `${command}: ${action}`),
    );
    expect(surplus).toEqual([]);
    expect(counts.taken).toBeGreaterThan(150);
  });
});

const counts = { taken: 0 };

/** Without it an alarm's description says whose it is, or the streams of a log are read one by one: nothing is missing. */
const SILENT = ['cloudwatch:TagResource', 'logs:FilterLogEvents'];

/** AWS tells everybody who they are. */
const NOT_ASKED = ['sts:GetCallerIdentity'];

function isConditional(command: string, action: string): boolean {
  const needs: readonly Need[] = NEEDS[command as PermittedCommand];
  return needs.some((need) => need.action === action && need.only !== undefined);
}

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
