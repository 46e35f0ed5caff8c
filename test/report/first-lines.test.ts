import { describe, expect, test } from 'vitest';
import type { Gate, Outcome, Verdict } from '../../src/analysis/judge/verdict.ts';
import { nextStep } from '../../src/report/content/next.ts';
import type { RenderOptions, Report } from '../../src/report/report.ts';
import { renderTerminal } from '../../src/report/terminal/terminal.ts';
import { printCommand } from '../../src/base/text.ts';
import { simulate } from '../analysis/simulated.ts';
import { hostileReport, reportOn } from './sample.ts';

/** A gate by hand, so that what the judge says of numbers is no matter here. */
function gate(id: string, outcome: Outcome, changed: Partial<Gate> = {}): Gate {
  const open = outcome === 'inconclusive';
  return {
    id,
    title: `Is ${id} as it should be?`,
    outcome,
    test: 'bound',
    gating: true,
    unit: 'share',
    estimate: 0.93,
    interval: [0.91, 0.95],
    margin: 0.9,
    relation: '>',
    n: 6000,
    of: 'rows',
    reason: `93 % of 6 000 rows; at least 91 % (95 % confidence), and at least 90 % is required.`,
    needs: open ? 'about 50 min more traffic' : undefined,
    missing: open ? { minutes: 50 } : undefined,
    ...changed,
  };
}

const rule = (id: string, outcome: Outcome = 'pass') =>
  gate(id, outcome, { test: 'rule', interval: undefined, reason: `All is well with ${id}.` });
const RULES = ['traffic.sampling', 'output.readable', 'output.schema', 'output.varied'].map((id) => rule(id));
const LATENCIES = ['latency.mean', 'latency.p50', 'latency.p90', 'latency.p99'];

function reportWith(given: Omit<Verdict, 'inWindow' | 'waivers'> & Partial<Verdict>): Report {
  const verdict: Verdict = { inWindow: given.outcome, waivers: [], ...given };
  const seen = simulate({ minutes: 80, rate: 20, differing: 0.05 });
  const { predictions } = seen;
  if (predictions === undefined) throw new Error('the simulation has predictions');
  const form = { shape: 'columns', from: '$.predictions[*].predicted_label', example: 'cloudy (0.4457)' };
  const answers = { kind: 'scored-label', production: form, shadow: form, measures: [], flags: [] };
  return { ...reportOn({ ...seen, predictions: { ...predictions, answers } }), verdict };
}

const WORLDS: Readonly<Record<Outcome, Report>> = {
  pass: reportWith({
    outcome: 'pass',
    summary: 'All 6 tests pass (95 % confidence each), and all 4 rules hold; 1 more gate is for information.',
    gates: [
      ...RULES,
      ...['errors', ...LATENCIES, 'labels.agreement'].map((id) => gate(id, 'pass')),
      gate('effect.errors', 'pass', { gating: false }),
    ],
  }),
  fail: reportWith({
    outcome: 'fail',
    summary: `Does it fail more requests? ${gate('errors', 'fail').reason} (and 1 more)`,
    gates: [
      ...RULES,
      ...LATENCIES.map((id) => gate(id, 'pass')),
      gate('labels.agreement', 'inconclusive'),
      gate('errors', 'fail'),
      rule('output.pairs', 'fail'),
    ],
  }),
  inconclusive: reportWith({
    outcome: 'inconclusive',
    summary: 'Not decided yet: labels.agreement. Needs about 50 min more traffic.',
    gates: [...RULES, ...LATENCIES.map((id) => gate(id, 'pass')), gate('labels.agreement', 'inconclusive')],
  }),
};

const PIPED = { color: false };
const OUTCOMES = ['pass', 'fail', 'inconclusive'] as const;

describe.each(OUTCOMES)('%s', (outcome) => {
  test.each([80, 120])('as it looks in %i columns, in a pipe', async (columns) => {
    const text = await renderTerminal(WORLDS[outcome], { ...PIPED, columns });
    await expect(`${text}\n`).toMatchFileSnapshot(`golden/${outcome}-${columns}.txt`);
  });

  test('the first 24 lines hold verdict, reading, what was covered, what decides and what to do', async () => {
    const text = await renderTerminal(WORLDS[outcome], { ...PIPED, columns: 80 });
    const first = text.split('\n').slice(0, 24).join('\n');
    expect(first).toContain(`Verdict: ${outcome.toUpperCase()}.`);
    expect(first.replace(/\s+/g, ' ')).toContain(
      'a label with its score, from $.predictions[*].predicted_label, for example cloudy (0.4457)',
    );
    expect(first).toMatch(/covered +80 minutes with traffic \(Mon 09:00 – 10:20 UTC\); 1 600 requests;/);
    for (const one of WORLDS[outcome].verdict?.gates.filter(({ gating }) => gating) ?? [])
      expect(first).toContain(one.id);
    expect(first).toMatch(/Next: .*\n(.*\n)? {2}shadowctl (promote|keep|report) --endpoint weather/);
  });
});

test('what decides comes first: fails, then what is open, then passes; rules that hold stand apart', async () => {
  const lines = (await renderTerminal(WORLDS.fail, { ...PIPED, columns: 80 })).split('\n');
  const at = (words: RegExp) => lines.findIndex((line) => words.test(line));
  const order = [
    /✗ rule fails: output\.pairs/,
    /✗ +errors /,
    /\? +labels\.agreement/,
    /✓ +latency\.mean/,
    /✓ rules hold: traffic/,
  ];
  const found = order.map(at);
  expect(found).toEqual(found.toSorted((a, b) => a - b));
  expect(found[0]).toBeGreaterThan(0);
});

test('however much there is to say, it is said within 24 lines, and what was cut stands whole below', async () => {
  const long = 'a-very-long-name-of-a-model-'.repeat(8);
  const worst = hostileReport();
  const gates = Array.from({ length: 20 }, (_, i) =>
    gate(`answers.number-${i}`, i % 3 === 0 ? 'fail' : 'inconclusive'),
  );
  const report: Report = {
    ...worst,
    observations: {
      ...worst.observations,
      endpoint: 'weather',
      production: { ...worst.observations.production, model: long },
    },
    policyFrom: `${'folder/'.repeat(40)}policy.yaml`,
    verdict: {
      outcome: 'fail',
      summary: 'This is why it fails, at length. '.repeat(30),
      gates,
      inWindow: 'fail',
      waivers: [],
    },
  };
  const text = await renderTerminal(report, { ...PIPED, columns: 80 });
  const lines = text.split('\n');
  expect(lines.findIndex((line) => line === '  shadowctl keep --endpoint weather')).toBeLessThan(24);
  expect(text).toContain('more that did not pass, below');
  const below = lines.slice(24).join(' ').replace(/\s+/g, ' ');
  expect(below).toContain('This is why it fails, at length. '.repeat(30).trim());
  for (const { id } of gates) expect(below).toContain(id);
});

test('however long hints and warnings are, the table of gates is on the first page', async () => {
  const { verdict } = WORLDS.fail;
  const waivers = Array.from({ length: 9 }, (_, i) => ({
    gate: `latency.${i}`,
    reason: 'agreed with everybody who calls it, and with those who pay for it '.repeat(3),
    state: 'counts' as const,
    outcome: 'fail' as const,
  }));
  const gates = (verdict?.gates ?? []).map((one) => ({
    ...one,
    needs: one.outcome === 'pass' ? undefined : 'labels of rows that nobody has labeled so far, '.repeat(12),
  }));
  const report: Report = {
    ...WORLDS.fail,
    verdict: { outcome: 'fail', inWindow: 'fail', summary: 'It fails, and this is why. '.repeat(20), gates, waivers },
  };
  const lines = (await renderTerminal(report, { ...PIPED, columns: 80 })).split('\n');
  const at = (words: RegExp) => lines.findIndex((line) => words.test(line));
  expect(at(/ gate +seen +can be +limit/)).toBeGreaterThan(0);
  expect(at(/✗ +errors /)).toBeLessThan(22);
  expect(at(/^ {2}shadowctl keep --endpoint weather/)).toBeLessThan(24);
  const below = lines.slice(24).join(' ').replace(/\s+/g, ' ');
  for (const { gate: id } of waivers.slice(2)) expect(below).toContain(`Waived: ${id}`);
});

test('a shadow that a release has attached is not promoted by hand', () => {
  const next = nextStep(WORLDS.pass, { endpoint: 'weather' }, { id: 'r-1', endpoint: 'weather' });
  expect(next?.command).toMatchObject({ command: 'release status', options: { endpoint: 'weather' } });
  expect(next?.words).toContain('r-1');
});

test('while the next look is waited for, the first lines are all there is', async () => {
  const nextLook = Date.UTC(2026, 0, 5, 11, 1, 30);
  const text = await renderTerminal(WORLDS.inconclusive, { ...PIPED, columns: 80, nextLook });
  expect(text.split('\n').length).toBeLessThanOrEqual(24);
  expect(text).toContain('Looks again at 11:01:30 UTC');
  expect(text).not.toContain('--watch');
  const early = reportOn(simulate({ minutes: 0 }));
  const none = await renderTerminal(early, { ...PIPED, columns: 80, nextLook });
  expect(none).toContain('There is nothing to compare');
  expect(none).toContain('Looks again at 11:01:30 UTC');
});

describe('the next step is a command that works as it stands', () => {
  const next = (outcome: Outcome, asked: RenderOptions['asked'], report = WORLDS[outcome]) => {
    const found = nextStep(report, asked);
    return found?.command === undefined ? undefined : printCommand(found.command);
  };

  test.each<[Outcome, RenderOptions['asked'], string]>([
    ['pass', undefined, 'shadowctl promote --endpoint weather'],
    [
      'pass',
      { endpoint: 'weather', last: '95m', labels: 'truth.csv:label', policy: 'p.yaml' },
      'shadowctl promote --endpoint weather --from -95m --labels truth.csv:label --policy p.yaml',
    ],
    [
      'pass',
      { endpoint: 'weather', from: '-2h', labels: 'truth.csv', expect: 'better', waive: ['errors'], reason: 'known' },
      'shadowctl promote --endpoint weather --from -2h --labels truth.csv --expect better --waive errors --reason known',
    ],
    ['pass', { files: 'saved.json' }, 'shadowctl report --files saved.json --format html --output report.html'],
    ['fail', undefined, 'shadowctl keep --endpoint weather'],
    ['fail', { files: 'logs' }, 'shadowctl report --files logs --full'],
    [
      'inconclusive',
      { endpoint: 'weather', from: '-2h', to: '-5m', labels: 'truth.csv' },
      'shadowctl report --endpoint weather --from -2h --labels truth.csv --watch',
    ],
    [
      'inconclusive',
      { files: 'logs', line: '{request} {answer}' },
      "shadowctl report --files logs --line '{request} {answer}'",
    ],
  ])('%s, asked with %j', (outcome, asked, command) => {
    expect(next(outcome, asked)).toBe(command);
  });

  test('what promote takes from the policy alone is said', () => {
    expect(nextStep(WORLDS.pass, { endpoint: 'weather', answers: 'scores' })?.words).toContain('--answers');
    expect(nextStep(WORLDS.pass, { endpoint: 'weather' })?.words).not.toContain('policy first');
  });

  test('where more traffic alone does not help, what does is said', () => {
    const advised = { needs: 'labels in the words of the answers', missing: undefined };
    const report = reportWith({
      outcome: 'inconclusive',
      summary: 'Not decided yet.',
      gates: [gate('latency.p99', 'inconclusive'), gate('truth.accuracy', 'inconclusive', advised)],
    });
    expect(nextStep(report, undefined)?.words).toContain('truth.accuracy needs labels in the words of the answers');
  });

  test('where labels prove it no less right, and only its lean is open, the waiver is named', () => {
    const open = (...gates: Gate[]) =>
      nextStep(reportWith({ outcome: 'inconclusive', summary: 'Not decided yet.', gates }), undefined)?.words;
    const lean = gate('numbers.bias', 'inconclusive', { needs: '900 more rows', missing: { rows: 900 } });
    expect(open(gate('truth.error', 'pass'), lean)).toContain('--waive numbers.bias');
    expect(open(gate('truth.error', 'inconclusive'), lean)).not.toContain('--waive');
    expect(open(gate('truth.error', 'pass'), lean, gate('errors', 'inconclusive'))).not.toContain('--waive');
  });
});

describe('gates in the short form', () => {
  const many = Array.from({ length: 12 }, (_, i) => gate(`slices.${i}`, 'inconclusive'));
  const limits = [
    gate('limits.accuracy', 'inconclusive'),
    gate('limits.latency.p99', 'inconclusive', {
      unit: 'number',
      estimate: 18,
      interval: [17, 19],
      margin: 20,
      relation: '<',
    }),
    gate('truth.recall', 'inconclusive', { estimate: -0.00704, difference: true }),
  ];
  const drawn = async (gates: readonly Gate[], columns = 80) =>
    renderTerminal(reportWith({ outcome: 'inconclusive', summary: 'Not decided yet.', gates }), { ...PIPED, columns });
  const first = (text: string) => text.split('\n').slice(0, 24);

  test('limits that the policy names have their row before what else is open, and what has none is named', async () => {
    const lines = first(await drawn([...RULES, ...many, ...limits]));
    const at = (words: RegExp) => lines.findIndex((line) => words.test(line));
    expect(at(/\? +limits\.accuracy/)).toBeGreaterThan(0);
    expect(at(/\? +limits\.accuracy/)).toBeLessThan(at(/\? +slices\.0/));
    expect(lines.join(' ').replace(/\s+/g, ' ')).toContain('that did not pass, below: slices.');
  });

  test('values have their units', async () => {
    const text = await drawn(limits);
    expect(text).toMatch(/limits\.latency\.p99 +18 ms +17 … 19 ms +< 20 ms/);
    expect(text).toMatch(/truth\.recall +-0\.704 pts/);
  });

  test('a rule has no row of numbers, whatever became of it', async () => {
    const lines = first(await drawn([rule('output.readable', 'inconclusive'), gate('errors', 'inconclusive')]));
    expect(lines).toContain('  ? rule is open: output.readable');
    expect(lines.some((line) => /\? +output\.readable +93/.test(line))).toBe(false);
  });

  test.each([50, 80])('names are whole in %i columns', async (columns) => {
    const names = ['labels.agreement', 'limits.latency.p99', 'truth.regressions'];
    const lines = first(
      await drawn(
        names.map((id) => gate(id, 'inconclusive')),
        columns,
      ),
    );
    for (const name of names) expect(lines.some((line) => line.includes(`  ?  ${name} `))).toBe(true);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  });
});

test('a path that fits no answer is not asked for again', () => {
  const report = WORLDS.inconclusive;
  const { predictions } = report.observations;
  if (predictions === undefined) throw new Error('the report has predictions');
  const [production, shadow] = [predictions.production, predictions.shadow].map((side) => ({
    ...side,
    answers: 0,
    unparsed: side.records,
  })) as [typeof predictions.production, typeof predictions.shadow];
  const seen = {
    ...report,
    observations: { ...report.observations, predictions: { ...predictions, production, shadow } },
  };
  const asked = { endpoint: 'weather', prediction: '$.nowhere' };
  expect(nextStep(seen, asked)?.command?.options).toEqual({ endpoint: 'weather' });
  expect(nextStep(report, asked)?.command?.options).toEqual({ ...asked, watch: true });
});

test('labels that fit nothing are not waited for', () => {
  const report = WORLDS.inconclusive;
  const { predictions } = report.observations;
  if (predictions === undefined) throw new Error('the report has predictions');
  const truth = { rows: 0, of: 1600, labels: undefined, numbers: undefined, unknown: 50 };
  const asked = { endpoint: 'weather', labels: 'truth.csv' };
  const next = (found: typeof truth) =>
    nextStep(
      { ...report, observations: { ...report.observations, predictions: { ...predictions, truth: found } } },
      asked,
    );
  expect(next(truth)?.command?.options).toEqual(asked);
  expect(next({ ...truth, rows: 10 })?.command?.options).toEqual({ ...asked, watch: true });
});

describe('the rows of the first lines', () => {
  const early = gate('errors', 'inconclusive', { interval: [0.91, 0.95], missing: { minutes: 68 } });
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => gate(`labels.${name}`, 'inconclusive'));
  const truth = gate('truth.score', 'inconclusive', { missing: { labels: 1200 } });
  const informs = LATENCIES.map((id) => gate(id, 'inconclusive', { gating: false }));

  test('an open gate says what it lacks, also where its bounds lie within the limit', async () => {
    const drawn = await renderTerminal(
      reportWith({ outcome: 'inconclusive', summary: 'Too early.', gates: [early, truth] }),
      { columns: 80, color: false },
    );
    expect(drawn).toMatch(/errors .* > 90 % +1 h 8 min\n/);
    expect(drawn).toMatch(/truth\.score .* > 90 % +1 200 labels\n/);
  });

  test('gates that decide have rows before those that inform have names, labels first', async () => {
    const gates = [...names, truth, ...RULES, ...informs];
    const drawn = await renderTerminal(reportWith({ outcome: 'inconclusive', summary: 'Open.', gates }), {
      columns: 80,
      color: false,
    });
    const head = drawn.split('\n').slice(0, 24);
    const rows = head.filter((line) => /^ {2}\? /.test(line)).map((line) => /[a-z]+\.[a-z]+/.exec(line)?.[0]);
    expect(rows[0]).toBe('truth.score');
    expect(rows.length).toBeGreaterThanOrEqual(8);
    expect(head.join('\n')).toContain('✓ 4 rules hold, ( ) 4 for information');
  });
});

test('what more of the same does not decide is judged again, and not watched', () => {
  const stuck = gate('truth.slices', 'inconclusive', { missing: undefined, needs: 'a model that is no worse there' });
  for (const [gates, watched] of [
    [[gate('labels.agreement', 'inconclusive')], true],
    [[gate('labels.agreement', 'inconclusive'), stuck], undefined],
  ] as const) {
    const report = reportWith({ outcome: 'inconclusive', summary: 'Not decided yet.', gates: [...gates] });
    expect(nextStep(report, { endpoint: 'weather' })?.command?.options.watch).toBe(watched);
  }
});
