import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDocument } from '../../src/emulator/iam/document.ts';
import type { PolicyKind } from '../../src/emulator/iam/evaluate.ts';
import { ARTIFACT_005, ROLE, type TestWorld, testWorld } from '../support/world.ts';
import fullAccess from './AmazonSageMakerFullAccess.json' with { type: 'json' };
import { printedPolicy } from './scenes.ts';

/* doctor --permissions: what IAM's simulation says before anything is tried. */

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const DEPLOY = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --yes`;
const ROLE_NAME = ROLE.slice(ROLE.lastIndexOf('/') + 1);
const attach = (who: string | undefined, document: object, kind: PolicyKind = 'identity-based policy') => ({
  who,
  kind,
  document: readDocument(document, 'a test'),
});
const simulating = { Effect: 'Allow', Action: ['iam:SimulatePrincipalPolicy', 'iam:GetRole'], Resource: '*' };

interface Found {
  healthy: boolean;
  findings: { severity: string; check: string; subject: string; message: string }[];
}
async function doctor(): Promise<Found> {
  const ended = await world.shadowctl('doctor --endpoint weather --permissions --format json', {
    env: { AWS_ACCESS_KEY_ID: 'deployer' },
  });
  expect(ended.out, ended.err).not.toBe('');
  return JSON.parse(ended.out) as Found;
}
const denied = ({ findings }: Found, check = 'permission-denied') =>
  findings.filter((one) => one.check === check).map(({ severity, message }) => `${severity} ${message}`);

test('with AmazonSageMakerFullAccess it names what that lacks, and for which commands', async () => {
  await world.shadowctl(DEPLOY);
  const { Statement } = fullAccess.document;
  world.emulator.world.iam.attach([attach('deployer', { Statement: [...Statement, simulating] })]);
  const found = await doctor();
  const words = denied(found).join('\n');
  expect(words).toMatch(
    /^warning cloudwatch:SetAlarmState on \S+:alarm:weather-any is denied \(no policy allows it\): abort cannot do without it\.$/m,
  );
  expect(words).toMatch(
    /^note logs:FilterLogEvents on \S+ is denied .*: .*canary.* work without it, and say what they did not see\.$/m,
  );
  expect(words).not.toMatch(/sagemaker:|iam:PassRole/);
  // What is missing leaves no update unguarded.
  expect(found.findings.filter(({ severity }) => severity === 'blocking')).toEqual([]);
});

test('with what iam-policy prints nothing is denied; an organization and a boundary are named', async () => {
  await world.shadowctl(DEPLOY);
  const all = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const but = (Action: string[]) => ({ Statement: [...all.Statement, { Effect: 'Deny', Action, Resource: '*' }] });
  const only = { Statement: printedPolicy({ command: 'doctor' }).Statement };
  const { iam } = world.emulator.world;
  iam.attach([attach('deployer', all)]);
  expect(denied(await doctor())).toEqual([]);
  iam.attach([attach('deployer', only)]);
  expect(denied(await doctor()).filter((one) => /doctor/.test(one))).toEqual([]);
  iam.attach([
    attach('deployer', all),
    attach(undefined, but(['sagemaker:CreateModel']), 'service control policy'),
    attach('deployer', but(['s3:PutObject']), 'permissions boundary'),
  ]);
  const words = denied(await doctor()).join('\n');
  expect(words).toMatch(/sagemaker:CreateModel on .* is denied \(by the organization\)/);
  expect(words).toMatch(/s3:PutObject on .* is denied \(by the permissions boundary\)/);
});

test('the role of the models is asked for as well', async () => {
  await world.shadowctl(DEPLOY);
  const some = { Statement: [{ Effect: 'Allow', Action: ['s3:GetObject', 'ecr:*', 'logs:*'], Resource: '*' }] };
  const { iam } = world.emulator.world;
  iam.attach([
    attach('deployer', { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }),
    attach(`role/${ROLE_NAME}`, some),
  ]);
  const found = await doctor();
  expect(denied(found, 'role-denied').join('\n')).toMatch(
    /cloudwatch:DescribeAlarms is denied .*alarms that roll back/,
  );
  expect(denied(found, 'role-denied').join('\n')).toMatch(/s3:PutObject on .*captures/);
  expect(found.findings.find(({ check, subject }) => check === 'permissions' && subject === ROLE)).toBeDefined();
});

test('before there is an endpoint; for the root; and where nobody may simulate', async () => {
  const before = await world.shadowctl('doctor --endpoint weather --permissions');
  expect(before.out.replace(/\s+/g, ' ')).toContain('IAM simulates only users and roles');
  world.emulator.world.iam.attach([attach('deployer', { Statement: [{ ...simulating, Action: 'sagemaker:*' }] })]);
  const none = await world.shadowctl('doctor --endpoint weather --permissions', {
    env: { AWS_ACCESS_KEY_ID: 'deployer' },
  });
  expect(none.code).toBe(2);
  expect(none.err).toContain('iam:SimulatePrincipalPolicy');
});
