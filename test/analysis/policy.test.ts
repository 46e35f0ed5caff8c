import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadPolicy } from '../../src/analysis/collect/policy-file.ts';
import { explainPolicy } from '../../src/analysis/explain.ts';
import { DEFAULT_POLICY, gates, policyFor } from '../../src/analysis/policy.ts';
import { readPolicy } from '../../src/analysis/policy-schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('reading a policy', () => {
  test('what is not said keeps its default', () => {
    expect(readPolicy(undefined, 'x')).toEqual(DEFAULT_POLICY);
    const policy = readPolicy({ latency: { p99: 0.5 }, agreement: 0.99, inform: ['latency.p50'] }, 'x');
    expect(policy.latency).toEqual({ ...DEFAULT_POLICY.latency, p99: 0.5 });
    expect(policy.agreement).toBe(0.99);
    expect([gates(policy, 'latency.p50'), gates(policy, 'latency.p99')]).toEqual([false, true]);
  });

  test.each([
    [{ alpha: 0.7 }, 'x: policy: alpha: must lie between 0 and 0.5 (it is 0.7).'],
    [{ agreement: 95 }, 'x: policy: agreement: must be a fraction between 0 and 1 (it is 95).'],
    [{ latency: { p95: 0.1 } }, 'x: policy: latency.p95:'],
    [{ minimumPairs: 2.5 }, 'x: policy: minimumPairs: must be a whole number (it is 2.5).'],
    [{ margins: {} }, 'x: policy: margins:'],
    ['strict', 'x: policy: the section itself:'],
  ])('%j is refused by name', (section, message) => {
    expect(() => readPolicy(section, 'x')).toThrow(message);
  });

  test('from a file: its section policy, or all of it; else from the project', async () => {
    const project = async () => ({ policy: { errors: 0.5 }, file: 'shadowctl.yaml' });
    writeFileSync(join(folder, 'a.yaml'), 'policy:\n  errors: 0.25\n');
    writeFileSync(join(folder, 'b.yaml'), 'errors: 0.125\n');
    writeFileSync(join(folder, 'c.yaml'), 'errors: [\n');
    expect((await loadPolicy(folder, 'a.yaml', project)).policy.errors).toBe(0.25);
    expect((await loadPolicy(folder, 'b.yaml', project)).policy.errors).toBe(0.125);
    expect(await loadPolicy(folder, undefined, project)).toMatchObject({
      policy: { errors: 0.5 },
      source: 'shadowctl.yaml',
    });
    await expect(loadPolicy(folder, 'c.yaml', project)).rejects.toThrow('is not valid YAML');
    await expect(loadPolicy(folder, 'd.yaml', project)).rejects.toThrow('There is no policy file');
  });
});

describe('explaining a policy', () => {
  test('every gate in words, with the least traffic that can decide it', () => {
    const demands = Object.fromEntries(explainPolicy(DEFAULT_POLICY).map((one) => [one.gate, one]));
    expect(demands['latency.p99']).toMatchObject({
      gating: true,
      demand: "its p99 latency is at most +20 % of production's",
      traffic: '8 blocks of 10 minutes, after 2 minutes of warm-up, 299 requests',
    });
    // From the formula: the least n with (ln(1 / 0.025) + ln B-ratio(n)) / n below 1 %; checked by the judge itself below.
    expect(demands.errors?.traffic).toMatch(/^\d+ requests without a failure$/);
    expect(demands['labels.agreement']?.traffic).toBe('300 pairs of different inputs');
  });

  test('each kind of answers has its own demand, unless one is said for all', () => {
    expect(policyFor(DEFAULT_POLICY, 'binary').agreement).toBe(0.95);
    expect(policyFor(DEFAULT_POLICY, 'multiclass').agreement).toBe(0.9);
    const all = readPolicy({ agreement: 0.8 }, 'x');
    expect(policyFor(all, 'binary').agreement).toBe(0.8);
    const one = readPolicy({ tasks: { regression: { share: 0.2, truth: 0.1 } } }, 'x');
    expect(policyFor(one, 'regression')).toMatchObject({ numbers: { share: 0.2 }, truth: 0.1 });
    expect(policyFor(one, 'binary').agreement).toBe(0.95);
    const words = explainPolicy(one).map((demand) => demand.demand);
    expect(words).toContainEqual(expect.stringMatching(/^binary, json: more than 95 % of its labels/));
    expect(words).toContainEqual(expect.stringMatching(/^multiclass: more than 90 %/));
    expect(words).toContainEqual(expect.stringMatching(/^regression: less than 20 % of its numbers/));
    expect(words).toContainEqual(expect.stringMatching(/^scores: less than 5 % of its numbers/));
    expect(words).toContainEqual(expect.stringMatching(/^regression: against labels, it loses less than 10 %/));
  });

  test('a limit of a distance says what it takes; what only informs says so', () => {
    const demands = explainPolicy(readPolicy({ distances: { ks: 0.1, psi: 0.2 }, decide: ['effect.errors'] }, 'x'));
    const of = (gate: string) => demands.find((one) => one.gate === gate);
    // The first n with 2 * .85 * sqrt((log(log(e * n)) + .8 * log(1612 / .025)) / n) < .1, in Python
    expect(of('distance.ks')?.traffic).toBe('3 198 pairs of different inputs');
    expect(of('distance.psi')?.demand).toContain('by estimate');
    expect([of('effect.latency')?.gating, of('effect.errors')?.gating]).toEqual([false, true]);
  });

  test('a stricter policy needs more', () => {
    const least = (errors: number, looks: 'always' | 'once') => {
      const words =
        explainPolicy({ ...DEFAULT_POLICY, errors, looks }).find((one) => one.gate === 'errors')?.traffic ?? '';
      return Number(words.replace(/\D/g, ''));
    };
    // stats.beta.ppf(1 - .025, 1, n) < .01 first at n = 368
    expect(least(0.01, 'once')).toBe(368);
    expect(least(0.01, 'always')).toBeGreaterThan(368);
    expect(least(0.001, 'always')).toBeGreaterThan(9 * least(0.01, 'always'));
  });
});
