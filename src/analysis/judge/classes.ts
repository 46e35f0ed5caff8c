import type { ClassSums, Predictions } from '../predictions.ts';
import { decides, gates } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import { sequenceHalfWidth } from '../statistics/sequences.ts';
import { count, counted, percent } from '../../base/units.ts';
import { blockerNeeds, clusteringOf, confidence, insufficientData, shareInterval, windowTooShort } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { differenceAlone } from './expected.ts';
import { needsAdvice, NOTHING } from './needs.ts';
import { labelNoise } from './noise-floor.ts';
import { beyondNoise, boundsOf } from './proportion.ts';
import { compare } from './verdict.ts';
import type { Gate, Outcome } from './verdict.ts';

/** Rows of one minute, and minutes that follow each other, may be one event: so many minutes count as one. Of a batch each day does. */
const MINUTES_PER_EVENT = 3;

/** Are the shadow's classes production's, and does it find each of them? Nothing where answers have no classes. */
export function judgeClasses(predictions: Predictions, evidence: Evidence, alone: boolean): Gate[] {
  const { labels } = predictions;
  if (labels?.byClass === undefined || predictions.pairs === 0) return [];
  const agreement = classAgreement(labels.byClass, predictions, evidence, alone);
  return [sameClasses(labels.byClass, predictions, evidence), ...(agreement === undefined ? [] : [agreement])];
}

/** A class that one side gives and the other never does. */
interface Strange {
  one: ClassSums;
  kind: 'vanished' | 'new';
  rows: number;
  outcome: Outcome;
}

/**
 * A class that vanished, or one that is new. If both models gave a class equally often, each row that only one of them gives
 * it would be as likely either's: a fair coin, whose share is bounded as any share is. Rows count only by the different
 * inputs and minutes they come from. That one of many classes is strange is believed at alpha divided by their number.
 */
function sameClasses(classes: readonly ClassSums[], predictions: Predictions, evidence: Evidence): Gate {
  const { policy } = evidence;
  const { rows } = predictions.labels ?? { rows: 0 };
  const found = classes.flatMap((one): Strange[] => {
    if (one.production > 0 && one.shadow > 0) return [];
    const kind = one.shadow === 0 ? 'vanished' : 'new';
    const own = kind === 'vanished' ? one.production : one.shadow;
    const places = kind === 'vanished' ? one.onlyProduction : one.onlyShadow;
    const outcome = strangeness({ kind, own, rows, places, classes: classes.length }, policy);
    return [{ one, kind, rows: own, outcome }];
  });
  const of = (outcome: Outcome) => found.filter((one) => one.outcome === outcome);
  const [failed, open, small] = [of('fail'), of('inconclusive'), of('pass')];
  const seen: Outcome = failed.length > 0 ? 'fail' : open.length > 0 ? 'inconclusive' : 'pass';
  const blocker = insufficientData(predictions, evidence);
  const outcome = blocker === undefined ? seen : 'inconclusive';
  const few = small.length === 0 ? '' : ` In too few rows to judge: ${listed(small, rows)}.`;
  const facts =
    failed.length + open.length > 0
      ? listed([...failed, ...open], rows)
      : small.length > 0
        ? 'no class that production gives in more than a few rows is missing, and none is new'
        : classes.length === 1
          ? 'both give the same class'
          : `both give each of ${counted(classes.length, 'classes')}`;
  const decided = {
    pass: '',
    fail: `; that is no chance (${confidence(policy)})`,
    inconclusive: blocker === undefined ? ', which may be chance so far' : `, but ${blocker.reason}`,
  };
  return {
    id: 'labels.classes',
    title: 'Does it give the same classes?',
    outcome,
    test: 'rule',
    gating: gates(policy, 'labels.classes'),
    unit: 'count',
    estimate: failed.length + open.length,
    interval: undefined,
    margin: 0,
    relation: '=',
    n: rows,
    of: 'rows',
    reason: `${facts.charAt(0).toUpperCase()}${facts.slice(1)}${decided[outcome]}.${few}`,
    ...(outcome !== 'inconclusive'
      ? NOTHING
      : blocker === undefined
        ? needsAdvice(`more rows of ${named(open)}`)
        : blockerNeeds(blocker)),
  };
}

function strangeness(
  seen: { kind: Strange['kind']; own: number; rows: number; places: ClassSums['onlyShadow']; classes: number },
  policy: Policy,
): Outcome {
  const { kind, own, rows, places, classes } = seen;
  const effective = Math.min(
    own,
    places.inputs,
    policy.over === 'days' ? places.minutes : places.minutes / MINUTES_PER_EVENT,
  );
  const alpha = policy.alpha / classes;
  const noCoin = shareInterval(effective, effective, alpha, policy)[0] > 0.5;
  const little = own / rows <= policy.newClasses;
  if (kind === 'vanished') return noCoin ? 'fail' : little ? 'pass' : 'inconclusive';
  if (little) return 'pass';
  const share = shareInterval(effective, (rows * effective) / own, alpha, policy);
  return noCoin && share[0] > policy.newClasses ? 'fail' : 'inconclusive';
}

const MOST_NAMED = 5;

function listed(strange: readonly Strange[], rows: number): string {
  const words = strange.slice(0, MOST_NAMED).map(({ one, kind, rows: own }) => {
    const share = `${counted(own, 'rows')} of ${count(rows)}, ${percent(own / rows)}`;
    return kind === 'vanished'
      ? `it never gives '${shortened(one.label)}', which production gives (${share})`
      : `it gives '${shortened(one.label)}', which production never gives (${share})`;
  });
  const rest = strange.length - words.length;
  return `${words.join('; ')}${rest > 0 ? `; and so with ${classesText(rest, 'more ')}` : ''}`;
}

function named(strange: readonly Strange[]): string {
  const names = strange.slice(0, MOST_NAMED).map(({ one }) => `'${shortened(one.label)}'`);
  return `${names.join(', ')}${strange.length > names.length ? ' …' : ''}`;
}

function classesText(n: number, which: string): string {
  return `${count(n)} ${which}${n === 1 ? 'class' : 'classes'}`;
}

function shortened(label: string): string {
  return label.length > 40 ? `${label.slice(0, 40)}…` : label;
}

function minutesOf({ blocks }: Predictions) {
  return blocks.map((block) => ({ successes: block.agree, n: block.rows }));
}

/** Of the rows that one model gives a class, those that the other gives the same. */
interface Found {
  one: ClassSums;
  /** Who gives it, and in how many rows. */
  by: 'production' | 'shadow';
  n: number;
  share: number;
  interval: readonly [number, number];
  outcome: Outcome;
}

/**
 * Agreement class by class: rare classes hide in the agreement of all rows. Every class with enough rows must be proven, each
 * at alpha (intersection-union); of rarer ones counts only what is disproven. So it is of the rows that the shadow gives a class: to give one
 * three times as often as production is to be wrong in two of three of them, if production is right. That one of many fails is believed at alpha
 * divided by their number; and that they fail on average (macro-averaged), at alpha.
 */
function classAgreement(
  classes: readonly ClassSums[],
  predictions: Predictions,
  evidence: Evidence,
  alone: boolean,
): Gate | undefined {
  const { policy } = evidence;
  const margin = policy.classes.agreement;
  const minutes = minutesOf(predictions);
  const { factor: overall } = clusteringOf(minutes, predictions.repeats?.agreement, policy);
  const noise = labelNoise(evidence);
  const asked = (['production', 'shadow'] as const).flatMap((by) =>
    classes.filter((one) => one[by] > 0).map((one) => ({ one, by })),
  );
  const found = asked.map(({ one, by }): Found => {
    const { both } = one;
    const n = one[by];
    // A model answers a repeated input as before: rows that differ are no more than their inputs.
    const alone = by === 'production' ? one.onlyProduction : one.onlyShadow;
    const factor = Math.max(overall, (n - both) / Math.max(1, alone.inputs));
    const bounds = (alpha: number) =>
      boundsOf(both / factor, n / factor, { noise, below: false }, { ...policy, alpha });
    const [alike, among] = [bounds(policy.alpha), bounds(policy.alpha / asked.length)];
    const outcome = compare(among, margin, false) === 'fail' ? 'fail' : compare(alike, margin, false);
    return {
      ...{ one, by, n },
      share: beyondNoise(both / n, { noise, below: false }),
      interval: [alike[0], outcome === 'pass' ? alike[1] : among[1]],
      outcome: outcome === 'fail' && compare(among, margin, false) !== 'fail' ? 'inconclusive' : outcome,
    };
  });
  const judged = found.filter(({ by }) => by === 'production');
  const given = found.filter(({ by, outcome }) => by === 'shadow' && outcome === 'fail');
  const own = judged.filter(({ n, outcome }) => n >= policy.classes.rows || outcome === 'fail');
  const counting = [...own, ...given];
  if (counting.length === 0) return undefined;
  const macro = macroAgreement(own, overall, policy);
  const failed = counting.some(({ outcome }) => outcome === 'fail') || (macro !== undefined && macro.high < margin);
  const seen: Outcome = failed ? 'fail' : counting.every(({ outcome }) => outcome === 'pass') ? 'pass' : 'inconclusive';
  // The agreement of all rows waits for enough minutes; where it does not decide, this does.
  const waits = gates(policy, 'labels.agreement') ? undefined : windowTooShort(seen, policy, [minutes]);
  const blocker = insufficientData(predictions, evidence) ?? waits;
  const outcome = blocker === undefined ? seen : 'inconclusive';
  const worst = counting.toSorted(
    (a, b) => Number(b.outcome === 'fail') - Number(a.outcome === 'fail') || a.interval[0] - b.interval[0],
  )[0] as Found;
  const [low, high] = worst.interval;
  // Rare classes that fail count one by one, and would be the whole of the mean.
  const shown = own.some(({ outcome: one }) => one === 'fail') || own.length === 0 ? judged : own;
  const mean = shown.reduce((sum, found) => sum + found.share, 0) / shown.length;
  const among = shown.length < 2 ? '' : `, and of ${counted(shown.length, 'classes')} ${percent(mean)} on average`;
  const [who, other] = worst.by === 'production' ? ['production', 'the shadow'] : ['the shadow', 'production'];
  const facts = `Of the ${counted(worst.n, 'rows')} that ${who} calls '${shortened(worst.one.label)}', ${other} calls ${percent(worst.one.both / worst.n)} so${among}`;
  const required = `at least ${percent(margin)} is required of each class`;
  const bound = {
    pass: `at least ${percent(low)}`,
    fail: high < margin ? `at most ${percent(high)}` : `at most ${percent(macro?.high)} on average`,
    inconclusive: `the true share is between ${percent(low)} and ${percent(high)}`,
  };
  const gate: Gate = {
    id: 'labels.byClass',
    title: 'Does it find every class?',
    outcome,
    gating: alone ? gates(policy, 'labels.byClass') : decides(policy, 'labels.byClass'),
    unit: 'share',
    estimate: worst.share,
    interval: worst.interval,
    margin,
    relation: '>',
    n: worst.n,
    of: 'rows',
    reason:
      blocker === undefined
        ? `${facts}; ${bound[outcome]} (${confidence(policy)}), and ${required}.`
        : `${facts}, but ${blocker.reason}.`,
    ...(outcome !== 'inconclusive'
      ? NOTHING
      : blocker === undefined
        ? needsAdvice(`more rows of '${shortened(worst.one.label)}'`)
        : blockerNeeds(blocker)),
  };
  return differenceAlone(gate, worst.n - worst.one.both, evidence);
}

/**
 * How high the mean of the classes' shares can be: an asymptotic confidence sequence with the variance of each
 * share (one hit and one miss added, so that none is 0). Undefined for a single class.
 */
function macroAgreement(classes: readonly Found[], factor: number, policy: Policy): { high: number } | undefined {
  if (classes.length < 2) return undefined;
  const mean = classes.reduce((sum, { share }) => sum + share, 0) / classes.length;
  const variance = classes.reduce((sum, { one }) => {
    const share = (one.both + 1) / (one.production + 2);
    return sum + (share * (1 - share) * factor) / one.production;
  }, 0);
  const rows = classes.reduce((sum, { one }) => sum + one.production, 0) / factor;
  const deviation = Math.sqrt(variance * rows) / classes.length;
  return { high: mean + sequenceHalfWidth(rows, deviation, policy.alpha, policy.minimumPairs) };
}
