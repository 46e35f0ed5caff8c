import { createHash, timingSafeEqual } from 'node:crypto';
import { HeldByAnother } from '../../state/lock.ts';
import { type Release, releasesOf } from '../../state/releases.ts';
import { lockEndpoint, type Session, viewEndpoint } from '../session.ts';
import { checkOwnClock } from './own-clock.ts';
import { recordAnswer } from './release.ts';
import type { ReportShelf } from './reports.ts';

/** A request for the page of a question, as a server or a function of AWS Lambda's hands it over. */
export interface PageRequest {
  method: string;
  /** `/release/<endpoint>/<release>`, and `/report` after it */
  path: string;
  /** `token=…`, without the question mark; percent-encoded. */
  query: string;
  /** Of a POST: a form. */
  body: string;
}

export interface PageReply {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** What a page shows; whoever draws it makes HTML of it. */
export type Page =
  | { kind: 'refused'; words: string }
  /** An answer was written down. */
  | { kind: 'answered'; release: string; answer: 'approve' | 'reject' }
  | {
      kind: 'question';
      endpoint: string;
      release: string;
      source: string;
      about: 'pass' | 'inconclusive';
      verdict: { outcome: string; summary: string; reasons: readonly string[] };
      /** Milliseconds since the epoch. */
      until: number;
      /** Where the report of this question is, relative to the page; undefined: none was kept. */
      report: string | undefined;
      /** For the form of the two buttons; undefined: the page only shows. */
      token: string | undefined;
      /** Who may answer, and how, where the page only shows. */
      instead: string | undefined;
    };

/** What a request comes to, before anything is written down. */
type Decision =
  | { kind: 'page'; status: number; page: Page }
  | { kind: 'report'; uri: string }
  | { kind: 'answer'; release: Release; answer: 'approve' | 'reject' };

const PATH = /^\/release\/([A-Za-z0-9-]{1,63})\/([A-Za-z0-9-]{1,80})(\/report)?$/;
/** A form with a token and a decision is smaller. */
export const MAX_BODY = 4_096;

/**
 * Answers a request for the page of a question. A GET changes nothing: scanners of mail and previews follow links. An
 * answer is a POST with the token of the link, which counts once, for its question alone, until it ends.
 * @param draw makes HTML of a page
 * @param reports where reports are kept; undefined: pages lead to none
 */
export async function answerPage(
  session: Session,
  request: PageRequest,
  draw: (page: Page) => string,
  reports?: Pick<ReportShelf, 'sign'>,
): Promise<PageReply> {
  const reply = ({ status, page }: { status: number; page: Page }) => pageReply(status, page, draw);
  const atOnce = refusedAtOnce(request);
  if (atOnce !== undefined) return reply(atOnce);
  const [, endpoint = ''] = PATH.exec(request.path) ?? [];
  const now = () => session.clock.now();
  const seen = await viewEndpoint(session, endpoint, async (on) =>
    decide(releasesOf(on.state()), endpoint, request, now()),
  );
  if (seen.kind === 'page') return reply(seen);
  if (seen.kind === 'report') {
    if (reports === undefined) return reply(refused(404, 'No report is kept here.'));
    // Made at the click, for minutes: nothing that lasts is mailed.
    return { status: 303, headers: { ...HEADERS, location: await reports.sign(seen.uri) }, body: '' };
  }
  try {
    return await lockEndpoint(session, { endpoint, command: `release ${seen.answer}` }, async (on) => {
      // Another answer may have come first.
      const decision = decide(releasesOf(on.state()), endpoint, request, now());
      if (decision.kind === 'page') return reply(decision);
      if (decision.kind === 'report') throw new Error('an answer became a look at the report');
      const { release, answer } = decision;
      if (answer === 'approve') await checkOwnClock(on);
      // A mailed link proves that somebody has the mail, and no more.
      const who = { by: 'whoever had the link', how: 'link' } as const;
      await recordAnswer(on, release, { answer, reason: undefined }, who);
      return reply({ status: 200, page: { kind: 'answered', release: release.id, answer } });
    });
  } catch (error) {
    if (!(error instanceof HeldByAnother)) throw error;
    return reply(
      refused(503, 'The endpoint is locked for a moment by another command. Nothing was changed: try again.'),
    );
  }
}

/** A page as it is sent, also where something went wrong: its address holds the token. */
export function pageReply(status: number, page: Page, draw: (page: Page) => string): PageReply {
  return { status, headers: HEADERS, body: draw(page) };
}

/** Of a link: 32 bytes as base64url. */
const TOKEN = /^[\w-]{43}$/;

/**
 * What can be refused without a look at the journal: the address is open to everybody, and whoever tries it out is to cost nothing.
 * Pure.
 */
export function refusedAtOnce(request: PageRequest): { status: number; page: Page } | undefined {
  const { method, path, body } = request;
  if (!PATH.test(path)) return refused(404, 'There is no such page.');
  if (!['POST', 'GET', 'HEAD'].includes(method)) return refused(405, 'This page is read, or answered by its buttons.');
  if (body.length > MAX_BODY) return refused(413, 'This is not a valid answer.');
  return TOKEN.test(formOf(request).get('token') ?? '') ? undefined : refused(403, NOT_VALID);
}

/** Nobody learns from it whether there is such a release. */
const NOT_VALID = 'This link is not valid. Nothing was changed.';

function formOf({ method, body, query }: PageRequest): URLSearchParams {
  return new URLSearchParams(method === 'POST' ? body : query);
}

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  // The address holds the token.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
};

function refused(status: number, words: string): { kind: 'page'; status: number; page: Page } {
  return { kind: 'page', status, page: { kind: 'refused', words } };
}

/** What a request comes to by what the journal says. Pure. */
function decide(all: readonly Release[], endpoint: string, request: PageRequest, now: number): Decision {
  const { method } = request;
  const [, , id, report] = PATH.exec(request.path) ?? [];
  const posts = method === 'POST';
  const form = formOf(request);
  const token = form.get('token') ?? '';
  const release = all.find((one) => one.id === id);
  const link = release === undefined ? undefined : linkOf(release, token);
  if (release === undefined || link === undefined) return refused(403, NOT_VALID);
  const { ask, answer, ended, begun } = release;
  if (report !== undefined) {
    const uri = release.asks.find((one) => one.ask === link.ask)?.report;
    if (posts || uri === undefined) return refused(404, 'There is no report here.');
    return now < link.until ? { kind: 'report', uri } : refused(410, 'This link has expired. Nothing was changed.');
  }
  if (ended !== undefined)
    return refused(409, `This release has ended already (${ended.outcome}). Nothing was changed.`);
  if (answer !== undefined)
    return refused(409, `${answer.by} has answered this question already (${answer.answer}). Nothing was changed.`);
  if (ask === undefined || ask.ask !== link.ask || release.at !== 'asking')
    return refused(409, 'This question is not open any more: the verdict has changed since. Nothing was changed.');
  if (now >= link.until) return refused(410, 'This link has expired. Nothing was changed.');
  const instead = answersElsewhere(release);
  if (posts) {
    if (instead !== undefined) return refused(403, `${instead} Nothing was changed.`);
    const decision = form.get('decision');
    if (decision === 'approve' || decision === 'reject') return { kind: 'answer', release, answer: decision };
    return refused(400, 'That is neither of the two answers. Nothing was changed.');
  }
  const { outcome, summary, reasons } = ask;
  const page: Page = {
    kind: 'question',
    endpoint,
    release: release.id,
    source: begun.source.name,
    about: ask.about === 'pass' ? 'pass' : 'inconclusive',
    verdict: { outcome, summary, reasons },
    until: link.until,
    report: ask.report === undefined ? undefined : `${release.id}/report?${new URLSearchParams({ token }).toString()}`,
    token: instead === undefined ? token : undefined,
    instead,
  };
  return { kind: 'page', status: 200, page };
}

/** A link says nothing of who follows it: where that matters, it only shows. @returns what is done instead, as a sentence */
export function answersElsewhere({ begun: { terms } }: Release): string | undefined {
  if (terms.approvers.length > 0)
    return `Only ${terms.approvers.join(', ')} may approve, with: shadowctl release approve.`;
  if (terms.author === 'excluded')
    return 'Whoever began this release may not approve it, and a link does not tell who follows it: answer with shadowctl release approve.';
  return undefined;
}

/** The link whose token this is. Every one is compared, each in constant time. */
function linkOf({ links }: Release, token: string): Release['links'][number] | undefined {
  const given = createHash('sha256').update(token).digest();
  let found: Release['links'][number] | undefined;
  for (const link of links) {
    const own = Buffer.from(link.sha256, 'hex');
    if (own.length === given.length && timingSafeEqual(own, given)) found = link;
  }
  return found;
}
