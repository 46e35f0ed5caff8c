import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { answerPage, type Page, type PageRequest } from '../../../src/lifecycle/release/page.ts';
import { answerRelease } from '../../../src/lifecycle/release/release.ts';
import { servePages } from '../../../src/lifecycle/release/serve.ts';
import { approvalHtml } from '../../../src/cli/views/approval-page.ts';
import { releaseNoteLines } from '../../../src/cli/views/release.ts';
import { capturedIo } from '../../support/io.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { ENDPOINT, openStage, type Stage } from '../../support/stage.ts';
import { MINUTE, OPEN, PASSES, releaseOn, running, type Script } from './support.ts';

// Hours of the virtual clock pass in seconds on a quiet machine; a busy one may take longer.
vi.setConfig({ testTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage.close());

const SETTINGS = { sampling: ['100%'], settle: '2m', link: 'https://release.example.com', answer: '1h' };

/** A release whose question is open, with the link that was sent. */
async function asked(more: object = {}, script: Script = PASSES) {
  stage = await openStage();
  const life = releaseOn(stage, { ...SETTINGS, ...more }, script);
  await life.begin();
  await life.until('answer');
  const note = life.session.events.flatMap((event) => (event.kind === 'release-told' ? [event.note] : [])).at(-1);
  const link = new URL(note?.about === 'asked' ? (note.link ?? '') : '');
  return { life, path: link.pathname, query: link.search.slice(1) };
}

/** The status, and what the page would show. */
async function visit(
  life: ReturnType<typeof releaseOn>,
  request: Partial<PageRequest> & { path: string },
): Promise<{ status: number; page: Page }> {
  let page: Page | undefined;
  const whole = { method: 'GET', query: '', body: '', ...request };
  const { status } = await answerPage(life.session, whole, (drawn) => {
    page = drawn;
    return '';
  });
  if (page === undefined) throw new Error('nothing was drawn');
  return { status, page };
}

const post = (query: string, decision = 'approve') => ({ method: 'POST', body: `${query}&decision=${decision}` });
const answers = async (life: ReturnType<typeof releaseOn>) =>
  (await life.events()).filter((event) => event.type === 'fact' && event.name === 'release-answered');

describe('a link', () => {
  test('opens a page that changes nothing; its button answers once', async () => {
    const { life, path, query } = await asked();
    for (const method of ['GET', 'HEAD', 'GET'])
      expect(await visit(life, { method, path, query })).toMatchObject({
        status: 200,
        page: { kind: 'question', verdict: { outcome: 'pass' }, token: expect.any(String) },
      });
    expect(await answers(life)).toEqual([]);
    expect(await visit(life, { path, ...post(query) })).toMatchObject({ status: 200, page: { kind: 'answered' } });
    expect(await visit(life, { path, ...post(query, 'reject') })).toMatchObject({ status: 409 });
    expect(await visit(life, { path, query })).toMatchObject({ status: 409 });
    expect(await answers(life)).toMatchObject([
      { value: { answer: 'approve', by: 'whoever had the link', how: 'link' } },
    ]);
    expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'promoted' } } });
    expect(await visit(life, { path, ...post(query) })).toMatchObject({ status: 409 });
  });

  test('that is forged, of another release, expired, or no answer is refused, and nothing is written down', async () => {
    const { life, path, query } = await asked();
    const forged = [
      `token=${'a'.repeat(43)}`,
      'token=',
      '',
      query.slice(0, -1),
      `token=${createHash('sha256').update('').digest('hex')}`,
    ];
    for (const wrong of forged) {
      expect(await visit(life, { path, query: wrong })).toMatchObject({ status: 403 });
      expect(await visit(life, { path, ...post(wrong) })).toMatchObject({ status: 403 });
    }
    for (const other of [`${path}x`, path.replace(ENDPOINT, 'other'), '/release/weather', '/', '/release/../x/y'])
      expect((await visit(life, { path: other, ...post(query) })).status).toBeGreaterThanOrEqual(403);
    expect(await visit(life, { path, ...post(query, 'perhaps') })).toMatchObject({ status: 400 });
    expect(await visit(life, { path, method: 'PUT', query })).toMatchObject({ status: 405 });
    expect(await visit(life, { path, method: 'POST', body: 'x'.repeat(5_000) })).toMatchObject({ status: 413 });
    await stage.clock.sleep(61 * MINUTE);
    expect(await visit(life, { path, ...post(query) })).toMatchObject({ status: 410 });
    expect(await answers(life)).toEqual([]);
  });

  test('in a reminder is as good as the first one, where answers are waited for without end', async () => {
    const { life } = await asked({ unanswered: 'wait', remind: '50m', timeBox: '1h' }, OPEN);
    await stage.clock.sleep(70 * MINUTE);
    await life.tick();
    const note = life.session.events.flatMap((event) => (event.kind === 'release-told' ? [event.note] : [])).at(-1);
    const link = new URL(note?.about === 'reminder' ? (note.link ?? '') : '');
    const seen = await visit(life, { path: link.pathname, query: link.search.slice(1) });
    expect(seen).toMatchObject({ status: 200, page: { kind: 'question' } });
  });

  test('of a question whose verdict has turned is refused', async () => {
    let turned = false;
    const { life, path, query } = await asked({}, (release) => (turned ? OPEN(release) : PASSES(release)));
    turned = true;
    await answerRelease(life.session, { endpoint: ENDPOINT, answer: 'approve', question: 1, reason: undefined });
    await life.tick();
    expect(await visit(life, { path, ...post(query) })).toMatchObject({ status: 409 });
    turned = false;
    await life.until('answer');
    // The new question has a link of its own.
    expect(await visit(life, { path, ...post(query) })).toMatchObject({ status: 409 });
    expect(await running(stage)).toMatchObject({ artifact: 's3://models/005.tar.gz' });
  });

  test.each([{ approvers: 'arn:aws:iam::000000000000:user/ann' }, { author: 'excluded' }])(
    'only shows where it matters who answers: %j',
    async (more) => {
      const { life, path, query } = await asked(more);
      expect(await visit(life, { path, query })).toMatchObject({ status: 200, page: { token: undefined } });
      expect(await visit(life, { path, ...post(query) })).toMatchObject({ status: 403 });
      expect(await answers(life)).toEqual([]);
    },
  );
});

test('a link is drawn on a terminal alone: whoever reads a log could answer by it', async () => {
  const { life } = await asked();
  const note = life.session.events.flatMap((event) => (event.kind === 'release-told' ? [event.note] : [])).at(-1);
  if (note === undefined) throw new Error('nobody was told');
  const drawn = (interactive: boolean) => releaseNoteLines({ ...capturedIo(), interactive }, note).join('\n');
  expect(drawn(true)).toContain('?token=');
  expect(drawn(false)).toContain('release approve');
  expect(drawn(false)).not.toMatch(/token|release\.example\.com/);
});

test('the page has no script, escapes what came from elsewhere, and keeps its address to itself', async () => {
  const { life, path, query } = await asked();
  const { headers, body } = await answerPage(life.session, { method: 'GET', path, query, body: '' }, approvalHtml);
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(body).toContain('<form method="post">');
  expect(body).not.toContain('<script');
  const hostile = approvalHtml({ kind: 'refused', words: '<img src=x onerror=alert(1)>' });
  expect(hostile).not.toContain('<img');
});

test('release serve answers on this machine', async () => {
  const { life, path, query } = await asked();
  const stop = new AbortController();
  let port = 0;
  // A server lives by the machine's clock.
  const served = servePages(
    { ...life.session, signal: stop.signal },
    { port: 0, draw: approvalHtml, onStarted: (taken) => void (port = taken) },
  );
  while (port === 0) await systemClock.sleep(5);
  const url = `http://127.0.0.1:${port}${path}`;
  expect((await fetch(`${url}?${query}`)).status).toBe(200);
  expect((await fetch(url)).status).toBe(403);
  const answered = await fetch(url, { method: 'POST', body: new URLSearchParams(`${query}&decision=reject`) });
  expect({ status: answered.status, text: await answered.text() }).toMatchObject({
    status: 200,
    text: expect.stringContaining('Rejected'),
  });
  stop.abort();
  await served;
  expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'kept' } } });
});
