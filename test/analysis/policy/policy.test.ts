import { linesOf, shown, text } from '../../../src/base/text.ts';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadPolicy } from '../../../src/analysis/observe/policy-file.ts';
import { explainPolicy } from '../../../src/analysis/judge/explain/explain.ts';
import type { Problem } from '../../../src/base/errors.ts';
import { DEFAULT_POLICY, GATES, gates, policyFor, RULES } from '../../../src/analysis/policy/policy.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import type { Gate } from '../../../src/analysis/judge/verdict.ts';
import { simulate } from '../simulated.ts';
import { movedKeys, readPolicy } from '../../../src/analysis/policy/schema.ts';

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

  test('a share and a margin may be written as percent', () => {
    const percents = readPolicy(
      { errors: '1%', agreement: '92.5 %', latency: { p99: '120%' }, limits: { errors: '2%' } },
      'x',
    );
    expect(percents).toEqual(
      readPolicy({ errors: 0.01, agreement: 0.925, latency: { p99: 1.2 }, limits: { errors: 0.02 } }, 'x'),
    );
  });

  test.each([
    [{ alpha: 0.7 }, 'x: policy: alpha: 0.7 is not a chance between 0 and 0.5 (0.05 is five percent).'],
    [{ agreement: 95 }, 'x: policy: agreement: 95 is not a share between 0 and 1, like 0.1 or 10%.'],
    [{ slices: [0.9] }, 'x: policy: slices: [0.9] is not a share between 0 and 1, like 0.1 or 10%.'],
    [{ distances: null }, 'x: policy: distances: nothing was found where keys with values are expected.'],
    [
      { latency: { p95: 0.1 } },
      'x: policy: latency.p95: there is no such key, did you mean p90? The keys of latency are mean, p50, p90, p99, floor.',
    ],
    [
      { numbers: { tolerence: 1 } },
      'numbers.tolerence: there is no such key, did you mean tolerance? The keys of numbers are tolerance, share.',
    ],
    [{ p99: 0.1 }, 'x: policy: p99: there is no such key, did you mean latency.p99?'],
    [
      { region: 'us-east-1' },
      'x: policy: region: there is no such key here; region belongs in shadowctl.yaml, at its top',
    ],
    [{ errors: 1 }, 'x: policy: errors: 1 is not a share from 0 to less than 1, like 0.01 or 1%.'],
    [
      { latency: { p99: '20 per cent' } },
      'latency.p99: "20 per cent" is not a number greater than 0, like 0.1 or 10%.',
    ],
    [{ truth: '0%' }, 'is not a number greater than 0, like 0.1 or 10%.'],
    [{ colour: {} }, 'x: policy: colour: there is no such key. The keys are alpha, '],
    [{ minimumPairs: 2.5 }, 'x: policy: minimumPairs: 2.5 is not a whole number, 1 or greater.'],
    [{ expect: 'worse' }, 'x: policy: expect: "worse" is not same, better, or better by a number of points'],
    [{ expect: 'better by 200 points' }, 'is not same, better, or better by a number of points'],
    [{ looks: 'often' }, 'x: policy: looks: "often" is not always or once.'],
    [
      { distances: { psi: 0.4 } },
      'x: policy: distances.psi: 0.4 is not 0.25 or less: its bounds are not valid beyond that.',
    ],
    [{ fields: { ignore: ['id'] } }, 'x: policy: fields.ignore.0: "id" is not a path like $.score or'],
    [
      { fields: { tolerance: { score: 1 } } },
      'x: policy: fields.tolerance.score: "score" is not a path like $.score or',
    ],
    [{ decide: 'effect' }, 'x: policy: decide: "effect" is not a list of names of gates, like [latency.p99].'],
    [{ inform: ['latency.99'] }, 'inform.0: "latency.99" is not the name of a gate, did you mean latency.p99?'],
    ['strict', 'x: policy: "strict" was found where keys with values are expected.'],
  ])('%j is refused by name', (section, message) => {
    expect(() => readPolicy(section, 'x')).toThrow(message);
  });

  test('what the new model is expected to be', () => {
    const expected = (expect: string) => readPolicy({ expect }, 'x').expect;
    expect(expected('same')).toEqual({ kind: 'same' });
    expect(expected('better')).toEqual({ kind: 'better' });
    expect(expected('better by 2 points')).toEqual({ kind: 'better', by: 0.02 });
    expect(expected('better by 0.5 points')).toEqual({ kind: 'better', by: 0.005 });
    expect(readPolicy({}, 'x').expect).toBeUndefined();
  });

  test('all mistakes are told at once', () => {
    const section = { numbers: { tolerence: 1, shere: 2 }, slices: [0.9], decide: ['labels.agrement'] };
    let told: unknown;
    try {
      readPolicy(section, 'x');
    } catch (error) {
      told = error;
    }
    const { message, next } = told as Problem;
    expect(message).toBe('x: policy: 4 mistakes.');
    expect(next && linesOf(next)).toEqual([
      expect.stringMatching(/^numbers.tolerence: .* did you mean tolerance\?/),
      expect.stringMatching(/^numbers.shere: .* did you mean share\?/),
      expect.stringMatching(/^slices: \[0.9\] is not/),
      expect.stringMatching(/^decide.0: "labels.agrement" .* did you mean labels.agreement\?/),
      text`Every key with its default and its meaning: ${shown('policy init')}`,
    ]);
  });

  test('every gate that a judge has can be named, and whatever begins the names of some', () => {
    const names = ['latency', 'effect', 'labels.agreement', 'truth', 'output'];
    expect(readPolicy({ decide: names, inform: GATES }, 'x')).toMatchObject({ decide: names, inform: GATES });
    const explained = explainPolicy(
      readPolicy({ slices: 0.9, distances: { ks: 1, psi: 0.1, jensenShannon: 1, wasserstein: 1 } }, 'x'),
    );
    const ids = [...explained, ...best(10, readPolicy({ slices: 0.9 }, 'x')).map(({ id }) => ({ gate: id }))];
    expect(ids.map(({ gate }) => gate).filter((id) => ![...GATES, 'truth'].includes(id))).toEqual([]);
    const folder = join(import.meta.dirname, '../../../src/analysis/judge');
    const judges = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(folder, file), 'utf8'));
    const written = judges.join().matchAll(/(?:id: |finish\()'([a-z]+(?:\.\w+)?)'/g);
    expect([...written].map(([, id]) => id).filter((id) => id !== 'truth' && !GATES.includes(id ?? ''))).toEqual([]);
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

  test('answers: what is said of them, also by the older names, which are told', () => {
    const answers = {
      kind: 'scores',
      path: '$[0]',
      ignore: ['$.id'],
      tolerance: { absolute: 2, relative: 0.1, fields: { '$.a': 1 } },
      refusals: { share: 0.5, openings: ['Nope'] },
    };
    expect(readPolicy({ answers }, 'x.yaml')).toMatchObject({
      answers: { kind: 'scores', path: '$[0]', relative: 0.1, refusals: 0.5, openings: ['Nope'], order: true },
      fields: { ignore: ['$.id'], tolerance: { '$.a': 1 } },
      numbers: { tolerance: 2, share: DEFAULT_POLICY.numbers.share },
    });
    const older = { fields: { ignore: ['$.id'] }, numbers: { tolerance: 3 } };
    expect(readPolicy(older, 'x.yaml')).toMatchObject({ fields: { ignore: ['$.id'] }, numbers: { tolerance: 3 } });
    expect(movedKeys(older)).toHaveLength(2);
    expect(movedKeys({ answers })).toEqual([]);
    expect(movedKeys({ tasks: { scores: { share: 0.1 } } })).toEqual([expect.stringContaining('answers.kinds.number')]);
    expect(() => readPolicy({ answers: { kind: 'score' } }, 'x.yaml')).toThrow('is not a kind of answers');
    expect(() => readPolicy({ answers: { path: '$.a[x]' } }, 'x.yaml')).toThrow('is not a path like');
    expect(() => readPolicy({ answers: { knd: 'scores' } }, 'x.yaml')).toThrow('knd');
  });

  test('limits are durations and shares, and one that nothing measures keeps a shadow from passing', () => {
    const limits = {
      latency: { p99: '200ms', mean: '1.5 s' },
      errors: '1%',
      accuracy: 0.85,
      recall: { fraud: '80 %' },
    };
    const policy = readPolicy({ limits, resources: { memory: 0.2 } }, 'x.yaml');
    expect(policy.limits).toEqual({
      latency: { p99: 200, mean: 1500 },
      errors: 0.01,
      accuracy: 0.85,
      recall: { fraud: 0.8 },
    });
    expect(policy.resources).toEqual({ memory: 0.2 });
    expect(() => readPolicy({ limits: { latency: { p99: 200 } } }, 'x')).toThrow('200 is not a duration, like 200ms');
    expect(() => readPolicy({ limits: { latency: { p99: '0ms' } } }, 'x')).toThrow('"0ms" is not a duration');
    expect(() => readPolicy({ limits: { errors: '120%' } }, 'x')).toThrow(
      '"120%" is not a share from 0 to less than 1',
    );
    expect(() => readPolicy({ limits: { errors: 1.2 } }, 'x')).toThrow('1.2 is not a share from 0 to less than 1');
    expect(() => readPolicy({ limits: { erors: 0.2 } }, 'x')).toThrow('did you mean errors?');
    expect(readPolicy({ inform: ['limits.latency'] }, 'x').inform).toEqual(['limits.latency']);
    const judged = judge(simulate({ minutes: 10 }), readPolicy({ limits, resources: { cpu: 0.2 } }, 'x'));
    const found = judged?.gates.filter(({ id }) => /^(?:limits|resources)/.test(id));
    expect([...new Set(found?.map(({ outcome }) => outcome))]).toEqual(['inconclusive']);
    expect(found?.map(({ id }) => id)).toEqual(
      ['latency.mean', 'latency.p99', 'errors', 'accuracy', 'recall.fraud']
        .map((id) => `limits.${id}`)
        .concat('resources.cpu'),
    );
  });

  test('answers of one endpoint stand over the policy for all, and under a file that was named', async () => {
    const project = async () => ({
      policy: { errors: 0.5, answers: { kind: 'label', path: '$.a' } },
      file: 'shadowctl.yaml',
      endpoints: { weather: { answers: { kind: 'scores' } } },
    });
    writeFileSync(join(folder, 'answers.yaml'), 'answers: { kind: text }\n');
    const kindOf = async (named: string | undefined, endpoint: string | undefined) =>
      (await loadPolicy(folder, named, project, endpoint)).policy.answers;
    expect(await kindOf(undefined, 'weather')).toMatchObject({ kind: 'scores', path: '$.a' });
    expect(await kindOf(undefined, 'other')).toMatchObject({ kind: 'label', path: '$.a' });
    expect(await kindOf('answers.yaml', 'weather')).toMatchObject({ kind: 'text' });
    expect(await kindOf('b.yaml', 'weather')).toMatchObject({ kind: 'scores' });
  });
});

/** The gates of n requests that all went well: no failure, all answers equal and right, no distance. */
function best(n: number, policy: Policy): Gate[] {
  const seen = simulate({ minutes: 1, rate: 1 });
  const one = seen.predictions;
  if (one?.labels === undefined || one.numbers === undefined) throw new Error('the simulation has predictions');
  const requests = { ...seen.metrics.production, invocations: Array.from({ length: 80 }, () => n / 80) };
  const each = { rows: n / 80, agree: n / 80, truth: n / 80, onlyProduction: 0, onlyShadow: 0 };
  const minutes = Array.from({ length: 80 }, () => one.blocks.map((block) => ({ ...block, ...each }))).flat();
  const numbers = { ...one.numbers, rows: n, distances: { ks: 0, wasserstein: 0, psi: 0, jensenShannon: 0 } };
  const predictions = {
    ...one,
    ...{ pairs: n, rows: n, coverage: 1, blocks: minutes, repeats: undefined, numbers },
    labels: { ...one.labels, rows: n, agree: n },
    truth: {
      ...{ rows: n, of: n, unknown: 0, numbers: undefined },
      labels: { production: n, shadow: n, onlyProduction: 0, onlyShadow: 0 },
    },
  };
  const metrics = { ...seen.metrics, production: requests, shadow: requests };
  return [...(judge({ ...seen, metrics, predictions }, policy)?.gates ?? [])];
}

test('what is called a rule here is called one by the judge', () => {
  const found = judge(simulate({ minutes: 80, rate: 20 }), DEFAULT_POLICY)?.gates ?? [];
  expect(found.length).toBeGreaterThan(5);
  for (const { id, test: sort } of found) expect([id, sort]).toEqual([id, RULES.includes(id) ? 'rule' : 'bound']);
});

describe('explaining a policy', () => {
  test('every gate in words, with the least traffic that can decide it', () => {
    const demands = Object.fromEntries(explainPolicy(DEFAULT_POLICY).map((one) => [one.gate, one]));
    expect(demands['latency.p99']).toMatchObject({
      gating: true,
      demand: "its p99 latency is at most 20 % longer than production's, or 0.25 ms",
      traffic: '8 blocks of 10 minutes, after 2 minutes of warm-up, with 30 requests a minute',
    });
    // ln(2 / 0.05) / 0.01 is 368.9
    expect(demands.errors?.traffic).toBe('369 requests without a failure, in 80 minutes');
    expect(demands['labels.agreement']?.traffic).toBe('300 pairs of different inputs, in 80 minutes');
  });

  test('each kind of answers has its own demand, unless one is said for all', () => {
    expect(policyFor(DEFAULT_POLICY, 'binary').agreement).toBe(0.95);
    expect(policyFor(DEFAULT_POLICY, 'multiclass').agreement).toBe(0.9);
    const all = readPolicy({ agreement: 0.8 }, 'x');
    expect(policyFor(all, 'binary').agreement).toBe(0.8);
    const one = readPolicy({ tasks: { regression: { share: 0.2, truth: 0.1 } } }, 'x');
    expect(policyFor(one, 'regression')).toMatchObject({ numbers: { share: 0.2 }, truth: 0.1 });
    expect(policyFor(one, 'binary').agreement).toBe(0.95);
    const said = readPolicy({ answers: { kinds: { number: { share: 0.2, truth: 0.1 } } } }, 'x');
    expect(policyFor(said, 'regression')).toMatchObject({ numbers: { share: 0.2 }, truth: 0.1 });
    expect(policyFor(said, 'scores').numbers.share).toBe(0.2);
    expect(policyFor(readPolicy({ answers: { kinds: { binary: { agreement: 0.5 } } } }, 'x'), 'binary').agreement).toBe(
      0.5,
    );
    const words = explainPolicy(one).map((demand) => demand.demand);
    expect(words).toContainEqual(expect.stringMatching(/^binary, json: more than 95 % of its labels/));
    expect(words).toContainEqual(expect.stringMatching(/^multiclass: more than 90 %/));
    expect(words).toContainEqual(expect.stringMatching(/^regression: less than 20 % of its numbers/));
    expect(words).toContainEqual(expect.stringMatching(/^scores: less than 5 % of its numbers/));
    expect(words).toContainEqual(
      expect.stringMatching(/^regression: against labels, it loses less than 10 percentage points of accuracy/),
    );
  });

  test('a limit of a distance says what it takes; what only informs says so', () => {
    const demands = explainPolicy(readPolicy({ distances: { ks: 0.1, psi: 0.2 }, decide: ['effect.errors'] }, 'x'));
    const of = (gate: string) => demands.find((one) => one.gate === gate);
    // The first n with 2 * .85 * sqrt((log(log(e * n)) + .8 * log(1612 / .025)) / n) < .1, in Python
    expect(of('distance.ks')?.traffic).toBe('3 198 pairs of different inputs, in 80 minutes');
    // KL (nats) of ten bins by the Dirichlet mixture: the first n with (2 sqrt(2 KL))**2 < .2, in Python (gammaln)
    expect(of('distance.psi')?.traffic).toBe('1 340 pairs of different inputs, in 80 minutes');
    expect([of('effect.latency')?.gating, of('effect.errors')?.gating]).toEqual([false, true]);
    const truth = (inform: string[]) =>
      explainPolicy(readPolicy({ inform }, 'x')).find((one) => one.gate === 'truth')?.gating;
    expect([truth([]), truth(['truth']), truth(['truth.accuracy'])]).toEqual([true, false, true]);
    expect(truth(['truth.accuracy', 'truth.error'])).toBe(true);
    expect(truth(['truth.accuracy', 'truth.error', 'truth.score'])).toBe(false);
  });

  test('what it says is what the judge does: proven with so much traffic at best, and not with less', () => {
    const policy = readPolicy({ distances: { ks: 0.1, psi: 0.1, jensenShannon: 0.02 } }, 'x');
    const least = (gate: string, of = '') => {
      const found = explainPolicy(policy).find((one) => one.gate === gate && one.demand.startsWith(of));
      return Number(/^[\d ]+/.exec(found?.traffic ?? '')?.[0].replaceAll(' ', ''));
    };
    const check = (n: number, outcome: (n: number) => string | undefined) => {
      expect(n).toBeGreaterThan(0);
      expect([outcome(n - 1), outcome(n)]).toEqual(['inconclusive', 'pass']);
    };
    check(least('errors'), (n) => best(n, policy).find((gate) => gate.id === 'errors')?.outcome);
    check(least('labels.agreement'), (n) => best(n, policy).find((gate) => gate.id === 'labels.agreement')?.outcome);
    check(least('truth'), (n) => best(n, policy).find((gate) => gate.id === 'truth.accuracy')?.outcome);
    for (const name of ['ks', 'psi', 'jensenShannon'])
      check(least(`distance.${name}`), (n) => best(n, policy).find((gate) => gate.id === `distance.${name}`)?.outcome);
  });

  test('and the simulated endpoints of the calibration take no less', () => {
    const table = readFileSync(join(import.meta.dirname, '../../bench/calibration.md'), 'utf8');
    const median = (title: string) => {
      const line = table.split('\n').findLast((one) => one.startsWith(`| ${title} |`));
      return 60 * Number(/\| (\d+) min \|/.exec(line ?? '')?.[1]);
    };
    const policy = readPolicy(
      { distances: { ks: 0.1, psi: 0.1, jensenShannon: 0.02, wasserstein: 0.1 }, slices: 0.9 },
      'x',
    );
    const rows: [string, string][] = [
      ['distance.wasserstein', 'Wasserstein of equals, 0.1 allowed'],
      ['errors', 'no errors at all'],
      ['labels.agreement', 'labels 95 % equal'],
      ['truth', 'accuracy 3 % better'],
      ['slices', 'slices 95 % equal, all 12'],
      ['distance.ks', 'Kolmogorov-Smirnov of equals, 0.1 allowed'],
      ['distance.psi', 'stability index of equals, 0.1 allowed'],
      ['distance.jensenShannon', 'Jensen-Shannon of equals, 0.02 allowed'],
    ];
    for (const [gate, title] of rows) {
      const traffic = explainPolicy(policy).find((one) => one.gate === gate)?.traffic ?? '';
      const [first = 0, second = 0] = (traffic.match(/\d[\d ]*/g) ?? []).map((n) => Number(n.replaceAll(' ', '')));
      // Quarters of columns; numbers of deviation 1, whose range of about 8 holds the limit 80 times.
      const times: Record<string, number> = { slices: 4, 'distance.wasserstein': 80 };
      const minutes = Number(/in (\d+) minutes/.exec(traffic)?.[1] ?? 0);
      const least = Math.max(first, second * (times[gate] ?? 0), 60 * minutes);
      expect(median(title), title).toBeGreaterThanOrEqual(least);
      // At best is not far from what happens: answers that are nearly equal take more than those that are.
      expect(median(title), title).toBeLessThanOrEqual(15 * least);
    }
  });

  test('what can never be proven is said', () => {
    const of = (section: unknown, gate: string) =>
      explainPolicy(readPolicy(section, 'x')).find((one) => one.gate === gate)?.traffic;
    expect(of({ agreement: 1 }, 'labels.agreement')).toMatch(/^cannot be reached/);
    expect(of({ errors: 0 }, 'errors')).toMatch(/^cannot be reached/);
    expect(of({ slices: 1 }, 'slices')).toMatch(/^cannot be reached/);
  });

  test('a stricter policy needs more', () => {
    const least = (margin: number, looks: 'always' | 'once') => {
      const effect = { ...DEFAULT_POLICY.effect, errors: margin };
      const words =
        explainPolicy({ ...DEFAULT_POLICY, effect, looks }).find((one) => one.gate === 'effect.errors')?.traffic ?? '';
      return Number(words.replace(/\D/g, ''));
    };
    // stats.beta.ppf(1 - .025, 1, n) < .01 first at n = 368
    expect(least(0.01, 'once')).toBe(368);
    expect(least(0.01, 'always')).toBeGreaterThan(368);
    expect(least(0.001, 'always')).toBeGreaterThan(9 * least(0.01, 'always'));
  });
});
