import { kindNamed } from '../answers/kinds/table.ts';
import { expectationText } from './expect.ts';
import type { Policy } from './policy.ts';
import { DEFAULT_POLICY, decides, MOVED } from './policy.ts';
import { counted, duration, durationFlag, milliseconds, percent } from '../../base/units.ts';

/** A key with its value, as the file would say it; what is not the default is told with it: `errors: 0.05, default 0.01`. */
export function keyOf(policy: Policy, path: string): string {
  const value = at(policy, path);
  const usual = at(DEFAULT_POLICY, path);
  const known = usual === undefined || JSON.stringify(usual) === JSON.stringify(value);
  return `${writtenAs(path)}: ${said(value)}${known ? '' : `, default ${said(usual)}`}`;
}

/** A key of the policy as a file says it today. */
function writtenAs(path: string): string {
  const moved = MOVED.find(([old]) => path === old || path.startsWith(`${old}.`));
  return moved === undefined ? path : moved[1] + path.slice(moved[0].length);
}

function at(policy: Policy, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], policy);
}

function said(value: unknown): string {
  if (value === undefined) return 'not set';
  return JSON.stringify(value).replaceAll('"', '').replaceAll(',', ', ');
}

/** Gates on equality with production: with labels they only inform, because correctness decides; with a comparator, because that does. */
export const SUPERSEDED_BY_LABELS: readonly string[] = [
  'labels.agreement',
  'labels.scores',
  'labels.others',
  'labels.byClass',
  'answers.agreement',
  'numbers.tolerance',
  'slices.apart',
];

/** What the policy says beside its gates, a sentence a line, each with its key. */
export function explainRest(policy: Policy): string[] {
  const { ignore, tolerance } = policy.fields;
  const nearly = Object.entries(tolerance).map(([path, value]) => `${path} within ${value}`);
  const limits = Object.values(policy.distances).some((limit) => limit !== undefined);
  return [
    expectation(policy),
    `Answers are compared from ${counted(policy.minimumPairs, 'pairs')} on [${keyOf(policy, 'minimumPairs')}], if ${percent(policy.minimumCoverage)} of the requests that the shadow should have seen are pairs [${keyOf(policy, 'minimumCoverage')}].`,
    `Latency leaves out the first ${counted(policy.warmupMinutes, 'minutes')} of the shadow [${keyOf(policy, 'warmupMinutes')}].`,
    policy.latencyFloor === 0
      ? 'A latency that is longer by more than its margin is longer, however short both are [latency.floor: 0s].'
      : `A latency that is longer by less than ${milliseconds(policy.latencyFloor)} counts as no longer, whatever share of production's that is [latency.floor: ${milliseconds(policy.latencyFloor).replace(' ', '')}${policy.latencyFloor === DEFAULT_POLICY.latencyFloor ? '' : `, default ${milliseconds(DEFAULT_POLICY.latencyFloor).replace(' ', '')}`}].`,
    policy.cluster === undefined
      ? 'Rows count as much less as those of one input are alike; nothing else is taken to hang together [cluster: not set].'
      : `Rows with the same ${policy.cluster} hang together: they count as much less as they are alike [${keyOf(policy, 'cluster')}].`,
    policy.maturity === undefined
      ? 'Labels count whatever the age of their requests; where they say when they came, as far as the youngest request could have had them [maturity: not set; 7d would compare requests that old].'
      : `Labels count of requests that are at least ${duration(policy.maturity)} old, as they were at that age [maturity: ${durationFlag(policy.maturity)}].`,
    ...(policy.slices === undefined
      ? [
          `Slices of the inputs need not be equal to any share; one that is shown to differ much more than the others keeps from a pass ${decides(policy, 'slices.apart') ? 'even if' : 'unless'} labels are available [slices: not set; 0.9 would require 90 % in each].`,
        ]
      : []),
    ...(limits ? [] : ['Distances between distributions are shown and not judged [distances: not set].']),
    answersText(policy),
    `Free JSON is compared ${ignore.length === 0 ? 'whole' : `without ${ignore.join(', ')}`} [${keyOf(policy, 'fields.ignore')}], numbers in it ${nearly.length === 0 ? 'must be the same' : `count as equal: ${nearly.join(', ')}`} [${keyOf(policy, 'fields.tolerance')}].`,
    `[${keyOf(policy, 'decide')}] ${policy.decide.length === 0 ? 'No gate is added to those that decide.' : policy.decide.map((name) => decided(policy, name)).join(' ')}`,
    `[${keyOf(policy, 'inform')}] ${policy.inform.length === 0 ? 'No gate is taken out of the verdict.' : `For information only: ${policy.inform.join(', ')}.`}`,
    ...policy.waivers.map(
      ({ gate, reason, owner, until }) =>
        `[waivers] ${gate} need not pass: ${reason.replace(/\.$/, '')}${owner === undefined ? '' : `; ${owner} answers for it`}${until === undefined ? '' : `; until ${until}`}. Every report shows it.`,
    ),
    policy.accept === 'window'
      ? '[accept: window] Promote goes on where no gate fails and all that is open passes in the window that was judged: through a canary with alarms only, and the journal records it.'
      : '[accept: not set] Only a pass promotes: what holds as things go on, not in one window alone.',
    FALLBACK[policy.fallback ?? 'asks'],
  ];
}

const FALLBACK = {
  canary:
    '[fallback: canary] Where SageMaker refuses guardrails beside a shadow, promote takes the shadow away and updates through a canary, without asking.',
  none: '[fallback: none] Where SageMaker refuses guardrails beside a shadow, promote stops.',
  asks: '[fallback: not set] Where SageMaker refuses guardrails beside a shadow, promote asks whether to take the shadow away and to update through a canary; --yes says so.',
} as const;

function expectation({ expect }: Policy): string {
  const key = `[expect: ${expectationText(expect)}]`;
  return expect?.kind === 'same'
    ? `It should answer as production does: to differ by more than the margins fails ${key}.`
    : `To differ from production is no fault by itself: the gates on equal answers pass or stay open, and labels of what differs settle it; expect: same would let them fail ${key}.`;
}

/** What the policy says about answers, beside free JSON. */
function answersText(policy: Policy): string {
  const { kind, path, similarity } = policy.answers;
  const where = path === undefined ? '' : `, from ${path} [${keyOf(policy, 'answers.path')}]`;
  const what =
    kind === undefined
      ? 'Answers are read by their look'
      : `Every answer is taken for ${kindNamed(kind)?.title ?? kind}`;
  return `${what} [${keyOf(policy, 'answers.kind')}]${where}; two texts are alike ${similarity < 1 ? `from ${percent(similarity)} of equal words on` : 'if they are equal'} [${keyOf(policy, 'answers.similarity')}].`;
}

function decided(policy: Policy, name: string): string {
  if (!decides(policy, name)) return `${name} only informs, because inform names it too.`;
  if (name === 'effect' || name.startsWith('effect.') || name === 'stability') return `${name} decides.`;
  const unless = SUPERSEDED_BY_LABELS.some((id) => id === name || id.startsWith(`${name}.`));
  return unless ? `${name} decides, even if labels or a comparator are available.` : `${name} decides by default.`;
}
