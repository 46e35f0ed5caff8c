import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Aws } from '../../src/aws/clients.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import type { Clock } from '../../src/base/clock.ts';
import { interrupted } from '../../src/base/errors.ts';
import { HOUR, MINUTE } from '../../src/base/units.ts';
import { STRICT_SWITCHES } from '../../src/emulator/world/options.ts';
import { hourlyCost } from '../../src/guard/prices.ts';
import { run } from '../../src/main.ts';
import type { Io } from '../../src/ui/io.ts';
import type { Captures } from './captures.ts';
import { type Finding, findingsOf } from './findings.ts';
import { factsPatch } from './patch.ts';
import type { Recording } from './record.ts';
import { redact } from './redact.ts';
import type { Schedules } from './schedule.ts';
import { SHADOW, type Stage, type Step, STEPS } from './steps.ts';

/** A session on a real account, from the question to the patch. */
export interface Parts {
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
  io: Io;
  /** Aborts at Ctrl-C and SIGTERM: then it is cleaned up. */
  signal: AbortSignal;
  /** Aborts when the user asks again: then it ends at once. */
  now: AbortSignal;
  /** The session's own folder, which exists: state, recording, patch. */
  folder: string;
  /** The repository. */
  root: string;
  endpoint: string;
  aws: Aws;
  recording: Recording;
  schedules: Schedules;
  /** Role of the schedule; without one there is no schedule. */
  scheduleRole: string | undefined;
  yes: boolean;
  /** Instance hours; undefined: what all steps take at most. */
  budget: number | undefined;
  steps?: readonly Step[];
}

export interface Verified {
  /** Steps that came to their end, in order, with the exit codes of their commands. */
  done: { id: string; codes: number[] }[];
  /** Why not every step was taken. */
  stopped: string | undefined;
  findings: Finding[];
  patch: string | undefined;
  /** Nothing of it is left. */
  clean: boolean;
  /** There is a schedule that would have deleted the endpoint. */
  scheduled: boolean;
}

/** The type that `deploy` takes where none is named. */
const INSTANCE_TYPE = 'ml.m5.large';
/** The schedule deletes the endpoint after so long; the session ends before. */
const SCHEDULED_AFTER = 2 * HOUR;
const LATEST = SCHEDULED_AFTER - 10 * MINUTE;
const BAD_ROWS = 5;

/** Takes the steps, removes what they made, and tells what they showed. Whatever goes wrong in a step ends in the removal. */
export async function verify(parts: Parts): Promise<Verified> {
  const { io, endpoint, signal } = parts;
  const steps = parts.steps ?? STEPS;
  await prepare(parts);
  await introduce(parts, steps);
  const result: Verified = {
    done: [],
    stopped: undefined,
    findings: [],
    patch: undefined,
    clean: true,
    scheduled: false,
  };
  if (!(await agrees(parts, 'Begin? [y/N] '))) return { ...result, stopped: 'not begun' };
  result.scheduled = await schedule(parts);
  if (!result.scheduled && !(await agrees(parts, 'Go on without a schedule? [y/N] ')))
    return { ...result, stopped: 'not begun' };
  let captures: Captures | undefined;
  try {
    result.stopped = await take(parts, steps, result, (found) => void (captures = found));
  } catch (error) {
    result.stopped = signal.aborted ? 'interrupted' : error instanceof Error ? error.message : String(error);
  }
  if (result.stopped !== undefined) io.err(`Stopped: ${result.stopped}.`);
  result.clean = await cleanUp(parts, result.scheduled);
  const found = findingsOf({ endpoint, shadow: SHADOW, calls: parts.recording.calls, captures });
  result.findings = found.map((one) => ({ ...one, seen: redact(one.seen, []) }));
  result.patch = tell(parts, result.findings);
  return result;
}

/** What the session works with lies in its own folder: nothing of the user's projects has a part in it. */
async function prepare({ aws, folder, root, env }: Parts): Promise<void> {
  const { region, profile } = aws.target;
  const settings = { account: `'${await aws.account()}'`, region, profile, role: env.SAGEMAKER_ROLE_ARN };
  const lines = Object.entries(settings).flatMap(([key, value]) => (value ? [`${key}: ${value}`] : []));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'shadowctl.yaml'), `${lines.join('\n')}\n`);
  writeFileSync(
    join(folder, 'policy.yaml'),
    'inform: [latency, labels, numbers]\nminimumBlocks: 2\nblockMinutes: 1\nerrors: 0.1\n',
  );
  copyFileSync(join(root, 'fixtures/data/test.csv'), join(folder, 'test.csv'));
  writeFileSync(join(folder, 'bad.csv'), 'this,is,no,number\n'.repeat(BAD_ROWS));
  for (const model of ['005-model.tar.gz', '009-model.tar.gz'])
    copyFileSync(join(root, 'fixtures/artifacts', model), join(folder, model));
}

/** The one command that removes everything of the session. */
function cleanupCommand({ root, folder, aws }: Pick<Parts, 'root' | 'folder' | 'aws'>): string {
  const quoted = (path: string) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
  const { profile, region } = aws.target;
  const where = profile === undefined ? '' : ` --profile ${quoted(profile)}`;
  return `node ${quoted(join(root, 'bin/shadowctl.js'))} cleanup --all --yes --config ${quoted(join(folder, 'shadowctl.yaml'))} --region ${region}${where}`;
}

/** Instance minutes that all steps take at most. */
const mostOf = (steps: readonly Step[]) => steps.reduce((sum, one) => sum + one.minutes * one.instances, 0);

async function introduce(parts: Parts, steps: readonly Step[]): Promise<void> {
  const { io, aws, endpoint, folder, budget } = parts;
  const { region, profileInUse } = aws.target;
  const hours = budget ?? mostOf(steps) / 60;
  const profile = profileInUse === undefined ? '' : `, profile ${profileInUse}`;
  io.err(`shadowctl tries itself on AWS: account ${await aws.account()}, ${region}${profile}, endpoint ${endpoint}.`);
  for (const one of steps) io.err(`  ${one.title} (at most ${one.minutes} min, ${one.instances} × ${INSTANCE_TYPE})`);
  io.err(
    `Cost: at most ${hours.toFixed(1)} instance hours of ${INSTANCE_TYPE}, each ${hourlyCost({ region, given: {} }, [{ instanceType: INSTANCE_TYPE, count: 1 }])}; it takes about an hour, and ends before it costs more.`,
  );
  io.err(`The quota "${INSTANCE_TYPE} for endpoint usage" must permit ${Math.max(...steps.map((one) => one.instances))}.`);
  io.err(`Requests and replies are recorded in ${folder}, without account ids and secrets.`);
  io.err('At its end, at an error and at Ctrl-C it removes what it made. If it is killed, this does:');
  io.err(`  ${cleanupCommand(parts)}`);
}

async function agrees({ io, yes, signal }: Parts, question: string): Promise<boolean> {
  if (yes) return true;
  const answer = await io.ask(question, signal);
  return answer !== undefined && /^y(es)?$/i.test(answer);
}

/** Has the endpoint deleted in two hours, whatever becomes of this process; false where that may not be. */
async function schedule({ io, schedules, scheduleRole: role, endpoint, clock }: Parts): Promise<boolean> {
  const missing = (why: string) => {
    io.err(`There is no schedule that deletes the endpoint after two hours: ${why}.`);
    io.err('If this process is killed, the endpoint stays and costs money until the command above is run.');
    return false;
  };
  if (role === undefined)
    return missing(
      'give --schedule-role, a role that scheduler.amazonaws.com may take and that may call sagemaker:DeleteEndpoint and application-autoscaling:DeregisterScalableTarget',
    );
  const at = clock.now() + SCHEDULED_AFTER;
  try {
    await schedules.create({ name: endpoint, endpoint, at, role });
  } catch (error) {
    return missing(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
  io.err(`Schedule ${endpoint} deletes the endpoint at ${new Date(at).toISOString()}, and then itself.`);
  return true;
}

/** Takes the steps; tells why not all of them, where it stopped. */
async function take(
  parts: Parts,
  steps: readonly Step[],
  result: Verified,
  captured: (captures: Captures) => void,
): Promise<string | undefined> {
  const { io, clock, aws, endpoint, recording, signal } = parts;
  const began = clock.now();
  const budget = (parts.budget ?? mostOf(steps) / 60) * 60;
  let spent = 0;
  for (const step of steps) {
    signal.throwIfAborted();
    if (spent + step.minutes * step.instances > budget)
      return `"${step.title}" could take ${((step.minutes * step.instances) / 60).toFixed(1)} instance hours, and ${((budget - spent) / 60).toFixed(1)} are left of the budget`;
    if (clock.now() - began + step.minutes * MINUTE > LATEST)
      return `"${step.title}" could take ${step.minutes} min, and the schedule deletes the endpoint before`;
    recording.begin(step.id);
    const missing = await missingFor(step, aws, endpoint);
    if (missing !== undefined) {
      io.err(`\n${step.title}: left out, for ${missing}.`);
      continue;
    }
    io.err(`\n${step.title}`);
    const since = clock.now();
    const codes: number[] = [];
    await within(clock, step.minutes * MINUTE, signal, (stop) =>
      step.run({ endpoint, clock, aws, signal: stop, captured, shadowctl: commandOf(parts, stop, codes) }),
    );
    spent += ((clock.now() - since) / MINUTE) * step.instances;
    result.done.push({ id: step.id, codes });
    signal.throwIfAborted();
  }
  return undefined;
}

async function missingFor({ needs }: Step, aws: Aws, endpoint: string): Promise<string | undefined> {
  if (needs === 'nothing') return undefined;
  const live = await describeEndpoint(aws, endpoint);
  if (live?.EndpointStatus !== 'InService') return `endpoint ${endpoint} is ${live?.EndpointStatus ?? 'not there'}`;
  if (needs === 'shadow' && (live.ShadowProductionVariants ?? []).length === 0) return 'there is no shadow';
  return undefined;
}

/** Work that is stopped after `ms`, or by `signal`. */
async function within(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  work: (stop: AbortSignal) => Promise<void>,
): Promise<void> {
  const late = new AbortController();
  const over = new AbortController();
  await clock.all<void>([
    async () => {
      try {
        await work(AbortSignal.any([signal, late.signal]));
      } finally {
        over.abort();
      }
    },
    () =>
      clock.sleep(ms, over.signal).then(
        () => late.abort(interrupted(`This took longer than ${ms / MINUTE} minutes.`)),
        () => undefined,
      ),
  ]);
}

/** The product's program: the same parser, the same code, the same words; its calls are recorded. */
function commandOf(parts: Parts, signal: AbortSignal, codes: number[]): Stage['shadowctl'] {
  const { io, clock, env, folder, recording } = parts;
  return async (line, answers) => {
    io.err(`$ shadowctl ${line}`);
    const left = [...(answers ?? [])];
    const asked: Io = answers === undefined ? io : { ...io, ask: async () => left.shift() };
    const code = await run(line.split(' '), {
      clock,
      env,
      cwd: folder,
      signal,
      io: () => asked,
      wrap: (aws) => recording.wrap(aws),
    });
    codes.push(code);
    return code;
  };
}

/** Removes what the session made; with the endpoint gone the schedule goes too. True where nothing is left. */
async function cleanUp(parts: Parts, scheduled: boolean): Promise<boolean> {
  const { io, schedules, endpoint, recording, now, clock } = parts;
  recording.begin('cleanup');
  io.err('\nEverything is removed');
  let clean = false;
  try {
    const begun = recording.calls.some(({ operation }) => /^(?:Create|Put)/.test(operation));
    clean = !begun || (await commandOf(parts, now, [])('cleanup --all --yes')) === 0;
    if (clean && scheduled) await schedules.remove(endpoint);
  } catch (error) {
    clean = false;
    io.err(error instanceof Error ? error.message : String(error));
  }
  if (!clean) {
    io.err('Not everything is gone. This removes it:');
    io.err(`  ${cleanupCommand(parts)}`);
    if (scheduled)
      io.err(`The schedule ${endpoint} stays until ${new Date(clock.now() + SCHEDULED_AFTER).toISOString()} at most.`);
  }
  return clean;
}

/** Says how what was not settled turned out; as a patch, which is written beside the recording. */
function tell({ io, aws, root, folder, clock }: Parts, findings: readonly Finding[]): string | undefined {
  if (findings.length === 0) {
    io.err('Nothing that was unsettled was seen.');
    return undefined;
  }
  io.err('\nWhat was unsettled, and turned out:');
  for (const { name, value, seen } of findings) io.err(`  ${name} = ${value}: ${seen}`);
  const rest = Object.keys(STRICT_SWITCHES).filter((name) => !findings.some((one) => one.name === name));
  io.err(`As unsettled as before: ${rest.join(', ')}.`);
  const facts = readFileSync(join(root, 'docs/sagemaker-facts.md'), 'utf8');
  const patch = factsPatch(facts, findings, { at: clock.now(), region: aws.target.region });
  if (patch === undefined) return undefined;
  writeFileSync(join(folder, 'facts.patch'), patch);
  io.err(`As a patch for docs/sagemaker-facts.md, in ${join(folder, 'facts.patch')} (git apply):`);
  io.out(patch);
  return patch;
}
