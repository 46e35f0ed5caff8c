import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { pipelineTemplate } from '../../src/pipeline/template/template.ts';
import { isWhole } from '../support/sizes.ts';
import { BARE, REGISTRY, WHOLE } from './specs.ts';

/* What others say of the template: AWS's own linter, and a scanner of policies. `npm run peers` installs both. */

const bin = process.env.SHADOWCTL_POLICIES ?? '';
const has = (program: string) => isWhole('peers') && existsSync(join(bin, program));
const folder = mkdtempSync(join(tmpdir(), 'shadowctl-template-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, spec: typeof WHOLE): string {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(pipelineTemplate(spec), null, 2));
  return file;
}

const SPECS = [
  ['whole', WHOLE],
  ['bare', BARE],
  ['registry', REGISTRY],
] as const;

/** What the scanner would have otherwise, and why it is as it is. */
const ACCEPTED: Readonly<Record<string, string>> = {
  CKV_AWS_18: 'no log of accesses to the bucket: that is for whoever keeps one for the account',
  CKV_AWS_21: 'no versions in the bucket: whoever wants them turns them on; the journal never writes over an event',
  CKV_AWS_26: 'no key of KMS for the topic: alarms could not publish to it with the key of the account',
  CKV_AWS_27: 'the queue is encrypted by SQS itself',
  CKV_AWS_115: 'no concurrency kept for the function: a page must not wait for a tick, nor take from others',
  CKV_AWS_117: 'not in a VPC: it calls AWS alone, and a VPC would need a way out',
  CKV_AWS_158: 'no key of KMS for the log: it holds what mails say',
  CKV_AWS_173: 'no secrets in the environment: two places in S3',
  CKV_AWS_258: 'the pages are open to everybody: what counts is the token in a link',
};

describe.runIf(has('cfn-lint'))('cfn-lint', () => {
  test.each(SPECS)('finds nothing in the template: %s', { timeout: 120_000 }, (name, spec) => {
    const found = (() => {
      try {
        return execFileSync(join(bin, 'cfn-lint'), ['--', written(name, spec)], { encoding: 'utf8' });
      } catch (error) {
        return (error as { stdout: string }).stdout;
      }
    })();
    expect(found.trim()).toBe('');
  });
});

describe.runIf(has('checkov'))('checkov', () => {
  test.each(SPECS)('finds only what is accepted, with the reason: %s', { timeout: 300_000 }, (name, spec) => {
    const args = ['-f', written(name, spec), '--framework', 'cloudformation', '--output', 'json', '--skip-download'];
    const text = (() => {
      try {
        return execFileSync(join(bin, 'checkov'), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      } catch (error) {
        return (error as { stdout: string }).stdout;
      }
    })();
    const { results } = JSON.parse(text) as {
      results: { passed_checks: unknown[]; failed_checks: { check_id: string; resource: string }[] };
    };
    expect(results.passed_checks.length).toBeGreaterThan(5);
    expect(results.failed_checks.filter(({ check_id }) => ACCEPTED[check_id] === undefined)).toEqual([]);
  });
});
