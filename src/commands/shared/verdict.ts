import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '../../app.ts';

/** What a report said, as far as a decision needs it. */
export interface Judged {
  /** `nothing` where there was nothing to compare. */
  outcome: 'pass' | 'fail' | 'inconclusive' | 'nothing';
  summary: string;
  /** One sentence for each gate that did not pass. */
  reasons: readonly string[];
}

/**
 * Judges with `shadowctl report`, by the very same code and policy that a person would run: what promotes is what the
 * report shows.
 * @param argv what to add to `report --endpoint NAME`
 */
export async function judgeByReport(app: App, endpoint: string, argv: readonly string[]): Promise<Judged> {
  const folder = await mkdtemp(join(tmpdir(), 'shadowctl-verdict-'));
  const output = join(folder, 'report.json');
  try {
    await app.execute(['report', '--endpoint', endpoint, '--format', 'json', '--output', output, ...argv], {
      io: { ...app.io, out: () => undefined, err: () => undefined },
    });
    return readVerdict(JSON.parse(await readFile(output, 'utf8')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface ReportFile {
  verdict: {
    outcome: 'pass' | 'fail' | 'inconclusive';
    summary: string;
    gates: { gating: boolean; outcome: string; title: string; reason: string }[];
  } | null;
}

/** The verdict out of a report's JSON (`shadowctl-report/1`). Pure. */
function readVerdict(report: ReportFile): Judged {
  const { verdict } = report;
  if (verdict === null) return { outcome: 'nothing', summary: 'There was nothing to compare.', reasons: [] };
  const reasons = verdict.gates
    .filter((gate) => gate.gating && gate.outcome !== 'pass')
    .map((gate) => `${gate.title}: ${gate.outcome}. ${gate.reason}`);
  return { outcome: verdict.outcome, summary: verdict.summary, reasons };
}
