import type { Clock } from '../base/clock.ts';
import { interrupted, Problem } from '../base/errors.ts';
import { MINUTE, SECOND } from '../base/units.ts';
import { answerPage, type Page, pageReply, type PageReply, refusedAtOnce } from '../lifecycle/release/page.ts';
import { type ReleaseParts, runRelease, type RunResult } from '../lifecycle/release/run.ts';
import { type Tidied, tidyReleases } from '../lifecycle/release/tidy.ts';
import type { Session } from '../lifecycle/session.ts';
import { receivedOf } from './event.ts';
import type { FunctionSettings } from './settings.ts';

/** What AWS Lambda hands over beside the event, as far as it is used. */
export interface FunctionContext {
  getRemainingTimeInMillis(): number;
}

/** Everything that a call works with. */
export interface Opened {
  session: Session;
  parts: ReleaseParts;
  settings: FunctionSettings;
  close(): void;
}

export interface HandlerParts {
  clock: Clock;
  /** @param signal aborts when the time of the call is over */
  open(signal: AbortSignal): Promise<Opened>;
  /** Makes HTML of a page. */
  draw(page: Page): string;
  /** Keeps what a tick came to, for whoever asks how the pipeline is. */
  keep(opened: Opened, tick: TickRecord): Promise<void>;
  /** The last look at the evidence, as it was kept. */
  lastLook(opened: Opened): Promise<Look | undefined>;
  /** Gives up what was downloaded: no release needs it any more. */
  forget(): Promise<void>;
}

/** A look at the evidence: when it ended, ms since the epoch, and how long it took, in milliseconds. */
export interface Look {
  at: number;
  took: number;
}

/** What a tick came to. */
export interface TickRecord {
  /** Milliseconds since the epoch: when it ended. */
  at: number;
  because: string;
  /** `stopped`: its time was over; the next one goes on. */
  result: Exclude<RunResult, { kind: 'planned' }>['kind'] | 'stopped' | 'failed';
  release: string | undefined;
  /** What the release waits for. */
  waits: string | undefined;
  /** What stood in the way, in words. */
  problem: string | undefined;
  /** Names of what was deleted, since nothing needs it any more. */
  deleted: readonly string[];
  /** The last look at the evidence: this tick's, or an earlier one's; null: there was none. */
  look: Look | null;
}

/** Before a function is stopped for good, so much time is left for what is under way to be written down. */
const RESERVE = 20 * SECOND;
/** A look at the evidence ends so much before that: its result must be carried out, or told. */
const AFTER_A_LOOK = MINUTE;
/**
 * Each look judges the whole window anew. So that this costs no more the larger it becomes, nothing is looked at for so many times
 * as long as the last look took, but for a deadline: a tenth of the time is the most.
 */
const REST = 9;

/** A reply as a function URL takes it (payload format 2.0). */
export interface UrlReply {
  statusCode: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/**
 * One call of the function: a page, or a tick of the release. It ends itself before the time limit: what it was about is in
 * the journal, and the next tick goes on.
 *
 * @returns for a page its reply, else what the tick came to
 * @throws Problem where something stood in the way of a tick, so that AWS counts the call as failed
 */
export async function handle(
  parts: HandlerParts,
  event: unknown,
  context: FunctionContext,
): Promise<UrlReply | TickRecord> {
  const { clock } = parts;
  const received = receivedOf(event);
  const left = context.getRemainingTimeInMillis();
  const over = new AbortController();
  const done = new AbortController();
  const [result] = await clock.all<UrlReply | TickRecord | undefined>([
    async () => {
      try {
        return received.kind === 'page'
          ? await page(parts, received.request, over.signal)
          : await tick(parts, received.because, { left, signal: over.signal });
      } finally {
        done.abort();
      }
    },
    async () => {
      await clock.sleep(Math.max(0, left - RESERVE), done.signal).then(
        () => over.abort(interrupted('The time of this call is over: the next one goes on.')),
        () => undefined,
      );
      return undefined;
    },
  ]);
  if (result === undefined) throw new Error('a call ended without a result');
  return result;
}

async function page(
  parts: HandlerParts,
  request: Parameters<typeof answerPage>[1],
  signal: AbortSignal,
): Promise<UrlReply> {
  const { draw } = parts;
  const urlReply = ({ status, headers, body }: PageReply): UrlReply => ({
    statusCode: status,
    headers,
    body: request.method === 'HEAD' ? '' : body,
  });
  const atOnce = refusedAtOnce(request);
  if (atOnce !== undefined) return urlReply(pageReply(atOnce.status, atOnce.page, draw));
  const opened = await parts.open(signal);
  try {
    const other = !request.path.startsWith(`/release/${opened.settings.endpoint}/`);
    // Journals of other endpoints are none of this function's.
    const asked = other ? { ...request, path: '/' } : request;
    return urlReply(await answerPage(opened.session, asked, draw, opened.parts.reports));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // Whoever has the address learns nothing of the account.
    opened.session.emit({ kind: 'tick-failed', problem: error });
    const words = 'Something stood in the way; nothing was changed. Try again in a minute.';
    return urlReply(pageReply(503, { kind: 'refused', words }, draw));
  } finally {
    opened.close();
  }
}

async function tick(
  parts: HandlerParts,
  because: string,
  { left, signal }: { left: number; signal: AbortSignal },
): Promise<TickRecord> {
  const { clock, keep } = parts;
  const opened = await parts.open(signal);
  let look: Look | undefined;
  const record = (more: Partial<TickRecord> & Pick<TickRecord, 'result'>): TickRecord => ({
    at: clock.now(),
    because,
    release: undefined,
    waits: undefined,
    problem: undefined,
    deleted: [],
    look: look ?? null,
    ...more,
  });
  try {
    look = await parts.lastLook(opened);
    const { result, tidied } = await once(opened, {
      lookWithin: lookWithin(left),
      lookAgain: look && look.at + REST * look.took,
      looked: (took) => (look = { at: clock.now(), took }),
    });
    if (result.kind === 'idle' || result.kind === 'ended') {
      look = undefined;
      await parts.forget();
    }
    const told = record({
      result: result.kind,
      release: 'release' in result ? result.release.id : undefined,
      waits: result.kind === 'waits' ? result.move.for : undefined,
      deleted: tidied.deleted,
    });
    await keep(opened, told);
    return told;
  } catch (error) {
    if (signal.aborted) {
      // The same signal would stop this, too; what counts is in the journal.
      return record({ result: 'stopped' });
    }
    if (error instanceof Problem) {
      const told = record({ result: 'failed', problem: error.message });
      await keep(opened, told).catch((second: unknown) => {
        // The first one says more.
        if (!(second instanceof Problem)) throw second;
      });
    }
    throw error;
  } finally {
    opened.close();
  }
}

/** In whole minutes, so that a release is told once that it is not decided here, not at each tick with another number. */
function lookWithin(left: number): number {
  const most = left - RESERVE - AFTER_A_LOOK;
  return most >= MINUTE ? Math.floor(most / MINUTE) * MINUTE : Math.max(SECOND, most);
}

async function once(
  { session, parts, settings }: Opened,
  looking: Pick<ReleaseParts, 'lookWithin' | 'lookAgain' | 'looked'>,
): Promise<{ result: Exclude<RunResult, { kind: 'planned' }>; tidied: Tidied }> {
  const { endpoint, watch, adopt, wayBack } = settings;
  const result = await runRelease(
    session,
    { ...parts, ...looking },
    {
      endpoint,
      wanted: {},
      image: undefined,
      algorithm: undefined,
      allowMismatch: false,
      again: false,
      adopt,
      watch,
      approve: undefined,
      once: true,
      plan: false,
    },
  );
  if (result.kind === 'planned') throw new Error('a tick planned in place of doing');
  const idle = result.kind === 'idle' || result.kind === 'ended';
  const tidied = idle ? await tidyReleases(session, endpoint, wayBack) : { deleted: [] };
  return { result, tidied };
}
