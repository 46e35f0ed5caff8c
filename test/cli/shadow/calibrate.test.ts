import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { describeEndpointConfig } from '../../../src/aws/sagemaker.ts';
import { shadowCommand } from '../../../src/cli/shadow.ts';
import { interrupted } from '../../../src/base/errors.ts';
import type { Report } from '../../../src/report/report.ts';
import { builtProgram } from '../../support/built.ts';
import { optionsOf } from '../../support/parse.ts';
import { matrixTest, sampled } from '../../support/sizes.ts';
import { type Flow, flow } from '../../support/traffic.ts';
import { wordsOf } from '../../support/words.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../../support/world.ts';

const DEPLOY = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 3 --model-name m1 --config-name c1 --yes`;
const SHADOW = `shadow --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --model-name m2 --config-name c2 --yes --calibrate 30m`;

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

/** A request every two seconds, for so many minutes. */
async function traffic(minutes: number, flowing: Partial<Flow> = {}): Promise<undefined> {
  const duration = minutes * 60_000;
  await flow(world.clock, world.emulator, { endpoint: 'weather', perSecond: 0.5, duration, ...flowing });
}

test('words', async () => {
  expect(await optionsOf(shadowCommand, ['--endpoint', 'w', '--calibrate', '1h30m'])).toMatchObject({
    calibrate: 90 * 60_000,
  });
  await expect(optionsOf(shadowCommand, ['--endpoint', 'w', '--calibrate', '30m', '--no-wait'])).rejects.toThrow(
    '--calibrate waits',
  );
  await expect(optionsOf(shadowCommand, ['--endpoint', 'w', '--calibrate', 'soon'])).rejects.toThrow('--calibrate');
});

test('how answers are read is said as for report, and only where something is measured', async () => {
  const words = ['--endpoint', 'w', '--prediction', '$.score', '--task', 'scores', '--policy', 'p.yaml'];
  expect(await optionsOf(shadowCommand, [...words, '--calibrate', '30m'])).toMatchObject({
    prediction: '$.score',
    task: 'scores',
    policy: 'p.yaml',
  });
  await expect(optionsOf(shadowCommand, words)).rejects.toThrow('--prediction says how answers are read');
  await expect(optionsOf(shadowCommand, ['--endpoint', 'w', '--calibrate', '30m', '--task', 'guess'])).rejects.toThrow(
    '--task: "guess" is not known',
  );
  await world.shadowctl(DEPLOY);
  const wrong = await world.shadowctl([...wordsOf(SHADOW), '--prediction', 'score']);
  expect(wrong).toMatchObject({ code: 2 });
  const missing = await world.shadowctl(`${SHADOW} --policy nowhere.yaml`);
  expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('There is no policy file') });
  const policy = policyWith('exit 0');
  const forbidden = await world.shadowctl(`${SHADOW} --policy ${policy}`);
  expect(forbidden).toMatchObject({ code: 2, err: expect.stringContaining('nobody has allowed to run: "exit 0"') });
  expect((await world.shadowctl('status --endpoint weather --format json')).out).not.toContain('calibrate-config');
});

/** A policy file with a comparator, in the folder of the state. */
function policyWith(command: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'shadowctl-calibrate-')), 'policy.yaml');
  writeFileSync(path, JSON.stringify({ answers: { command } }));
  onTestFinished(() => rmSync(dirname(path), { recursive: true }));
  return path;
}

matrixTest(
  "the policy's comparator measures production against itself, and a report gives back what it missed",
  async () => {
    await world.shadowctl(DEPLOY);
    const script =
      "require('readline').createInterface({input:process.stdin}).on('line',(l)=>console.log(JSON.parse(l).id%10===0?0:1))";
    const policy = policyWith(`"${process.execPath}" -e "${script}"`);
    const [attached] = await world.clock.all([
      () => world.shadowctl(`${SHADOW} --policy ${policy} --allow-command`),
      () => traffic(60),
    ]);
    expect(attached).toMatchObject({
      code: 0,
      err: expect.stringMatching(/\b(9|10)(\.\d+)? % missing from comparator/),
    });
    const report = await world.shadowctl(`report --endpoint weather --last 15m --format json --policy ${policy}`);
    const { observations, verdict } = JSON.parse(report.out) as Report;
    expect(observations.noise?.scores?.of).toMatchObject([{ name: 'comparator' }]);
    expect(verdict?.gates.find(({ id }) => id === 'answers.comparator')?.estimate).toBeGreaterThan(0.98);
  },
);

matrixTest('a path into the answers is measured, and a report on another path leaves the floor out', async () => {
  await world.shadowctl(DEPLOY);
  const path = '$.predictions[*].score[0]';
  const [attached] = await world.clock.all([
    () => world.shadowctl([...wordsOf(SHADOW), '--prediction', path]),
    () => traffic(60),
  ]);
  expect(attached).toMatchObject({ code: 0 });
  expect(attached?.err).toMatch(/Noise floor of m1: 0 % of the numbers beyond the tolerance, over [89]\d\d pairs/);
  const same = await world.shadowctl(['report', '--endpoint', 'weather', '--last', '15m', '--prediction', path]);
  expect(same.out).toContain('Noise floor: m1 differs from itself');
  const other = await world.shadowctl('report --endpoint weather --last 15m');
  expect(other.out).not.toContain('Noise floor: m1');
  expect(other.out.replace(/\s+/g, ' ')).toContain(
    `was measured on --prediction ${path}, and this report reads whole answers: the noise floor is left out`,
  );
});

test('production is its own shadow first; the report knows the noise floor and what shadowing costs', async () => {
  await world.shadowctl(DEPLOY);
  await traffic(45);
  const [attached] = await world.clock.all([() => world.shadowctl(`${SHADOW} --format json`), () => traffic(60)]);
  expect(attached).toMatchObject({ code: 0 });
  // Standard output holds the one result.
  expect(JSON.parse(attached?.out ?? '')).toMatchObject({
    outcome: 'running',
    config: 'c2',
    from: expect.stringContaining('calibrate-config'),
  });
  expect(attached?.err).toMatch(/Noise floor of m1: 0 % of the labels differ, .* over [89]\d\d pairs/);
  const calibration = (JSON.parse(attached?.out ?? '') as { from: string }).from;
  expect(await describeEndpointConfig(world.aws, calibration)).toMatchObject({
    ProductionVariants: [{ ModelName: 'm1' }],
    ShadowProductionVariants: [{ ModelName: 'm1' }],
  });
  expect(await describeEndpointConfig(world.aws, 'c2')).toMatchObject({
    ProductionVariants: [{ ModelName: 'm1' }],
    ShadowProductionVariants: [{ ModelName: 'm2' }],
  });
  const report = await world.shadowctl('report --endpoint weather --last 15m');
  expect(report.out).toContain('Noise floor: m1 differs from itself in 0 % of its labels');
  // Away goes the shadow, back to what ran before the calibration.
  expect((await world.shadowctl('shadow detach --endpoint weather --yes')).out).toContain('runs c1');
});

test('what shadowing costs production stands in the report', async () => {
  await world.shadowctl(DEPLOY);
  await traffic(30);
  await world.shadowctl(SHADOW.replace(' --calibrate 30m', ''));
  await traffic(20);
  const { out } = await world.shadowctl('report --endpoint weather --last 20m');
  expect(out).toContain('Production before and with the shadow');
});

test('the plan says what comes first, and does nothing', async () => {
  await world.shadowctl(DEPLOY);
  const { code, out } = await world.shadowctl(`${SHADOW} --plan`);
  expect(code).toBe(4);
  expect(out).toContain("Before that, for 30 min, production's own model is the shadow.");
});

/** Everything that the next commands say about a calibration that was stopped, and both ways out of it. */
async function findsItsWayBack(): Promise<void> {
  const flat = (text: string) => text.replace(/\s+/g, ' ');
  const status = await world.shadowctl('status --endpoint weather');
  expect(flat(status.out)).toMatch(/production's own model m1 has been its own shadow: a calibration/);
  expect(flat(status.out)).toContain(
    'To remove the shadow and go back to c1: shadowctl shadow detach --endpoint weather',
  );
  const json = JSON.parse((await world.shadowctl('status --endpoint weather --format json')).out);
  expect(json).toMatchObject({ calibration: { text: expect.stringContaining('m1') } });
  const report = await world.shadowctl('report --endpoint weather --last 5m');
  expect(flat(report.out)).toContain('This compares production with itself and says nothing about a candidate');
  const promoted = await world.shadowctl('promote --endpoint weather --yes');
  expect(promoted).toMatchObject({ code: 2, err: expect.stringContaining('There is no candidate to promote.') });
  const again = await world.shadowctl(SHADOW.replace(' --calibrate 30m', ''));
  expect(again.code).toBe(2);
  expect(flat(again.err)).toMatch(/m1 has been its own shadow: a cal.* shadowctl shadow detach --endpoint weather/);
}

const CALIBRATED = 'Noise floor of m1';

test('Ctrl-C while it measures says what stands; the same command goes on where it was', async () => {
  await world.shadowctl(DEPLOY);
  const control = new AbortController();
  const [stopped] = await world.clock.all([
    () => world.shadowctl(SHADOW, { signal: control.signal }),
    () => traffic(20),
    async () => {
      await world.clock.sleep(20 * 60_000);
      control.abort(interrupted('Interrupted.'));
      return undefined;
    },
  ]);
  expect(stopped).toMatchObject({ code: 130 });
  expect(stopped?.err).toMatch(/Production's own model m1 is its own shadow now, or is about to be/);
  expect(stopped?.err).toContain('To remove the shadow and go back to c1: shadowctl shadow detach --endpoint weather');
  const [before, after] = SHADOW.replace(' --yes', '').split(ARTIFACT_009);
  // Quoted, where its path holds a space.
  expect(stopped?.err.replaceAll("'", '')).toContain(`again: shadowctl ${before}${ARTIFACT_009}${after}\n`);
  await findsItsWayBack();
  // What goes on was agreed to by another command: it is asked for anew.
  const refused = await world.shadowctl(SHADOW.replace(' --yes', ''), { answers: ['n'] });
  expect(refused.code).not.toBe(0);
  expect(refused.err).toContain('It continues; then the candidate is attached');
  expect((await world.shadowctl('status --endpoint weather')).out).toContain('its own shadow');
  const began = world.clock.now();
  const [ended] = await world.clock.all([() => world.shadowctl(SHADOW), () => traffic(25)]);
  expect(ended).toMatchObject({ code: 0 });
  expect(ended?.err).toContain(CALIBRATED);
  // No second attachment, and not half an hour anew.
  const { out } = await world.shadowctl('status --endpoint weather --format json');
  expect(JSON.parse(out)).toMatchObject({ counts: { 'endpoint-config': 3 } });
  expect((world.clock.now() - began) / 60_000).toBeLessThan(40);
  expect((await world.shadowctl('status --endpoint weather')).out).not.toContain('its own shadow');
  expect((await world.shadowctl('shadow detach --endpoint weather --yes')).out).toContain('runs c1');
});

test.each(
  sampled(
    [
      ['updates', /waiting for endpoint weather/],
      ['measures', /in service on \S*calibrate-config/],
    ] as const,
    1,
  ),
)(
  'killed while it %s, it is detached by the line that status prints',
  async (_, moment) => {
    await world.close();
    // The killed process lives by the machine's clock; what follows must come after it.
    world = await testWorld({}, Date.now());
    const program = builtProgram();
    const ticking = setInterval(() => world.clock.advance(30_000), 100);
    try {
      expect(await world.shadowctl(DEPLOY)).toMatchObject({ code: 0 });
      const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
      const child = spawn(process.execPath, [program.entry, ...wordsOf(SHADOW)], {
        cwd: world.root,
        env: { ...env, ...world.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      child.stdout.on('data', (chunk) => (said += String(chunk)));
      child.stderr.on('data', (chunk) => (said += String(chunk)));
      const closed = new Promise((done) => child.on('close', (_code, signal) => done(signal)));
      await expect.poll(() => said, { timeout: 60_000 }).toMatch(moment);
      child.kill('SIGKILL');
      expect(await closed).toBe('SIGKILL');
    } finally {
      clearInterval(ticking);
      program.remove();
    }
    const status = await world.shadowctl('status --endpoint weather');
    expect(status.out.replace(/\s+/g, ' ')).toMatch(/production's own model m1 has been its own shadow/);
    world.clock.advance(20 * 60_000);
    await findsItsWayBack();
    const detached = await world.shadowctl('shadow detach --endpoint weather --yes');
    expect(detached).toMatchObject({ code: 0, out: expect.stringContaining('runs c1') });
    expect((await world.shadowctl('status --endpoint weather')).out).not.toContain('its own shadow');
    expect((await world.shadowctl('cleanup --endpoint weather --yes')).code).toBe(0);
  },
  120_000,
);

matrixTest(
  'of a JSON model that numbers its answers, only a path into them can be measured and judged',
  async () => {
    let answers = 0;
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/ping') return response.writeHead(200).end();
        const { x } = JSON.parse(Buffer.concat(chunks).toString()) as { x: number };
        response.writeHead(200, { 'content-type': 'application/json' });
        // Never the same trace; and every fifth answer lies a little off.
        answers += 1;
        return response.end(
          JSON.stringify({ trace: `t-${answers}`, weight: { kg: x + (answers % 5 === 0 ? 0.01 : 0) } }),
        );
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    await world.close();
    world = await testWorld({ containers: [`acme/own=http://127.0.0.1:${(server.address() as AddressInfo).port}`] });
    try {
      const image = '000000000000.dkr.ecr.us-east-1.amazonaws.com/acme/own:1';
      const deploy = `deploy --endpoint weather --image ${image} --instances 1 --model-name m1 --config-name c1 --yes`;
      expect(await world.shadowctl(deploy)).toMatchObject({ code: 0 });
      const rows = Array.from({ length: 400 }, (_, i) => JSON.stringify({ x: (i * 37) % 400 }));
      const shadow = (model: string, config: string) =>
        `shadow --endpoint weather --image ${image} --model-name ${model} --config-name ${config} --yes --calibrate 15m`;
      const calibrated = async (line: string, ...reading: string[]) => {
        const [ended] = await world.clock.all([
          () => world.shadowctl([...wordsOf(line), ...reading]),
          () => traffic(45, { rows, contentType: 'application/json', perSecond: 0.34 }),
        ]);
        expect(ended).toMatchObject({ code: 0 });
        return ended?.err ?? '';
      };
      expect(await calibrated(shadow('m2', 'c2'))).toMatch(/Noise floor of m1: 100 % of the labels differ/);
      const blind = await world.shadowctl('report --endpoint weather --last 15m');
      const flat = (text: string) => text.replace(/[\s│]+/g, ' ');
      expect(flat(blind.out)).toContain('production differs from itself in 100 %');
      expect(blind.code).toBe(3);
      expect((await world.shadowctl('shadow detach --endpoint weather --yes')).code).toBe(0);
      const again = await calibrated(shadow('m3', 'c3'), '--prediction', '$.weight.kg');
      expect(again).toMatch(/Noise floor of m1: 0 % of the numbers beyond the tolerance/);
      const seeing = await world.shadowctl([
        'report',
        '--endpoint',
        'weather',
        '--last',
        '15m',
        '--prediction',
        '$.weight.kg',
      ]);
      expect(flat(seeing.out)).toContain('Noise floor: m1 differs from itself');
      expect(flat(seeing.out)).toMatch(
        /\? numbers.tolerance 0 % .*80 minutes with answers are needed to pass, and there are 15/,
      );
    } finally {
      server.close();
    }
  },
  60_000,
);
