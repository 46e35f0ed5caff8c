import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { readDocument } from '../../src/emulator/iam/document.ts';
import { denialOf } from '../../src/emulator/iam/evaluate.ts';
import { ACTIONS, factsOf, templateOf } from '../../src/emulator/iam/reference.ts';
import { COMMANDS_WITH_NEEDS } from '../../src/lifecycle/permissions/needs.ts';
import { isWhole } from '../support/sizes.ts';
import { printedPolicy } from './scenes.ts';

/*
 * The emulator's evaluation of policies beside another's: @cloud-copilot/iam-simulate (AGPL), which is installed apart for
 * this and is no dependency.
 */

const PACKAGE = '@cloud-copilot/iam-simulate@0.1.173';
const ACCOUNT = '000000000000';
const folder = mkdtempSync(join(tmpdir(), 'shadowctl-oracle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Oracle {
  /** `Allowed`, or how it is denied. */
  runUnsafeSimulation(simulation: object, options: object): string;
}

/** The other's program; undefined where npm cannot install it. */
async function installed(): Promise<Oracle | undefined> {
  if (!isWhole('peers')) return undefined;
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  try {
    const options = ['install', '--no-audit', '--no-fund', '--ignore-scripts', PACKAGE];
    execFileSync('npm', options, { cwd: folder, stdio: 'ignore', timeout: 120_000 });
  } catch {
    return undefined;
  }
  const path = createRequire(join(folder, 'package.json')).resolve('@cloud-copilot/iam-simulate');
  return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Oracle;
}

const oracle = await installed();

/** An action on something of ours, on something of others, and on everything where it has no resource. */
function questions(action: string): { action: string; resource: string }[] {
  const [service = ''] = action.split(':');
  const { required = [], optional = [] } = factsOf(action) ?? {};
  const fill = (template: string, name: string) =>
    template
      .replace('${Partition}', 'aws')
      .replace('${Region}', 'us-east-1')
      .replace('${Account}', ACCOUNT)
      .replace('${BucketName}', `sagemaker-us-east-1-${ACCOUNT}`)
      .replace('${LogGroupName}', `/aws/sagemaker/Endpoints/${name}`)
      .replaceAll(/\$\{\w+\}/g, name);
  const resources = [...required, ...optional].flatMap((kind) =>
    ['weather', 'weather-model-1', 'other'].map((name) => fill(templateOf(service, kind) ?? '*', name)),
  );
  return (resources.length > 0 ? [...new Set(resources)] : ['*']).map((resource) => ({ action, resource }));
}

test.runIf(oracle !== undefined)(
  'every printed policy allows and denies what another evaluator says',
  { timeout: 600_000 },
  () => {
    const all = ACTIONS.flatMap(questions);
    const differing: string[] = [];
    let compared = 0;
    for (const command of COMMANDS_WITH_NEEDS) {
      const policy = printedPolicy({ command });
      const document = readDocument(policy, command);
      for (const { action, resource } of all) {
        // PassRole is asked for with the service that gets the role.
        const passed = action === 'iam:PassRole' ? { 'iam:PassedToService': 'sagemaker.amazonaws.com' } : {};
        const keys = new Map(Object.entries(passed).map(([key, value]) => [key.toLowerCase(), [value]]));
        const ours = denialOf({ 'identity-based policy': [document] }, { action, resource, keys }) === undefined;
        const said = oracle?.runUnsafeSimulation(
          {
            request: {
              principal: `arn:aws:iam::${ACCOUNT}:user/deployer`,
              action,
              resource: { resource, accountId: ACCOUNT },
              contextVariables: passed,
            },
            identityPolicies: [{ name: command, policy }],
            serviceControlPolicies: [],
            resourceControlPolicies: [],
          },
          {},
        );
        const theirs = said === 'Allowed';
        compared += 1;
        if (ours !== theirs) differing.push(`${command}: ${action} on ${resource}: ${ours} here, ${theirs} there`);
      }
    }
    expect(differing).toEqual([]);
    expect(compared).toBeGreaterThan(2000);
  },
);

test.runIf(isWhole('peers') && oracle === undefined)(`skipped: npm could not install ${PACKAGE}`, (context) => {
  context.skip();
});

test('each action is asked about resources of its own', () => {
  const wide = ACTIONS.filter((action) => questions(action).some(({ resource }) => /\$\{/.test(resource)));
  expect(wide).toEqual([]);
});
