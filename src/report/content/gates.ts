import { confidence } from '../../analysis/judge/evidence.ts';
import { gates as decidesUnder } from '../../analysis/policy/policy.ts';
import { SUPERSEDED_BY_LABELS } from '../../analysis/policy/words.ts';
import { compare, type Gate, type Outcome } from '../../analysis/judge/verdict.ts';
import type { Report } from '../report.ts';
import { count, duration, milliseconds, MINUTE, MISSING, percent } from '../../base/units.ts';
import { inWindowText } from './claims.ts';
import { waiverWords } from './waivers.ts';
import { gateInterval, gateLimit, gateValue } from '../words.ts';

/** What is said about one gate, or about several in a row of which the same is to be said. */
export interface GateReason {
  gates: readonly Gate[];
  words: string;
  needs: string | undefined;
}

/** Why a gate does not decide although the policy has nothing against it; empty where there is nothing to say. */
function whyInforms(gate: Gate, { observations, policy }: Report): string {
  if (gate.waived !== undefined) return `Waived: ${waiverWords(gate.waived)}.`;
  const { rows = 0, of = 0 } = observations.predictions?.truth ?? {};
  return !gate.gating && rows > 0 && SUPERSEDED_BY_LABELS.includes(gate.id) && decidesUnder(policy, gate.id)
    ? `For information only: ${percent(rows / of)} of the rows have a label, and on those accuracy decides.`
    : '';
}

/** The reasons of all gates, in their order; neighbours that are undecided for the same reason stand together. */
export function reasonsOf(report: Report): GateReason[] {
  const said: GateReason[] = [];
  for (const gate of report.verdict?.gates ?? []) {
    const words = [gate.reason, inWindowText(gate), whyInforms(gate, report)].filter((part) => part !== '').join(' ');
    const last = said.at(-1);
    const same =
      last !== undefined &&
      gate.outcome === 'inconclusive' &&
      last.gates.every((one) => one.outcome === gate.outcome && one.gating === gate.gating) &&
      last.gates.every((one) => one.test === gate.test) &&
      last.words === words &&
      last.needs === gate.needs;
    if (same) said[said.length - 1] = { ...last, gates: [...last.gates, gate] };
    else said.push({ gates: [gate], words, needs: gate.needs });
  }
  return said;
}

/**
 * Reasons where there is room for few: of what is open, and of passes that a row of numbers does not explain. How right
 * both are is no difference to guess at; and what passes without counting needs a word.
 */
export function reasonsToSay(report: Report): GateReason[] {
  const worstFirst = reasonsOf(report).toSorted((a, b) => orderOf(a.gates) - orderOf(b.gates));
  return worstFirst.flatMap((one) => {
    const [gate] = one.gates;
    if (gate === undefined) return [];
    if (gate.outcome !== 'pass' || gate.id.startsWith('truth.')) return [one];
    const informs = whyInforms(gate, report);
    return informs === '' ? [] : [{ ...one, words: informs }];
  });
}

/** What the columns and units of the gates' rows mean, a sentence each; none where no gate has numbers. */
export function legendOf({ verdict, policy }: Report): string[] {
  const gates = (verdict?.gates ?? []).filter(({ test }) => test !== 'rule');
  if (gates.length === 0) return [];
  const differences = gates.filter(({ difference }) => difference === true);
  const lost = differences.some(({ id }) => id.startsWith('truth.'));
  const counted = differences.filter(({ id }) => id.startsWith('latency.')).map(({ id }) => id);
  const slower = gates.filter(({ id, unit }) => id.startsWith('latency.') && unit === 'ratio');
  const floored = slower.some(({ id, margin = 0 }) => margin - 1 > marginOf(policy, id) + 1e-9);
  const late = gates.some(({ slowerThan }) => slowerThan !== undefined);
  return [
    `seen: what was measured. can be: where the truth lies (${confidence(policy)}). limit: what the policy allows.`,
    ...(differences.length === 0
      ? []
      : [
          `pts: percentage points, the shadow's share less production's${lost ? '; of truth.* what the shadow loses (below 0 it is better)' : ''}.`,
        ]),
    ...(counted.length === 0
      ? []
      : [
          `Of ${counted.join(', ')}, these are the shares of slow requests: those longer than production's quantile was at the beginning, of the shadow also by more than the policy allows.`,
        ]),
    ...(slower.length === 0
      ? []
      : [
          `% of latency: how much longer than production's.${floored ? ` The limit is the policy's margin, or ${milliseconds(policy.latencyFloor)} where that is more (latency.floor).` : ''}`,
        ]),
    ...(late
      ? [
          'A limit such as < 1 % over 200 ms: of the requests, fewer than 1 % may take longer than 200 ms, which is what a p99 below 200 ms means.',
        ]
      : []),
  ];
}

/** What the policy says of a gate on latency: 0.1 is 10 % longer. */
function marginOf({ latency }: Report['policy'], id: string): number {
  const [, name = ''] = id.split('.');
  return Object.entries(latency).find(([key]) => key === name)?.[1] ?? Number.POSITIVE_INFINITY;
}

/** Marks of outcomes where text is drawn. */
export const MARK: Readonly<Record<Outcome, string>> = { pass: '✓', fail: '✗', inconclusive: '?' };

/** Titles of what a gate's row shows. */
export const GATE_COLUMNS = {
  id: 'gate',
  seen: 'seen',
  canBe: 'can be',
  limit: 'limit',
  needs: 'needs',
  from: 'from',
  why: 'why',
} as const;

/** A gate as every rendering shows it. */
export interface GateRow {
  gate: Gate;
  /** The estimate, what it can be, and the margin with its relation, in the gate's unit. */
  seen: string;
  canBe: string;
  limit: string;
  /** Of an open gate how much more it takes, where that can be counted: `68 min`, `> 24 h`; else empty. */
  needs: string;
  /** `5 665 pairs`: what it rests on. */
  from: string;
  /** Why it came out so; or the gate above whose reason is the same. */
  why: { words: string; needs: string | undefined } | { sameAs: string };
}

/** What an open gate lacks, in a word or two: also why one whose bounds lie within its limit does not pass yet. */
function missingText({ outcome, missing, interval, margin, relation }: Gate): string {
  if (outcome !== 'inconclusive') return '';
  const { minutes, atLeast, labels, requests, pairs, rows, inputs } = missing ?? {};
  if (minutes !== undefined) return `${atLeast === true ? '> ' : ''}${duration(minutes * MINUTE)}`;
  const [kind, n] =
    Object.entries({ labels, requests, pairs, rows, inputs }).find(([, value]) => value !== undefined) ?? [];
  if (kind !== undefined && n !== undefined) return `${count(n)} ${kind}`;
  const within =
    interval !== undefined &&
    margin !== undefined &&
    relation !== '=' &&
    compare(interval, margin, relation === '<') === 'pass';
  return within ? 'see why' : '';
}

/** Gates of one sort, under its name. */
export interface GateGroup {
  sort: 'test' | 'rule';
  title: string;
  rows: readonly GateRow[];
}

/** Tests and rules apart: what shows how good it is, and what only finds defects. Empty groups are left out. */
export function gateGroups(report: Report): GateGroup[] {
  const rows = gateTable(report);
  const groups: GateGroup[] = [
    {
      sort: 'test',
      title: `Tests: where the truth can be, with ${confidence(report.policy)}`,
      rows: rows.filter(({ gate }) => gate.test !== 'rule'),
    },
    {
      sort: 'rule',
      title: 'Rules: they fail where a defect shows; that they hold proves nothing',
      rows: rows.filter(({ gate }) => gate.test === 'rule'),
    },
  ];
  return groups.filter((group) => group.rows.length > 0);
}

/** What gates' names begin with, in the order in which they are told. */
const FIRST: readonly string[] = ['limits.', 'truth.', 'numbers.bias'];

/**
 * Fails first, then what is open; of each those that decide first: of these what the policy asks for by name (its limits), then what
 * labels and sums of the answers tell, which nothing else does.
 */
function orderOf([gate]: readonly Gate[]): number {
  const order: readonly Outcome[] = ['fail', 'inconclusive', 'pass'];
  if (gate === undefined) return 0;
  const named = FIRST.findIndex((start) => gate.id.startsWith(start));
  return 8 * order.indexOf(gate.outcome) + (gate.gating ? 0 : 4) + (named < 0 ? FIRST.length : named);
}

/** Gates as the first lines of a report name them: those that decide, the worst first; those that only inform. */
export function decidingRows(report: Report): { deciding: GateRow[]; informing: GateRow[] } {
  const rows = gateTable(report);
  return {
    deciding: rows.filter(({ gate }) => gate.gating).toSorted((a, b) => orderOf([a.gate]) - orderOf([b.gate])),
    informing: rows.filter(({ gate }) => !gate.gating),
  };
}

/** The gates in their order; of neighbors that are open for one reason the first says it. */
function gateTable(report: Report): GateRow[] {
  return reasonsOf(report).flatMap(({ gates, words, needs }) =>
    gates.map((gate, i) => ({
      gate,
      seen: gateValue(gate, gate.estimate),
      // A rule bounds nothing: a bound above its limit beside a pass would only confuse.
      canBe: gate.test === 'rule' ? MISSING : gateInterval(gate),
      limit: gateLimit(gate),
      needs: missingText(gate),
      from: `${count(gate.n)} ${gate.n === 1 ? ONE[gate.of] : gate.of}`,
      why: i === 0 ? { words, needs } : { sameAs: gates[0]?.id ?? '' },
    })),
  );
}

const ONE: Readonly<Record<Gate['of'], string>> = {
  requests: 'request',
  pairs: 'pair',
  rows: 'row',
  blocks: 'block',
  answers: 'answer',
};
