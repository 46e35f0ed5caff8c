import { expect, test } from 'vitest';
import type { Execution, Workgroup } from '../../src/aws/athena.ts';
import { failureOf, refusalOf } from '../../src/aws/athena-failure.ts';
import { AwsProblem } from '../../src/aws/errors.ts';
import { printText } from '../../src/base/text.ts';

const workgroup: Workgroup = {
  name: 'reports',
  enabled: true,
  enforced: false,
  output: undefined,
  managed: false,
  cutoff: 20e6,
  requesterPays: false,
  engine: 'Athena engine version 3',
};

function failure(reason: string, state: Execution['state'] = 'FAILED') {
  const execution = {
    id: 'q-1',
    state,
    reason,
    retryable: false,
    scanned: 0,
    output: undefined,
    sql: '',
    submitted: 0,
  };
  const found = failureOf(execution, {
    about: 'the query that pairs requests',
    workgroup,
    captures: 's3://b/weather/',
  });
  return { code: found.code, message: found.message, next: found.next === undefined ? '' : printText(found.next) };
}

// Words of Athena's, Trino's and Glue's as users met them (docs/sagemaker-facts.md, "Athena and Glue").
test.each([
  ['cutoff', 'Query cancelled! : Bytes scanned limit was exceeded', 'CANCELLED'],
  ['lake-formation', 'Insufficient Lake Formation permission(s): Required Select on weather_captures', 'FAILED'],
  ['kms', 'com.amazonaws.services.kms.model.AWSKMSException: The ciphertext refers to a customer master key', 'FAILED'],
  ['output', 'Unable to verify/create output bucket results. Please check your bucket permissions', 'FAILED'],
  ['region', 'HIVE_CANNOT_OPEN_FILE: … (Status Code: 301; Error Code: PermanentRedirect; Request ID: 1)', 'FAILED'],
  ['denied', 'PERMISSION_DENIED: Access Denied (Service: Amazon S3; Status Code: 403)', 'FAILED'],
  ['malformed', 'HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: Duplicate key "a"', 'FAILED'],
  ['missing', "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.shadowctl.x' does not exist", 'FAILED'],
  ['destination', "HIVE_PATH_ALREADY_EXISTS: Target directory for table 'x' already exists: s3://b/x", 'FAILED'],
  ['too-much', 'Query exhausted resources at this scale factor', 'FAILED'],
  [
    'slow-down',
    'Please reduce your request rate. (Service: Amazon S3; Status Code: 503; Error Code: SlowDown)',
    'FAILED',
  ],
  ['cancelled', '', 'CANCELLED'],
  ['failed', 'INTERNAL_ERROR_QUERY_ENGINE', 'FAILED'],
] as const)('%s is told from others, with what to do', (code, reason, state) => {
  const found = failure(reason, state);
  expect(found.code).toBe(code);
  expect(found.message).toMatch(/query that pairs requests/);
  expect(found.next).not.toBe('');
});

test('a query that is not even begun is told in the same words; another refusal stays as it is', () => {
  const refusal = (words: string) =>
    refusalOf(
      new AwsProblem(
        words,
        { code: 'InvalidRequestException', words, attempts: 1, clientFault: true, throttled: false },
        {},
      ),
      { about: 'the query', workgroup, captures: 's3://b/' },
    );
  expect(refusal('Unable to verify/create output bucket results')).toMatchObject({ code: 'output' });
  expect(refusal('line 1:1: mismatched input')).toBeInstanceOf(AwsProblem);
});

test('a scan limit that strikes names the workgroup, the limit, and that it was billed', () => {
  expect(failure('Query cancelled! : Bytes scanned limit was exceeded', 'CANCELLED').message).toBe(
    'Workgroup "reports" cancelled the query that pairs requests: it lets a query scan at most 20.0 MB, and more lay before it. What it had scanned is billed. Athena says: Query cancelled! : Bytes scanned limit was exceeded',
  );
});
