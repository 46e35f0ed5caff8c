import { judge } from '../../analysis/judge/judge.ts';
import type { Gate, Verdict } from '../../analysis/judge/verdict.ts';
import { redact } from '../../analysis/redact.ts';
import { redactedReport } from '../redacted.ts';
import type { Report } from '../../report/report.ts';
import { type Judgement, judgementOf } from '../judge.ts';

/** A verdict in the words that people are told. */
interface RedactedVerdict {
  judgement: Judgement;
  gates: readonly Gate[];
}

/**
 * What mails, pages and journals say of a verdict: the same one, without what was sent, who sent it, and free answers, of which
 * gates give examples. Mails go further than whoever may read the captures. Pure.
 *
 * @param whole the settings want all of it (report: full)
 */
export function redactedVerdict(report: Report, judgement: Judgement, whole: boolean): RedactedVerdict {
  const { verdict, policy, created } = report;
  if (whole || verdict === undefined) return { judgement, gates: verdict?.gates ?? [] };
  const observations = redact(report.observations);
  const quiet = judge(observations, policy, report.batch === undefined ? 'shadow' : 'candidate', created);
  if (quiet !== undefined && decidesAlike(verdict, quiet)) {
    const { summary, reasons } = judgementOf({ ...report, observations, verdict: quiet });
    return { judgement: { ...judgement, summary, reasons }, gates: quiet.gates };
  }
  // What was left out would have decided: the outcomes are said, and no more.
  const gates = verdict.gates.map((gate): Gate => ({ ...gate, reason: LEFT_OUT }));
  const reasons = gates
    .filter(({ gating, outcome }) => gating && outcome !== 'pass')
    .map(({ id, outcome }) => `${id} (${outcome})`);
  return { judgement: { ...judgement, summary: `The verdict is ${verdict.outcome}.`, reasons }, gates };
}

/** A report as a page shows it: what mails do not say, it does not, either. Pure. */
export function quietReport(report: Report): Report {
  const { verdict } = report;
  const { judgement, gates } = redactedVerdict(report, judgementOf(report), false);
  const quiet = redactedReport(report);
  return verdict === undefined ? quiet : { ...quiet, verdict: { ...verdict, summary: judgement.summary, gates } };
}

const LEFT_OUT = 'What it rests on is left out here: see the report.';

function decidesAlike(a: Verdict, b: Verdict): boolean {
  const outcomes = ({ gates }: Verdict) =>
    gates.map(({ id, outcome, gating }) => `${id} ${outcome} ${gating}`).join('\n');
  return a.outcome === b.outcome && outcomes(a) === outcomes(b);
}
