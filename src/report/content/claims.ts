import type { Gate } from '../../analysis/judge/verdict.ts';
import { accepts } from '../../analysis/policy/policy.ts';
import type { Report } from '../report.ts';
import { gateInterval, gateLimit } from '../words.ts';
import type { Section } from './section.ts';

/** The two claims side by side: what holds in this window, and what may be expected as things go on. */
export function claimsSection(report: Report): Section | undefined {
  const { verdict, policy } = report;
  const both = (verdict?.gates ?? []).flatMap((gate) =>
    gate.inWindow === undefined ? [] : [{ gate, inWindow: gate.inWindow }],
  );
  if (verdict === undefined || both.length === 0) return undefined;
  const rows = both.map(({ gate, inWindow }) => [
    gate.id,
    gateInterval({ ...gate, interval: inWindow.interval }),
    inWindow.outcome,
    gateInterval(gate),
    gate.outcome,
    gateLimit(gate),
  ]);
  return {
    title: 'In this window, and as things go on',
    sentences: [
      'In this window: what the mean over these minutes can be, whatever the requests depend on. It says nothing about any other time, and decides nothing by itself.',
      'As things go on: what a verdict means. It takes enough minutes to see whether they differ.',
      ...(accepts(policy, verdict) ? [ACCEPTED] : []),
      ...without(verdict.gates),
    ],
    tables: [
      {
        caption: 'Two claims of each gate',
        columns: [
          { title: 'gate' },
          { title: 'in this window' },
          { title: '' },
          { title: 'as things go on' },
          { title: '' },
          { title: 'limit', wide: true },
        ],
        rows,
      },
    ],
  };
}

/** Of which gates nothing is said of this window alone, and why: a sentence or two for each reason. */
function without(gates: readonly Gate[]): string[] {
  const reasons = new Set(gates.flatMap(({ noWindow }) => noWindow ?? []));
  return [...reasons].map((reason) => {
    const ids = gates.filter((gate) => gate.noWindow === reason).map(({ id }) => id);
    return `Not said of this window alone: ${ids.join(', ')}. ${reason}`;
  });
}

/** Where the policy lets the window's claim do for a promotion. */
export const ACCEPTED =
  'In this window every deciding gate passes, and the policy accepts that (accept: window): promote goes on, through a canary with alarms only.';

/** What an open gate would come to in this window alone, in a sentence; empty where that is not known, or open too. */
export function inWindowText(gate: Gate): string {
  const { inWindow, outcome } = gate;
  if (inWindow === undefined || outcome !== 'inconclusive' || inWindow.outcome === 'inconclusive') return '';
  return `In this window it is ${gateInterval({ ...gate, interval: inWindow.interval })}, which would ${inWindow.outcome}; as things go on it is open.`;
}
