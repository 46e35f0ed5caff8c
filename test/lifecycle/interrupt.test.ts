import { afterEach, beforeEach, expect, test } from 'vitest';
import { REALISTIC_LATENCIES } from '../../src/emulator/world/options.ts';
import { interruptAdvice } from '../../src/lifecycle/interrupt.ts';
import { printText } from '../../src/base/text.ts';
import { interrupted } from '../../src/base/errors.ts';
import type { Recorded } from '../../src/state/journal.ts';
import { capturedIo, CTRL_C } from '../support/io.ts';
import { ARTIFACT_005, ARTIFACT_009, type Ended, type TestWorld, testWorld } from '../support/world.ts';

const DEPLOY = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --yes`;
const FIRST = `${DEPLOY} --model-name m1 --config-name c1`;
const SHADOW = `shadow --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --model-name m2 --config-name c2 --yes`;

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld({ latencies: REALISTIC_LATENCIES });
  await world.shadowctl(FIRST);
});
afterEach(() => world.close());

/** The command with Ctrl-C at a moment: so many milliseconds after its begin. */
async function interruptedAfter(ms: number, line: string): Promise<Ended> {
  const control = new AbortController();
  const [ended] = await world.clock.all([
    () => world.shadowctl(line, { signal: control.signal }),
    async () => {
      await world.clock.sleep(ms);
      control.abort(interrupted('Interrupted.'));
      return undefined;
    },
  ]);
  if (ended === undefined) throw new Error('no end');
  return ended;
}

test('a shadow that is on its way: how to watch it, how to take it away; never that cleanup is the way back', async () => {
  const { code, err } = await interruptedAfter(60_000, SHADOW);
  expect(code).toBe(130);
  expect(err).not.toContain('shadowctl cleanup');
  expect(err).toMatch(
    /Interrupted\. The update of weather to c2 continues in SageMaker\. This command added: .*model m2, .*endpoint config c2.*\. What existed before stays: .*model m1, endpoint config c1, .*endpoint weather/,
  );
  const [watch, back] = err.split('\n').slice(-2);
  expect(watch).toBe('  To watch it to its end: shadowctl status --endpoint weather --watch');
  expect(back).toBe('  To remove the shadow, once it has settled: shadowctl shadow detach --endpoint weather');
  // What it says can be done.
  expect((await world.shadowctl('status --endpoint weather --watch')).code).toBe(0);
  const detached = await world.shadowctl('shadow detach --endpoint weather --yes');
  expect(detached.out).toContain('Endpoint weather runs c1; before, it ran c2.');
});

test('an update by deploy: the way back is undo, not cleanup', async () => {
  const { code, err } = await interruptedAfter(60_000, `${DEPLOY} --model-name m2 --config-name c2`);
  expect(code).toBe(130);
  expect(err).not.toContain('shadowctl cleanup');
  expect(err).toContain('To go back, once it has settled: shadowctl undo --endpoint weather');
  expect((await world.shadowctl('status --endpoint weather --watch')).code).toBe(0);
  expect((await world.shadowctl('undo --endpoint weather --yes')).out).toContain('runs model m1 again (c1)');
});

test.each(['shadow', 'canary'])(
  'a %s before the endpoint was asked: the same command again, no cleanup',
  async (command) => {
    const control = new AbortController();
    const io = capturedIo();
    const { err } = io;
    io.err = (line = '') => {
      err(line);
      if (line.includes('created model m2')) control.abort(interrupted('Interrupted.'));
    };
    const line = `${SHADOW.replace(/^shadow/, command)}${command === 'canary' ? ' --max-5xx-rate 1% --unguarded' : ''}`;
    const ended = await world.shadowctl(line, { signal: control.signal, io });
    expect(ended.code).toBe(130);
    expect(ended.err).not.toContain('shadowctl cleanup');
    expect(ended.err).toContain('model m2');
    expect(ended.err).toMatch(
      /Endpoint weather itself was not changed\.\n {2}To begin again, give the same command: shadowctl/,
    );
    expect(ended.err).toContain(`command: shadowctl ${command} --endpoint weather …`);
    expect(await world.shadowctl(SHADOW)).toMatchObject({ code: 0 });
  },
);

test('the deploy that makes the endpoint: it is watched to its end, since the same command would make another, and cleanup is the way back', async () => {
  const { code, err } = await interruptedAfter(60_000, DEPLOY.replace('weather', 'other'));
  expect(code).toBe(130);
  expect(err).not.toContain('the same command');
  expect(err).toContain('To watch it to its end: shadowctl status --endpoint other --watch');
  expect(err).toContain('To delete it all: shadowctl cleanup --endpoint other');
});

test('a guarded update asked for in that very moment is watched or stopped by its own words', () => {
  const at = new Date(0).toISOString();
  const events = [
    {
      type: 'begin',
      run: 'r',
      step: 's',
      action: 'update',
      resource: { kind: 'endpoint', name: 'w' },
      input: { EndpointConfigName: 'c2' },
      at,
    },
  ] as unknown as Recorded[];
  const started = { type: 'fact', run: 'r', name: 'update-started', value: { requested: 'c2', startedAt: 0 }, at };
  const words = { endpoint: 'w', command: 'canary' };
  const told = interruptAdvice(words, [started as unknown as Recorded, ...events], 0);
  expect(told.message).toContain('The update of w to c2 continues in SageMaker.');
  expect(printText(told.next ?? '')).toBe(
    'To watch it to its end: shadowctl canary --endpoint w --resume\nTo stop it: shadowctl abort --endpoint w',
  );
  expect(interruptAdvice(words, [started as unknown as Recorded], 1).message).toBe('Interrupted; nothing was changed.');
});

test('every next step carries the flags that were given: in an error, an interrupt, a result', async () => {
  const url = world.emulator.url;
  const stoppedThere = await interruptedAfter(60_000, `${SHADOW} --region us-east-1`);
  expect(stoppedThere.err).toContain('shadowctl status --region us-east-1 --endpoint weather --watch');
  expect(stoppedThere.err).toContain('shadowctl shadow detach --region us-east-1 --endpoint weather');
  expect((await world.shadowctl('status --endpoint weather --watch')).code).toBe(0);
  const started = await world.shadowctl(`shadow detach --endpoint weather --yes --no-wait --endpoint-url ${url}`);
  expect(started.out).toContain(`  shadowctl status --endpoint-url ${url} --endpoint weather --watch`);
  const none = await world.shadowctl(`keep --endpoint nosuch --yes --endpoint-url ${url} --region us-east-1`);
  expect(none.err).toContain(`with: shadowctl deploy --endpoint-url ${url} --region us-east-1 --endpoint nosuch …`);
});

test('cleanup --all that is stopped at the second endpoint tells what the first has lost, and goes on as it began', async () => {
  await world.shadowctl(`deploy --endpoint another --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`);
  const control = new AbortController();
  const io = capturedIo();
  const out: typeof io.out = (line) => {
    io.out(line);
    if (line === 'deleted endpoint weather') control.abort(interrupted('Interrupted.'));
  };
  const line = 'cleanup --all --keep-uploads';
  const atQuestion = await world.shadowctl(line, { answers: ['n'] });
  expect(atQuestion.err).not.toContain(line);
  const { code } = await world.shadowctl(`${line} --yes`, { io: { ...io, out }, signal: control.signal });
  expect(code).toBe(130);
  const said = io.errLines.join(' ').replaceAll(/\s+/g, ' ');
  expect(said).toContain('what belonged to another.');
  expect(said).toContain(`shadowctl ${line}`);
  expect(said).not.toContain('nothing was changed');
  expect(await world.shadowctl(`${line} --yes`)).toMatchObject({ code: 0 });
});

test('a no at the second endpoint tells of the first; Ctrl-C at the first question has changed nothing', async () => {
  await world.shadowctl(`deploy --endpoint another --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`);
  const first = await world.shadowctl('cleanup --all', { answers: [CTRL_C] });
  expect(first).toMatchObject({ code: 130, err: expect.not.stringContaining('belonged to') });
  const second = await world.shadowctl('cleanup --all', { answers: ['y', 'n'] });
  expect(second.code).toBe(1);
  expect(second.err.replaceAll(/\s+/g, ' ')).toContain(
    'nothing of endpoint "weather" was deleted. Deleted before that',
  );
});
