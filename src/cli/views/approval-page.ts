import { dateAndTime } from '../../base/units.ts';
import type { Page } from '../../lifecycle/release/page.ts';
import { escapeHtml } from '../../report/html/escape.ts';

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}' +
  'h1{font-size:1.3rem}code{overflow-wrap:anywhere}button{font:inherit;padding:.6rem 1.4rem;margin:0 .6rem .6rem 0;border:1px solid #57606a;border-radius:6px;background:#fff;color:inherit}' +
  'button[value=approve]{background:#1a7f37;border-color:#1a7f37;color:#fff}' +
  '@media (prefers-color-scheme:dark){body,button{color:#e6edf3;background:#0d1117}}';

/** The page as HTML, without scripts: whatever comes from a model, a log or a file is escaped. */
export function approvalHtml(page: Page): string {
  const [title, ...body] = contentOf(page);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1>${body.join('')}</main></body></html>`;
}

function contentOf(page: Page): string[] {
  if (page.kind === 'refused') return ['Nothing was changed', paragraph(page.words)];
  if (page.kind === 'answered')
    return [
      page.answer === 'approve' ? 'Approved' : 'Rejected',
      paragraph(
        page.answer === 'approve'
          ? `At its next look, release ${page.release} brings the candidate into production through a canary with alarms, if the verdict still holds.`
          : `At its next look, release ${page.release} ends: a shadow is removed, and production stays as it is.`,
      ),
    ];
  const { endpoint, release, source, about, verdict, until, report, token, instead } = page;
  const question =
    about === 'pass'
      ? verdict.outcome === 'pass'
        ? 'The candidate has passed. Promote the candidate?'
        : 'What was to be shown holds in this window, and the policy accepts that. Promote the candidate?'
      : 'Inconclusive at the deadline. Promote anyway?';
  return [
    `Release on endpoint ${escapeHtml(endpoint)}`,
    `<p>${escapeHtml(release)} of <code>${escapeHtml(source)}</code></p>`,
    paragraph(question),
    `<p><strong>Verdict: ${escapeHtml(verdict.outcome)}.</strong> ${escapeHtml(verdict.summary)}</p>`,
    verdict.reasons.length === 0
      ? ''
      : `<ul>${verdict.reasons.map((reason) => `<li>${escapeHtml(reason)}</li>`).join('')}</ul>`,
    report === undefined ? '' : `<p><a href="${escapeHtml(report)}">Report</a> at the time of this question.</p>`,
    paragraph(
      'If you approve, the candidate becomes production through a canary, with alarms that roll it back, provided that the verdict still holds then. If you reject, the shadow, if any, is removed, and production stays as it is.',
    ),
    token === undefined
      ? paragraph(instead ?? '')
      : `<form method="post"><input type="hidden" name="token" value="${escapeHtml(token)}"><button name="decision" value="approve">Approve</button><button name="decision" value="reject">Reject</button></form>`,
    paragraph(`This link expires at ${dateAndTime(until)} UTC.`),
  ];
}

function paragraph(words: string): string {
  return `<p>${escapeHtml(words)}</p>`;
}
