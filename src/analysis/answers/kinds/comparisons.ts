import type { MeasureSums } from '../../predictions.ts';
import { nearSpread, quantile, usualTolerance } from '../../statistics/distances.ts';
import type { CompareRules, Spreads } from '../compare-rules.ts';
import { canonicalJson } from '../json.ts';
import type { Compared, Comparison } from './counter.ts';
import { compareTexts, dice } from './texts.ts';
import type { Box, Ranked, Reply } from './values.ts';

/** Numbers of one answer may lie so far apart together, as a share of production's, where nothing else is said. */
const RELATIVE = 0.05;

const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);

function differences(a: readonly number[], b: readonly number[]): number[] {
  return a.map((one, i) => (b[i] as number) - one);
}

/** What numbers may differ by under the policy; undefined where it says nothing. */
function within({
  absolute,
  relative,
}: CompareRules): ((production: number, d: number, place: number) => boolean) | undefined {
  if (absolute === undefined && relative === undefined) return undefined;
  return (production, d) => Math.abs(d) <= (absolute ?? 0) + (relative ?? 0) * Math.abs(production);
}

/** A share of nothing is nothing where nothing differs, else all. */
const share = (part: number, of: number) => (of > 0 ? part / of : part === 0 ? 0 : 1);

/** Fewer answers say too little about how far apart they lie. */
const ENOUGH = 20;

/** What a tolerance goes by. */
function spreadOfNumbers(values: readonly number[]) {
  const sorted = Float64Array.from(values).sort();
  const mean = sum(values) / values.length;
  const deviation = Math.sqrt(sum(values.map((one) => (one - mean) ** 2)) / Math.max(1, values.length - 1));
  const [min, max] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  return { deviation, p10: quantile(sorted, 0.1), p90: quantile(sorted, 0.9), min, max };
}

/** A tenth of the spread of production's numbers, place by place where all answers have as many, and of all together. */
function spreadsOf(answers: readonly unknown[]): Spreads | undefined {
  const lists = answers as (readonly number[])[];
  const [first] = lists;
  if (first === undefined || lists.length < ENOUGH) return undefined;
  const tenth = (values: readonly number[]) => nearSpread(spreadOfNumbers(values));
  const places = lists.every((list) => list.length === first.length)
    ? first.map((_, i) => tenth(lists.map((list) => list[i] as number)))
    : undefined;
  return { places, all: tenth(lists.flat()) };
}

const RELATIVE_DISTANCE = 'relative distance';

/** Are they, in the mean, within a share of production's numbers? */
function areNear(measures: readonly MeasureSums[]): boolean {
  const found = measures.find(({ name }) => name === RELATIVE_DISTANCE);
  return found !== undefined && found.sum <= RELATIVE * found.rows;
}

/**
 * Numbers in their places. Within the policy's tolerance each; where it says nothing, all together within a share of
 * production's, and each within a tenth of what production's numbers in this place differ among themselves: a place of small
 * numbers is else lost beside one of large ones.
 */
export const ofNumbers: Comparison = {
  learn: spreadsOf,
  areNear,
  compare(production, shadow, rules): Compared {
    const [a, b] = [production as number[], shadow as number[]];
    if (a.length !== b.length) return { alike: false, measures: {} };
    const d = differences(a, b);
    const size = sum(a.map(Math.abs));
    const distance = share(sum(d.map(Math.abs)), size);
    const { spreads } = rules;
    const each = within(rules) ?? (spreads && inPlace(spreads));
    const together = within(rules) !== undefined || distance <= RELATIVE;
    const alike = together && (each === undefined || a.every((one, i) => each(one, d[i] as number, i)));
    return { alike, measures: { [RELATIVE_DISTANCE]: distance, bias: size > 0 ? sum(d) / size : sum(d) } };
  },
};

/** Where production's numbers are all the same, they may differ by a share of that. */
function inPlace({ places, all }: Spreads): (production: number, d: number, place: number) => boolean {
  return (production, d, place) => {
    const near = places?.[place] ?? all;
    return Math.abs(d) <= (near > 0 ? near : RELATIVE * Math.abs(production));
  };
}

const norm = (list: readonly number[]) => Math.sqrt(sum(list.map((one) => one * one)));

/**
 * Vectors by the length of their difference, as a share of production's length; and no more than a tenth of what production's
 * vectors differ among themselves, since what they have in common makes some of them long.
 */
export const ofVectors: Comparison = {
  learn: spreadsOf,
  areNear,
  compare(production, shadow, { relative, spreads }): Compared {
    const [a, b] = [production as number[], shadow as number[]];
    if (a.length !== b.length) return { alike: false, measures: {} };
    const apart = norm(differences(a, b));
    const distance = share(apart, norm(a));
    const lengths = norm(a) * norm(b);
    const cosine = lengths > 0 ? sum(a.map((one, i) => one * (b[i] as number))) / lengths : Number(norm(a) === norm(b));
    const near = relative === undefined && spreads?.places !== undefined ? norm(spreads.places) : 0;
    return {
      alike: distance <= (relative ?? RELATIVE) && (near === 0 || apart <= near),
      measures: { cosine, [RELATIVE_DISTANCE]: distance },
    };
  },
};

const TOP = 10;
const PERSISTENCE = 0.9;
const ALIKE_RANKING = 0.9;
/** Of short lists of the same items rank-biased overlap is always large. */
const ALIKE_ORDER = 0.8;

/** Rank-biased overlap of two lists, extrapolated to their ends (Webber, Moffat, Zobel 2010, equation 32). */
export function rankBiasedOverlap(a: readonly string[], b: readonly string[], p = PERSISTENCE): number {
  if (a.length === 0 && b.length === 0) return 1;
  if (a.length === 0 || b.length === 0) return 0;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  const seen = { short: new Set<string>(), long: new Set<string>() };
  let overlap = 0;
  let total = 0;
  let atShort = 0;
  for (let depth = 1; depth <= long.length; depth += 1) {
    const l = long[depth - 1] as string;
    const s = short[depth - 1];
    seen.long.add(l);
    if (s !== undefined) {
      seen.short.add(s);
      if (seen.long.has(s)) overlap += 1;
      if (l !== s && seen.short.has(l)) overlap += 1;
    } else if (seen.short.has(l)) overlap += 1;
    if (depth === short.length) atShort = overlap;
    const beyond = depth > short.length ? (atShort * (depth - short.length)) / (short.length * depth) : 0;
    total += (overlap / depth + beyond) * p ** depth;
  }
  const l = long.length;
  return ((1 - p) / p) * total + ((overlap - atShort) / l + atShort / short.length) * p ** l;
}

/**
 * How much two lists have in common at each depth, upper ones weighing more, over those at which they can differ: at its end, a list
 * has all of another order in common with it.
 */
function overlapByDepth(a: readonly string[], b: readonly string[]): number {
  const ours = new Set(a);
  const isOrder = a.length === b.length && b.every((one) => ours.has(one));
  const depths = Math.max(1, Math.max(a.length, b.length) - (isOrder ? 1 : 0));
  let [found, weights] = [0, 0];
  for (let depth = 1; depth <= depths; depth += 1) {
    const first = new Set(a.slice(0, depth));
    const common = b.slice(0, depth).filter((one) => first.has(one)).length;
    found += (common / depth) * PERSISTENCE ** depth;
    weights += PERSISTENCE ** depth;
  }
  return found / weights;
}

const idOf = (item: Ranked) => (typeof item === 'string' ? item : item[0]);

/** How far the scores of the items that both sides have lie apart in the mean; undefined where a side has none. */
function scoresApart(a: readonly Ranked[], b: readonly Ranked[]): number | undefined {
  const scored = (list: readonly Ranked[]) => list.filter((one) => typeof one !== 'string');
  const theirs = new Map(scored(b));
  const d = scored(a).flatMap(([id, score]) => {
    const other = theirs.get(id);
    return other === undefined ? [] : [Math.abs(other - score)];
  });
  return d.length === 0 ? undefined : sum(d) / d.length;
}

/** As far as scores beside labels may lie apart, by those of production's items. */
function scoresOfItems(answers: readonly unknown[]): Spreads | undefined {
  const scores = (answers as (readonly Ranked[])[]).flatMap((list) =>
    list.flatMap((one) => (typeof one === 'string' ? [] : [one[1]])),
  );
  if (scores.length < ENOUGH) return undefined;
  const spread = spreadOfNumbers(scores);
  return { places: undefined, all: usualTolerance(true, spread, spread) };
}

export const ofRankings: Comparison = {
  learn: scoresOfItems,
  compare(production, shadow, { order, absolute, spreads }): Compared {
    const [ours, theirs] = [production as Ranked[], shadow as Ranked[]];
    const [a, b] = [ours.map(idOf), theirs.map(idOf)];
    const k = Math.min(TOP, Math.max(a.length, b.length));
    const first = new Set(a.slice(0, k));
    const overlap = k === 0 ? 1 : b.slice(0, k).filter((one) => first.has(one)).length / k;
    const apart = scoresApart(ours, theirs);
    const within = absolute ?? spreads?.all;
    const near = apart === undefined || within === undefined || apart <= within;
    const measures = {
      'overlap of the first ten': overlap,
      ...(apart === undefined ? {} : { 'difference of scores': apart }),
    };
    if (!order) {
      const all = new Set(a);
      return { alike: near && a.length === b.length && b.every((one) => all.has(one)), measures };
    }
    const rbo = rankBiasedOverlap(a, b);
    // Rank-biased overlap is extrapolated beyond the end of a list, so that one that is cut off looks like the other.
    const asMany = Math.min(TOP, a.length) === Math.min(TOP, b.length);
    const isSame = asMany && a[0] === b[0] && rbo >= ALIKE_RANKING && overlapByDepth(a, b) >= ALIKE_ORDER;
    return { alike: near && isSame, measures: { ...measures, 'rank-biased overlap': rbo } };
  },
  names: (answer) => (answer as Ranked[]).slice(0, TOP).map(idOf),
};

const SURE = 0.5;
/** Boxes that overlap by so much are of one object; */
const OVERLAP = 0.5;
/** and in the same place by so much, the stricter measure of COCO (https://cocodataset.org/#detection-eval). */
const SAME_PLACE = 0.75;
/** Twice as far as probabilities may lie apart beside a label. */
const SCORES_APART = 0.2;

/** Intersection over union of two boxes. */
function iou([ax, ay, au, av]: Box['box'], [bx, by, bu, bv]: Box['box']): number {
  const width = Math.min(au, bu) - Math.max(ax, bx);
  const height = Math.min(av, bv) - Math.max(ay, by);
  if (width <= 0 || height <= 0) return ax === bx && ay === by && au === bu && av === bv ? 1 : 0;
  const both = width * height;
  return both / ((au - ax) * (av - ay) + (bu - bx) * (bv - by) - both);
}

/** Boxes of equal label, each with at most one of the other side, those that overlap most first. */
function matched(a: readonly Box[], b: readonly Box[]): { a: Box; b: Box; overlap: number }[] {
  const all = a.flatMap((one) =>
    b.map((other) => ({ a: one, b: other, overlap: one.label === other.label ? iou(one.box, other.box) : 0 })),
  );
  const used = new Set<Box>();
  return all
    .toSorted((x, y) => y.overlap - x.overlap)
    .filter((pair) => {
      if (pair.overlap < OVERLAP || used.has(pair.a) || used.has(pair.b)) return false;
      used.add(pair.a).add(pair.b);
      return true;
    });
}

/** The score from which on a box counts; where neither side has such a box, that of the best, so that its place is compared. */
function countsFrom(a: readonly Box[], b: readonly Box[]): number {
  return Math.min(
    SURE,
    [...a, ...b].reduce((best, { score }) => Math.max(best, score), 0),
  );
}

/** Each box that a side is sure of must be among the other's, at the same place and with a score like it. */
export const ofBoxes: Comparison = {
  compare(production, shadow): Compared {
    const [a, b] = [production as Box[], shadow as Box[]];
    const least = countsFrom(a, b);
    const isSure = ({ score }: Box) => score >= least;
    const pairs = matched(a, b).filter((pair) => isSure(pair.a) || isSure(pair.b));
    const sure = [...a, ...b].filter(isSure).length;
    const met = sum(pairs.map((pair) => Number(isSure(pair.a)) + Number(isSure(pair.b))));
    const f1 = sure === 0 ? 1 : met / sure;
    return {
      alike:
        f1 === 1 &&
        pairs.every((pair) => pair.overlap >= SAME_PLACE && Math.abs(pair.a.score - pair.b.score) <= SCORES_APART),
      measures: {
        'matched boxes (F1)': f1,
        ...(pairs.length > 0
          ? { 'overlap of matched boxes (IoU)': sum(pairs.map(({ overlap }) => overlap)) / pairs.length }
          : {}),
      },
    };
  },
  names: (answer) => (answer as Box[]).filter(({ score }) => score >= SURE).map(({ label }) => label),
};

export const ofSpans: Comparison = {
  compare(production, shadow): Compared {
    const keys = (list: unknown) =>
      (list as { label: string; start: unknown; end: unknown; text: unknown }[]).map(({ label, start, end, text }) =>
        canonicalJson(start === null ? [label, text] : [label, start, end]),
      );
    const f1 = dice(keys(production), keys(shadow));
    return { alike: f1 === 1, measures: { 'equal parts (F1)': f1 } };
  },
  names: (answer) => (answer as { label: string }[]).map(({ label }) => label),
};

export const ofSets: Comparison = {
  compare(production, shadow): Compared {
    const f1 = dice(production as string[], shadow as string[]);
    return { alike: f1 === 1, measures: { 'equal labels (F1)': f1 } };
  },
  names: (answer) => answer as string[],
};

/** Beginnings of refusals, in lower case with plain apostrophes; docs/answers.md lists them. */
export const REFUSALS: readonly string[] = [
  "i'm sorry, but i can't",
  "i'm sorry, but i cannot",
  "i'm sorry, i can't",
  "i'm sorry, i cannot",
  "i am sorry, but i can't",
  'i am sorry, but i cannot',
  'sorry, but i can',
  "sorry, i can't",
  "i can't assist with",
  "i can't help with",
  "i can't provide",
  "i'm not able to",
  "i'm unable to",
  'i am not able to',
  'i am unable to',
  'i cannot assist with',
  'i cannot help with',
  'i cannot provide',
  'i must decline',
  "i won't be able to",
  'as an ai language model, i can',
];

/** How far into a text a refusal may begin. */
const OPENING = 200;

function refuses(text: string, { refusals }: CompareRules): boolean {
  const start = text.slice(0, OPENING).toLowerCase().replaceAll('’', "'").trim();
  return [...REFUSALS, ...refusals.map((one) => one.toLowerCase().replaceAll('’', "'"))].some((one) =>
    start.startsWith(one),
  );
}

/** A text that is so short may be one of a few, as a class is. */
const MAX_CHOICE = 40;

function choiceIn(text: string): string[] {
  const said = text.trim();
  return said === '' || said.length > MAX_CHOICE ? [] : [said];
}

export const ofTexts: Comparison = {
  compare: (production, shadow, rules) => compareTexts(String(production), String(shadow), rules),
  flags: { refuses: (answer, rules) => refuses(String(answer), rules) },
  names: (answer) => choiceIn(String(answer)),
};

function callsOf({ tools }: Reply): string {
  return canonicalJson(
    tools.map(({ name, arguments: given }) => {
      try {
        return [name, JSON.parse(given) as unknown];
      } catch {
        return [name, given];
      }
    }),
  );
}

const refusesReply = ({ text, refusal, finish }: Reply, rules: CompareRules) =>
  refusal !== null || finish === 'content_filter' || finish === 'refusal' || refuses(text, rules);

const isCutOff = ({ finish }: Reply) => finish === 'length' || finish === 'max_tokens';

export const ofReplies: Comparison = {
  compare(production, shadow, rules): Compared {
    const [a, b] = [production as Reply, shadow as Reply];
    const { alike, measures } = compareTexts(a.text, b.text, rules);
    const sameCalls = callsOf(a) === callsOf(b);
    const called: Record<string, number> =
      a.tools.length + b.tools.length > 0 ? { 'equal calls of tools': Number(sameCalls) } : {};
    return {
      alike: alike && sameCalls && refusesReply(a, rules) === refusesReply(b, rules) && isCutOff(a) === isCutOff(b),
      measures: { ...measures, ...called },
    };
  },
  flags: {
    refuses: (answer, rules) => refusesReply(answer as Reply, rules),
    'is cut off': (answer) => isCutOff(answer as Reply),
    'is empty': (answer) => (answer as Reply).text.trim() === '' && (answer as Reply).tools.length === 0,
  },
  names: (answer) => [...(answer as Reply).tools.map(({ name }) => name), ...choiceIn((answer as Reply).text)],
};

export const ofBytes: Comparison = {
  compare: (production, shadow) => ({ alike: canonicalJson(production) === canonicalJson(shadow), measures: {} }),
};
