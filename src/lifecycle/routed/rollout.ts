import { comparisonBy } from '../../analysis/policy/answers.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import { type RoutedCaptures, withRoutedCaptures } from '../../analysis/observe/routed.ts';
import { AwsProblem } from '../../aws/errors.ts';
import type { Aws } from '../../aws/clients.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import { counted, DAY, isoSeconds, MINUTE, SECOND } from '../../base/units.ts';
import type { JournalFact } from '../../state/facts.ts';
import { recordFact } from '../../state/journal.ts';
import { replay } from '../../state/replay.ts';
import { positionOf } from '../../state/rollouts.ts';
import { type SlicesKnown, slicesKnown } from '../../state/slices.ts';
import { withCapturesCache } from '../captures-cache.ts';
import { inRollout } from '../in-rollout.ts';
import { type LabelSource, readLabels } from '../labels.ts';
import { patienceFor } from '../rollout/times.ts';
import { lockEndpoint, openRun, type Session } from '../session.ts';
import { sayReadHere } from '../warehouse/read-here.ts';
import type { Moment } from '../window.ts';
import { judgeSlice, type SliceVerdict } from './look.ts';
import { readRouted, type RoutedEndpoint } from './variants.ts';

/** How slices that callers move are judged. */
export interface RoutedOptions {
  endpoint: string;
  /** The column of the inputs, or the path into the request, by which callers choose. */
  by: string;
  /** Slices in the order in which they go; undefined: by their requests, fewest first. */
  order: readonly string[] | undefined;
  /** Production and candidate; undefined: the candidate has weight 0. */
  variants: readonly [production: string, candidate: string] | undefined;
  /** Where production's captures begin to count; undefined: a day ago, or when the config was made where that is later. */
  from: Moment | undefined;
  labels: LabelSource | undefined;
  policy: Policy;
  bakeSeconds: number;
  patienceSeconds: number | undefined;
  /** Look only: nothing is written down. */
  plan: boolean;
}

/** How a slice stands. */
interface SliceStanding {
  slice: string;
  /** Captured requests: production's in the window, and the candidate's since these slices began. */
  production: number;
  candidate: number;
  state: 'passed' | 'failed' | 'answered' | 'open';
}

/** Where callers stand who send a candidate slice after slice. */
export interface RoutedResult {
  kind: 'slices';
  endpoint: string;
  by: string;
  routed: RoutedEndpoint;
  slices: readonly SliceStanding[];
  /**
   * `waiting`: the next slice is not with the candidate yet. `passed`: at least one has passed, and the next may follow. `done`: all have.
   * `failed`: callers must send the slice back. `paused`: not decided in time. `planned`: looked at only.
   */
  ended: 'waiting' | 'passed' | 'done' | 'failed' | 'paused' | 'planned';
  /** The slice that was judged last, and what came of it. */
  slice: string | undefined;
  verdict: (Pick<SliceVerdict, 'outcome' | 'reasons' | 'requests'> & Partial<SliceVerdict>) | undefined;
  /** The slice that goes to the candidate next. */
  next: string | undefined;
  notes: readonly string[];
}

/** Between two looks at the captures. */
const LOOK_MS = 5 * MINUTE;
/** A slice of fewer requests is not proposed. */
const MIN_REQUESTS = 30;
/** More values are no slices that people send one after the other. */
const MAX_SLICES = 50;

/** Judges the slice that callers have sent to the candidate, until it is decided, and the next if they have sent that, too. */
export async function judgeRoutedSlices(session: Session, options: RoutedOptions): Promise<RoutedResult> {
  const { endpoint, bakeSeconds, policy } = options;
  await sayReadHere(session);
  const aws = await session.aws();
  const patience = (options.patienceSeconds ?? patienceFor(policy, bakeSeconds)) * SECOND;
  const started = session.clock.now();
  const passed: string[] = [];
  for (;;) {
    const routed = await readRouted(
      aws,
      endpoint,
      options.variants ?? (await namedBefore(session, endpoint)),
      session.signal,
    );
    const seen = await look(session, aws, routed, options);
    const { known, judged, ...standing } = seen;
    const result = { kind: 'slices' as const, endpoint, by: options.by, routed, ...standing };
    const failed = [...known.judged.values()].find(({ outcome }) => outcome === 'fail');
    if (failed !== undefined)
      return {
        ...result,
        ended: 'failed',
        slice: failed.slice,
        verdict: { ...failed, outcome: 'fail' },
        next: undefined,
      };
    const next = nextOf(known);
    if (options.plan) return { ...result, ended: 'planned', slice: judged?.slice, verdict: judged?.verdict, next };
    if (judged === undefined || next === undefined) {
      const last = passed.at(-1);
      const fact = known.judged.get(last ?? '');
      const ended = next === undefined ? 'done' : last === undefined ? 'waiting' : 'passed';
      return { ...result, ended, slice: last, verdict: fact && { ...fact, outcome: 'pass' }, next };
    }
    const { slice, moved, verdict } = judged;
    const now = session.clock.now();
    const baked = moved + bakeSeconds * SECOND;
    const decided = verdict.outcome === 'fail' || (verdict.outcome === 'pass' && now >= baked);
    if (decided) {
      const { outcome, requests, reasons } = verdict;
      const value = { slice, outcome, requests, moved, reasons: [...reasons], at: now };
      await record(session, endpoint, { name: 'slice-judged', value });
      session.emit({ kind: 'slice-judged', slice, verdict, at: now });
      if (outcome === 'fail') {
        const slices = result.slices.map((one) => (one.slice === slice ? { ...one, state: 'failed' as const } : one));
        return { ...result, slices, ended: 'failed', slice, verdict, next: undefined };
      }
      passed.push(slice);
      continue;
    }
    const boundary = now < baked ? baked : Math.max(baked, started) + patience;
    if (now >= boundary) return { ...result, ended: 'paused', slice, verdict, next };
    await session.clock.sleep(Math.max(SECOND, Math.min(LOOK_MS, boundary - now)), session.signal);
  }
}

/** Ends the slices that callers have sent so far: what comes then begins anew. @returns what had passed */
export async function endRoutedSlices(
  session: Session,
  { endpoint, plan }: Pick<RoutedOptions, 'endpoint' | 'plan'>,
): Promise<string[]> {
  const known = slicesKnown(replay((await session.journal(endpoint)).events()));
  if (known === undefined) throw usageError(`No slices of ${endpoint} are under way that were begun from this folder.`);
  if (!plan) await record(session, endpoint, { name: 'slices-ended', value: { at: session.clock.now() } });
  return [...known.judged.values()].filter(({ outcome }) => outcome === 'pass').map(({ slice }) => slice);
}

async function namedBefore(session: Session, endpoint: string): Promise<[string, string] | undefined> {
  const known = slicesKnown(replay((await session.journal(endpoint)).events()));
  return known && [known.begun.production, known.begun.candidate];
}

function nextOf({ begun, judged }: SlicesKnown): string | undefined {
  return begun.order.find((slice) => judged.get(slice)?.outcome !== 'pass');
}

interface Seen extends Pick<RoutedResult, 'slices' | 'notes'> {
  known: SlicesKnown;
  /** The slice whose turn it is, where the candidate answers it. */
  judged: { slice: string; moved: number; verdict: SliceVerdict } | undefined;
}

async function look(session: Session, aws: Aws, routed: RoutedEndpoint, options: RoutedOptions): Promise<Seen> {
  const { endpoint, by, policy, labels } = options;
  const { clock, signal } = session;
  const now = clock.now();
  const state = replay((await session.journal(endpoint)).events());
  const position = positionOf(state);
  if (position !== undefined) throw inRollout(endpoint, position, 'Slices are judged only after');
  const known = slicesKnown(state);
  if (known !== undefined) requireSame(endpoint, known, routed, options);
  const begun = known?.begun.at ?? now;
  const from = fromOf(options.from, now) ?? Math.max(begun - DAY, routed.created);
  const truth = labels && (await readLabels({ ...session, aws: () => Promise.resolve(aws) }, labels, true));
  return withCapturesCache(session, (cache) =>
    withRoutedCaptures(
      aws,
      clock,
      {
        endpoint,
        destination: routed.captures,
        production: routed.production.name,
        candidate: routed.candidate.name,
        by,
        window: { from, to: now },
        begun,
        cache,
        signal,
      },
      comparisonBy(policy, undefined).answers,
      async (captures): Promise<Seen> => {
        const under = known ?? (await begin(session, routed, captures, options, now));
        const slice = nextOf(under);
        const moved = slice === undefined ? undefined : captures.candidate.get(slice)?.first;
        const failed = [...under.judged.values()].some(({ outcome }) => outcome === 'fail');
        const judged =
          slice === undefined || moved === undefined || failed
            ? undefined
            : {
                slice,
                moved,
                verdict: await judgedOrOpen(() =>
                  judgeSlice(aws, endpoint, routed, captures, { slice, moved, now, policy, truth, signal }),
                ),
              };
        return {
          known: under,
          judged,
          slices: under.begun.order.map((one) => standingOf(one, under, captures)),
          notes: [...notesOf(under, captures, from, routed, options), ...(judged?.verdict.notes ?? [])],
        };
      },
    ),
  );
}

/** What AWS does not tell this time is not decided. */
async function judgedOrOpen(look: () => Promise<SliceVerdict>): Promise<SliceVerdict> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof AwsProblem) || !(error.transient || error.aboutCredentials)) throw error;
    return { outcome: 'inconclusive', reasons: [error.message], requests: 0, gates: [], notes: [] };
  }
}

function fromOf(from: Moment | undefined, now: number): number | undefined {
  return from === undefined || typeof from === 'number' ? from : now - from.ago;
}

function standingOf(slice: string, { judged }: SlicesKnown, captures: RoutedCaptures): SliceStanding {
  const [production, candidate] = [captures.production, captures.candidate].map(
    (of) => of.get(slice)?.requests ?? 0,
  ) as [number, number];
  const outcome = judged.get(slice)?.outcome;
  const state = outcome === 'pass' ? 'passed' : outcome === 'fail' ? 'failed' : candidate > 0 ? 'answered' : 'open';
  return { slice, production, candidate, state };
}

/** Decides the order of the slices, and writes it down unless it is only looked at. */
async function begin(
  session: Session,
  { production, candidate, config }: RoutedEndpoint,
  captures: RoutedCaptures,
  { endpoint, by, order, plan }: RoutedOptions,
  at: number,
): Promise<SlicesKnown> {
  const value = {
    by,
    production: production.name,
    candidate: candidate.name,
    config,
    models: { production: production.model, candidate: candidate.model },
    order: [...(order ?? orderOf(captures, by, endpoint))],
    at,
  };
  if (!plan) await record(session, endpoint, { name: 'slices-begun', value });
  return { begun: value, judged: new Map() };
}

function orderOf({ production, none }: RoutedCaptures, by: string, endpoint: string): string[] {
  const slices = [...production].filter(([, { requests }]) => requests >= MIN_REQUESTS);
  if (slices.length >= 2 && production.size <= MAX_SLICES)
    return slices.toSorted(([a, x], [b, y]) => x.requests - y.requests || (a < b ? -1 : 1)).map(([slice]) => slice);
  throw usageError(
    production.size > MAX_SLICES
      ? `--by ${by}: production's captures have ${production.size} values of it, which are more than callers send one after the other.`
      : production.size === 0
        ? `--by ${by}: none of production's ${counted(none, 'captured requests')} holds it.`
        : `--by ${by}: production's captures have ${slices.length === 1 ? 'one slice' : 'no slices'} of ${MIN_REQUESTS} requests or more (${[...production.keys()].slice(0, 8).join(', ')}).`,
    lines(
      production.size === 0
        ? "Name a column as the inputs have it (column 1 of CSV), or a path: --by '$.user.country'"
        : 'Name the slices and their order: --steps LI,AT,DE',
      text`What was captured shows in ${shown('replay', { from: '…', endpoint })}; captures come minutes after the requests.`,
    ),
  );
}

/** @throws Problem where the slices under way are of something else */
function requireSame(
  endpoint: string,
  { begun }: SlicesKnown,
  routed: RoutedEndpoint,
  { by, order }: RoutedOptions,
): void {
  const anew = text`To begin anew: ${shown('rollout', { endpoint, by, cancel: true })}`;
  const { production, candidate } = routed;
  if (begun.by !== by)
    throw usageError(`Slices by ${begun.by} are under way on ${endpoint}, since ${isoSeconds(begun.at)}.`, anew);
  if (order !== undefined && order.join() !== begun.order.join())
    throw usageError(`The slices under way on ${endpoint} go in the order ${begun.order.join(', ')}.`, anew);
  const same =
    begun.config === routed.config &&
    begun.models.production === production.model &&
    begun.models.candidate === candidate.model &&
    begun.production === production.name &&
    begun.candidate === candidate.name;
  if (!same)
    throw environmentError(
      `${endpoint} ran ${begun.config} when its slices began, with ${begun.models.candidate} as ${begun.candidate}; now it runs ${routed.config}, with ${candidate.model} as ${candidate.name}: what passed says nothing of that.`,
      anew,
    );
}

function notesOf(
  under: SlicesKnown,
  captures: RoutedCaptures,
  from: number,
  { created }: RoutedEndpoint,
  options: RoutedOptions,
): string[] {
  const { begun, judged } = under;
  const turn = nextOf(under);
  const early = begun.order.filter((slice) => slice !== turn && !judged.has(slice) && captures.candidate.has(slice));
  const known = new Set(begun.order);
  const rest = [...captures.production].reduce(
    (sum, [slice, { requests }]) => sum + (known.has(slice) ? 0 : requests),
    0,
  );
  const stays = turn === undefined ? 0 : (captures.production.get(turn)?.requests ?? 0);
  return [
    ...(from === created && options.from === undefined
      ? [
          `Production's captures count since its config was made, ${isoSeconds(from)}: earlier ones may be of another model. --from says otherwise.`,
        ]
      : []),
    ...(early.length > 0
      ? [
          `The candidate answers ${early.join(', ')} already, before its turn: that is in its errors and latency, and judged later.`,
        ]
      : []),
    ...(rest + captures.none > 0
      ? [
          `${counted(rest + captures.none, 'captured requests')} are of no slice that is judged: other values, several in one request, or none.`,
        ]
      : []),
    ...(stays === 0 && turn !== undefined
      ? [`Production answered no captured request of ${turn} since ${isoSeconds(from)}.`]
      : []),
    ...(captures.unreadable > 0 ? [`${counted(captures.unreadable, 'lines')} of captures cannot be read.`] : []),
  ];
}

async function record(session: Session, endpoint: string, fact: JournalFact): Promise<void> {
  await lockEndpoint(session, { endpoint, command: 'rollout --by' }, async (on) => {
    await recordFact(await openRun(on, 'rollout --by'), fact);
  });
}
