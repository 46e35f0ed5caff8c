import { EXAMPLE } from './example.ts';

/** A kind of change, and what a policy for it says otherwise than the default. */
interface KindOfChange {
  /** What the change is, and what its policy demands: comments at the top of the file. */
  about: readonly string[];
  /** Values in place of the default's, by key, each with its meaning. */
  says: Readonly<Record<string, readonly [value: string, meaning: string]>>;
}

/** Of the same model: to differ is a fault, and so is to be slower. */
const SAME = {
  expect: ['same', 'to differ from production is a fault, and fails early'],
  latency: ['{ mean: 0.05, p50: 0.05, p90: 0.1, p99: 0.1 }', 'how much slower the shadow may be: hardly'],
} as const;

const CALIBRATE =
  'Where production differs from itself, measure that first: shadowctl shadow --calibrate 30m. Only what goes beyond it counts.';

/** The same numbers, but for how another machine or library rounds them. */
const ROUNDED = {
  ...SAME,
  regressions: ['0.005', 'share of rows with labels that may be right with production and wrong with the shadow'],
  agreement: ['0.99', "share of predicted labels that must equal production's, of any kind, beyond the noise floor"],
  classes: ['{ agreement: 0.95, rows: 200 }', 'the same of each class of production, from so many rows on'],
  numbers: ['{ share: 0.01 }', 'share of numbers that may differ by more than the tolerance, likewise'],
  answers: [
    '{ order: true, similarity: 1, tolerance: { absolute: 0.000001, relative: 0.001 }, refusals: { share: 0.01 } }',
    'for rounding',
  ],
} as const;

const KINDS = {
  retrain: {
    about: [
      'A model that was trained anew, on other data or with other settings.',
      'It may answer otherwise; by labels (--labels) it must be as right as production, or better.',
      'Where it must be better, say how much: expect: better by 1 point.',
    ],
    says: {
      truth: ['0.01', 'against --labels: accuracy it may lose, or how much larger its mean error may be'],
      regressions: ['0.05', 'share of rows with labels that may be right with production and wrong with the shadow'],
      decide: ['[stability]', 'gates that otherwise only inform: it must hold without its best part, too'],
    },
  },
  container: {
    about: [
      'The same model in another image, framework or runtime.',
      'It must answer as production does, and be no slower.',
      CALIBRATE,
    ],
    says: ROUNDED,
  },
  instance: {
    about: [
      'The same model and image on another instance type, or on more or fewer of them.',
      'It must answer as production does, and be no slower.',
      CALIBRATE,
    ],
    says: ROUNDED,
  },
  quantize: {
    about: [
      'The same model with smaller numbers: quantized, pruned, distilled or compiled with less precision.',
      'It must answer nearly as production does, in every class, and be no slower.',
      CALIBRATE,
    ],
    says: {
      ...SAME,
      regressions: ['0.01', 'share of rows with labels that may be right with production and wrong with the shadow'],
      decide: ['[stability]', 'gates that otherwise only inform: it must hold without its best part, too'],
      agreement: [
        '0.98',
        "share of predicted labels that must equal production's, of any kind, beyond the noise floor",
      ],
      classes: ['{ agreement: 0.9, rows: 200 }', 'the same of each class of production, from so many rows on'],
      numbers: ['{ share: 0.02 }', 'share of numbers that may differ by more than the tolerance, likewise'],
      answers: [
        '{ order: true, similarity: 1, tolerance: { absolute: 0.001, relative: 0.01 }, refusals: { share: 0.01 } }',
        'for precision',
      ],
    },
  },
  'llm-swap': {
    about: [
      'Another language model behind the same requests.',
      'It must refuse no more often, fail no more often and be no slower. Other words may say the same: whether what it says',
      'is right, only labels (--labels) or a comparator of your own can tell (answers: { command: … }). Without them the',
      'verdict stays inconclusive; inform: [answers.agreement] lets it go by refusals, errors and latency alone.',
    ],
    says: {
      latency: ['{ mean: 0.2, p50: 0.2, p90: 0.3, p99: 0.3 }', 'how much slower it may be: longer answers take longer'],
      answers: [
        '{ kinds: { binary: { agreement: 0.95 }, json: { agreement: 0.95 } }, order: true, similarity: 0.8, refusals: { share: 0.005 } }',
        'openings: more beginnings of refusals',
      ],
    },
  },
} as const satisfies Record<string, KindOfChange>;

export type PolicyKind = keyof typeof KINDS;

export const POLICY_KINDS = Object.keys(KINDS) as PolicyKind[];

/** The column before that in which the meanings begin. */
const MEANINGS = 28;

/** A whole policy for a kind of change: the default's file, every key with its meaning, with what the kind says otherwise. */
export function policyFile(kind: PolicyKind): string {
  const { about, says }: KindOfChange = KINDS[kind];
  const lines = EXAMPLE.trimEnd().split('\n');
  const keyOf = (line: string) => /^ {2}(?:# )?(\w+):/.exec(line)?.[1] ?? '';
  const setByDefault = new Set(lines.filter((line) => !line.startsWith('  # ')).map(keyOf));
  const line = (key: string, [value, meaning]: readonly [string, string]) =>
    `${`  ${key}: ${value}`.padEnd(MEANINGS)} # ${meaning}`;
  const [heading = '', ...rest] = lines.flatMap((one) => {
    const key = keyOf(one);
    const said = says[key];
    if (said === undefined) return [one];
    if (!one.startsWith('  # ')) return [line(key, said)];
    // What has no default is set at the beginning, and is offered no more.
    return setByDefault.has(key) ? [one] : [];
  });
  const added = Object.entries(says).filter(([key]) => !setByDefault.has(key));
  return [...about.map((one) => `# ${one}`), heading, ...added.map(([key, said]) => line(key, said)), ...rest, ''].join(
    '\n',
  );
}
