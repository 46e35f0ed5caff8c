import { earlierText } from '../analysis/judge/earlier.ts';
import { confidence } from '../analysis/judge/evidence.ts';
import { waiverTexts, waiverWords } from './content/waivers.ts';
import { plain } from '../ui/io.ts';
import type { Report } from './report.ts';

/**
 * A test case per gate, as CI systems read it: fail is a failure, inconclusive an error (it never promotes), a gate for
 * information is skipped.
 */
export function renderJunit(report: Report): string {
  const { observations, verdict } = report;
  const gates = verdict?.gates ?? [];
  const counted = gates.filter((gate) => gate.gating);
  const failures = counted.filter((gate) => gate.outcome === 'fail').length;
  const errors = counted.filter((gate) => gate.outcome === 'inconclusive').length;
  const cases = gates.map((gate) => {
    const open = `    <testcase classname="shadowctl.${escape(observations.endpoint)}" name="${escape(gate.id)}">`;
    const sort = gate.test === 'rule' ? 'Rule' : `Test (${confidence(report.policy)})`;
    const words = escape(`${sort}: ${gate.reason}${gate.needs === undefined ? '' : ` Needs ${gate.needs}.`}`);
    const said = `<system-out>${words}</system-out>`;
    if (gate.waived !== undefined)
      return `${open}<skipped message="waived, ${gate.outcome}: ${escape(waiverWords(gate.waived))}"/>${said}</testcase>`;
    if (!gate.gating) return `${open}<skipped message="for information: ${gate.outcome}"/>${said}</testcase>`;
    if (gate.outcome === 'fail') return `${open}<failure type="fail" message="${words}"/></testcase>`;
    if (gate.outcome === 'inconclusive') return `${open}<error type="inconclusive" message="${words}"/></testcase>`;
    return `${open}${said}</testcase>`;
  });
  // Nothing was judged: a pipeline that counts cases must not be green for it.
  if (verdict === undefined)
    cases.push(
      `    <testcase classname="shadowctl.${escape(observations.endpoint)}" name="shadow"><error type="inconclusive" message="There is nothing to compare: ${escape(observations.endpoint)} has no shadow variant."/></testcase>`,
    );
  const states = [...waiverTexts(verdict?.waivers ?? []), ...(report.earlier ?? []).map(earlierText)].map((words) =>
    escape(words),
  );
  const waived = states.length === 0 ? [] : [`    <system-out>${states.join(' ')}</system-out>`];
  const none = verdict === undefined ? 1 : 0;
  const totals = `tests="${gates.length + none}" failures="${failures}" errors="${errors + none}" skipped="${gates.length - counted.length}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name="${report.batch === undefined ? 'shadow' : 'batch'} report on ${escape(observations.endpoint)}" ${totals} timestamp="${new Date(report.created).toISOString().slice(0, 19)}">`,
    ...cases,
    ...waived,
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

/** XML 1.0 forbids most control characters, even escaped. */
function escape(words: string): string {
  return plain(words)
    .replace(/[\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}
