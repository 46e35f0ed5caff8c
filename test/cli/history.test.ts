import { afterEach, beforeEach, expect, test } from 'vitest';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const V1 = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --yes`;
const V2 = V1.replace(ARTIFACT_005, ARTIFACT_009);

async function endings(): Promise<unknown> {
  const { out } = await world.shadowctl('history --endpoint weather --format json');
  return (JSON.parse(out) as { command: string; to: string; ending: string | null }[]).map(
    ({ command, to, ending }) => `${command} ${to}: ${ending}`,
  );
}

test('what was waited for has an ending in the history, whichever command it was', async () => {
  await world.shadowctl(`${V1} --model-name m1 --config-name c1`);
  await world.shadowctl('shadow --endpoint weather --model m1 --config-name c2 --yes');
  await world.shadowctl('shadow detach --endpoint weather --yes');
  await world.shadowctl(`${V2} --config-name c3`);
  await world.shadowctl('undo --endpoint weather --yes');
  await world.shadowctl(`${V2} --config-name c4 --no-wait`);
  expect(await endings()).toEqual([
    'deploy c1: created',
    'shadow c2: updated',
    'shadow detach c1: updated',
    'deploy c3: updated',
    'undo c1: updated',
    'deploy c4: null',
  ]);
  // Where it was deleted, that is the last of it; what is made under its name again comes behind.
  await world.shadowctl('cleanup --endpoint weather --yes');
  await world.shadowctl(`${V1} --model-name m1 --config-name c5`);
  expect(((await endings()) as string[]).slice(-2)).toEqual(['cleanup c4: deleted', 'deploy c5: created']);
});

test('whose credentials they were is written down; without a way to STS nobody is named', async () => {
  const role = 'arn:aws:iam::000000000000:role/deployer';
  const { AssumeRoleCommand } = await import('@aws-sdk/client-sts');
  const sts = await world.aws.sts();
  const { Credentials: keys } = await sts.send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'ann' }));
  await world.shadowctl(`${V1} --config-name c1`, {
    env: {
      AWS_ACCESS_KEY_ID: keys?.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: keys?.SecretAccessKey,
      AWS_SESSION_TOKEN: keys?.SessionToken,
    },
  });
  await world.shadowctl(`${V2} --config-name c2`, { env: { AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' } });
  await world.shadowctl('undo --endpoint weather --yes');
  const { out } = await world.shadowctl('history --endpoint weather --format json');
  expect((JSON.parse(out) as { caller: string | null }[]).map(({ caller }) => caller)).toEqual([
    'arn:aws:sts::000000000000:assumed-role/deployer/ann',
    null,
    'arn:aws:iam::000000000000:root',
  ]);
  expect((await world.shadowctl('history --endpoint weather')).out).toContain('(assumed-role/deployer/ann)');
});

test('a deploy that was interrupted and taken up again is known to the end; one that rolled back is too', async () => {
  const named = `${V1} --model-name m1 --config-name c1`;
  await world.shadowctl(`${named} --no-wait`);
  expect(await endings()).toEqual(['deploy c1: null']);
  await world.shadowctl(named);
  expect(await endings()).toEqual(['deploy c1: created']);
  await world.shadowctl(`${V2.replace('linear-learner', 'xgboost:1.5-1')} --allow-mismatch --config-name c2`);
  expect(await endings()).toEqual(['deploy c1: created', 'deploy c2: rolled-back']);
  const { out } = await world.shadowctl('history --endpoint weather');
  expect(out).toContain('rolled back');
  expect(out).not.toContain('not watched');
});
