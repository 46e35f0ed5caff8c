import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { actionMatches, type Statement } from '../../src/emulator/iam/document.ts';
import { COMMANDS_WITH_NEEDS, EXECUTION_ROLE, NEEDS, type Need } from '../../src/lifecycle/permissions/needs.ts';
import { callerPolicy } from '../../src/lifecycle/permissions/policy.ts';
import { executionRoleTable, needsTable } from '../permissions/tables.ts';
import fullAccess from '../permissions/AmazonSageMakerFullAccess.json' with { type: 'json' };
import { ROOT } from './pages.ts';

const PAGE = join(ROOT, 'docs/permissions.md');

const needs = COMMANDS_WITH_NEEDS.flatMap((command): readonly Need[] => NEEDS[command]);

/** Actions of shadowctl that AmazonSageMakerFullAccess does not allow for any resource. */
function lacking(): string[] {
  const allowed = (action: string) =>
    fullAccess.document.Statement.some((statement) =>
      actionMatches({ not: false, patterns: statement.Action } satisfies Statement['actions'], action),
    );
  const asked = [...new Set(needs.map(({ action }) => action))].sort();
  return asked.filter((action) => action !== 'sts:GetCallerIdentity' && !allowed(action));
}

const PLACE = {
  region: 'eu-west-1',
  account: '123456789012',
  endpoint: 'weather',
  role: 'arn:aws:iam::123456789012:role/sagemaker-models',
  buckets: [],
  topics: [],
};

/** What stands on the page between markers, and is made from what the program knows. */
const PARTS: Readonly<Record<string, () => string>> = {
  needs: needsTable,
  'full access': () =>
    `The managed policy **AmazonSageMakerFullAccess** (as of 2024-12-04) has none of ${lacking()
      .map((action) => `\`${action}\``)
      .join(', ')
      .replace(
        /, ([^,]*)$/,
        ' and $1',
      )}. \`sns:Publish\` it has for topics with SageMaker in their names.\nWhoever has only that policy needs the rest beside it.`,
  policy: () => `\`\`\`json\n${JSON.stringify(callerPolicy(COMMANDS_WITH_NEEDS, PLACE), null, 2)}\n\`\`\``,
  role: executionRoleTable,
};

describe('docs/permissions.md', () => {
  test.each(Object.keys(PARTS))(
    '%s: what the page says is what the program knows; else run with UPDATE_README=1',
    (part) => {
      const page = readFileSync(PAGE, 'utf8');
      const [begin, end] = [`<!-- ${part}: begin -->\n`, `\n<!-- ${part}: end -->`];
      const from = page.indexOf(begin) + begin.length;
      const to = page.indexOf(end.trimStart(), from);
      const wanted = `\n${PARTS[part]?.() ?? ''}\n\n`;
      if (process.env.UPDATE_README === '1') writeFileSync(PAGE, page.slice(0, from) + wanted + page.slice(to));
      else expect(page.slice(from, to)).toBe(wanted);
    },
  );

  test('every action is one of AWS', async () => {
    const { ACTIONS } = await import('../../src/emulator/iam/reference.ts');
    const all = [...needs, ...EXECUTION_ROLE].map(({ action }) => action);
    // AWS has these, too; the emulator's buckets have no such settings (Service Authorization Reference, "Actions defined by Amazon S3").
    const beyond = ['s3:PutBucketPublicAccessBlock', 's3:PutEncryptionConfiguration'];
    expect([...new Set(all)].filter((action) => !ACTIONS.includes(action)).sort()).toEqual(beyond);
  });
});
