import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

test('a sample of the calibration holds: few endpoints, one line in thirty', { timeout: 120_000 }, () => {
  const whole = resolve(import.meta.dirname, '../../scripts/whole.mjs');
  const ended = spawnSync(process.execPath, [whole, 'calibrate', '12'], {
    encoding: 'utf8',
    env: { ...process.env, SHADOWCTL_ONE_IN: '30', SHADOWCTL_SEED: '4', SHADOWCTL_WORKERS: '1' },
  });
  expect(ended.stderr).toBe('');
  const lines = ended.stdout.split('\n');
  expect(lines.filter((line) => line.endsWith('| DOES NOT HOLD |'))).toEqual([]);
  expect(lines.filter((line) => line.endsWith('| holds |')).length).toBeGreaterThan(2);
  expect(ended.status).toBe(0);
});
