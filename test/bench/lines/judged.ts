import type { Policy } from '../../../src/analysis/policy/policy.ts';
import type { Outcome } from '../../../src/analysis/judge/verdict.ts';
import type { Random } from '../../support/random.ts';
import { adding, type Line, type LineClass } from '../calibrate-frame.ts';
import { type Answered, csv, json, judged, type World } from '../calibrate-judged.ts';

/** Captures that go the whole way to a verdict: labels, classes, what is missing, and forms of answers. */
export const JUDGED: Line[] = [];
const line = adding(JUDGED);
const TRIALS = 25;

const whole = (
  title: string,
  world: World,
  wrong: Outcome | 'either',
  { is = 'held', policy }: { is?: LineClass; policy?: Partial<Policy> } = {},
) => line(`verdict: ${title}`, (random) => judged(random, world, policy), wrong, { class: is, trials: TRIALS });

/** Production is right in 90 % of rows, the shadow where `also` says so. */
function pair(random: Random, also: (right: boolean, says: string) => boolean) {
  const truth = random.next() < 0.5 ? 'yes' : 'no';
  const other = truth === 'yes' ? 'no' : 'yes';
  const production = random.next() < 0.9 ? truth : other;
  return { production, shadow: also(production === truth, production) ? truth : other, truth };
}

const labelledWhere =
  (draw: (random: Random) => Answered, holds: (one: Answered, random: Random) => boolean): World =>
  (random) => {
    const one = draw(random);
    return holds(one, random) ? one : { ...one, truth: undefined };
  };

// 90 % right against 75 %: of production's no's it gets 45 % wrong that are right, and it mends every false yes.
const worseWhereNo = (random: Random) =>
  pair(random, (right, says) => (says === 'yes' ? true : right && random.next() >= 0.45));
whole(
  'labels only where production says yes, of a shadow that is worse where it says no',
  labelledWhere(worseWhereNo, ({ production }) => production === 'yes'),
  'either',
  { is: 'noticed' },
);
whole('labels of every row of the same shadow', worseWhereNo, 'pass');
const farWorse = (random: Random) => pair(random, (right) => right && random.next() < 0.66);
whole(
  'labels of easy rows only, none where the models differ',
  labelledWhere(
    farWorse,
    ({ production, shadow, truth }, random) => production === truth && shadow === truth && random.next() < 0.2,
  ),
  'either',
  { is: 'noticed' },
);
whole(
  'labels only where the shadow is right',
  labelledWhere(
    (random) => pair(random, () => random.next() < 0.8),
    ({ shadow, truth }) => shadow === truth,
  ),
  'pass',
);

// Four animals; production has 90 % of them right.
const ANIMALS = ['ant', 'bee', 'cat', 'dog'];
const animal = (random: Random, known: readonly string[] = ANIMALS) =>
  known[Math.floor(known.length * random.next())] ?? 'ant';
const named = (random: Random, truth: string, right: number) =>
  random.next() < right
    ? truth
    : animal(
        random,
        ANIMALS.filter((name) => name !== truth),
      );
whole(
  'labels only where the shadow gives two of four classes, of a shadow that is worse in the others',
  labelledWhere(
    (random) => {
      const truth = animal(random);
      const good = truth === 'ant' || truth === 'bee';
      const shadow = random.next() < (good ? 0.97 : 0.75) ? truth : animal(random, ['cat', 'dog']);
      return { production: named(random, truth, 0.9), shadow, truth };
    },
    ({ shadow }) => shadow === 'ant' || shadow === 'bee',
  ),
  'either',
  { is: 'noticed' },
);
let before = 'ant';
const joinedWrongly: World = (random) => {
  const truth = animal(random);
  const row = { production: named(random, truth, 0.9), shadow: named(random, truth, 0.75), truth: before };
  before = truth;
  return row;
};
whole('labels of other rows, of a shadow that is worse by 15 points', joinedWrongly, 'either', { is: 'noticed' });

// Fraud: production finds 80 % of it, the shadow 30 %.
const halfAsMuch = (random: Random) => {
  const is = random.next() < 0.06;
  const says = (finds: number, alarms: number) => (random.next() < (is ? finds : alarms) ? 'fraud' : 'ok');
  return { production: says(0.8, 0.02), shadow: says(0.3, 0.015), truth: is ? 'fraud' : 'ok' };
};
whole(
  'labels of fraud have not come yet, of a shadow that finds less than half as much',
  labelledWhere(halfAsMuch, ({ truth }) => truth === 'ok'),
  'either',
  { is: 'noticed' },
);
whole(
  'labels write fraud otherwise than the answers, of the same shadow',
  (random) => {
    const row = halfAsMuch(random);
    return { ...row, truth: row.truth === 'ok' ? 'ok' : 'Fraud' };
  },
  'either',
  { is: 'noticed' },
);
whole(
  '8 % of the requests have no id, and there the models differ; 3.5 % of the others differ',
  (random) => {
    const one = animal(random);
    const nameless = random.next() < 0.08;
    const shadow = nameless || random.next() < 0.035 ? named(random, one, 0) : one;
    return nameless ? { production: one, shadow, nameless } : { production: one, shadow };
  },
  'either',
  { is: 'noticed' },
);

// Fraud: production finds 80 % of it.
const fraud =
  (rate: number, finds: number, labels: boolean): World =>
  (random) => {
    const is = random.next() < rate;
    const says = (chance: number) => (is && random.next() < chance ? 'fraud' : 'ok');
    const answers = { production: says(0.8), shadow: finds === 0 ? 'ok' : says(finds) };
    return labels ? { ...answers, truth: is ? 'fraud' : 'ok' } : answers;
  };
for (const rate of [0.015, 0.04])
  for (const labels of [false, true])
    whole(
      `it never says fraud, at a base rate of ${rate * 100} %, ${labels ? 'with' : 'without'} labels`,
      fraud(rate, 0, labels),
      'pass',
    );
whole('it finds as much fraud as production, at a base rate of 1.5 %, with labels', fraud(0.015, 0.8, true), 'fail');

const CLASSES = Array.from({ length: 100 }, (_, i) => `k${i}`);
const oneOf = (random: Random) => CLASSES[Math.floor(100 * random.next())] ?? 'k0';
const lostClass: World = (random) => {
  const one = oneOf(random);
  return { production: one, shadow: one === 'k7' ? 'k8' : one };
};
whole('one of 100 classes vanishes', lostClass, 'pass');
whole(
  'one of 100 classes vanishes, and a new one comes',
  (random) => {
    const one = oneOf(random);
    return { production: one, shadow: one === 'k7' ? 'NEWCLASS' : one };
  },
  'pass',
);
whole(
  'one of 100 classes is called by another name in one row of 200',
  (random) => {
    const one = oneOf(random);
    return { production: one, shadow: random.next() < 0.005 ? 'NEWCLASS' : one };
  },
  'pass',
);

// Chances of a class: production's are calibrated and blurred; labels are 0 or 1.
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const chances = (random: Random, shadow: (logit: number) => number) => {
  const clean = 1.2 * random.normal();
  const truth = random.next() < sigmoid(clean) ? 1 : 0;
  const logit = (clean + 0.6 * random.normal()) * (1.44 / (1.44 + 0.36));
  return { production: `${sigmoid(logit)}`, shadow: `${sigmoid(shadow(logit))}`, truth: `${truth}` };
};
whole('chances that are too sure, with labels', (random) => chances(random, (logit) => 3 * logit), 'pass');
whole(
  'chances that are calibrated, against those that are too sure, with labels',
  (random) => {
    const one = chances(random, (logit) => 3 * logit);
    return { ...one, production: one.shadow, shadow: one.production };
  },
  'fail',
);

const number = (random: Random) => 10 + 3 * random.normal();
whole(
  'numbers that all lean by 0.45 deviations',
  (random) => {
    const one = number(random);
    return { production: `${one}`, shadow: `${one + 3 * 0.45}` };
  },
  'pass',
);
// Numbers that scatter around their labels by a third of a deviation.
const against =
  (lean: { production: number; shadow: number }): World =>
  (random) => {
    const truth = number(random);
    const of = (by: number) => `${truth + by + random.normal()}`;
    return { production: of(lean.production), shadow: of(lean.shadow), truth: `${truth}` };
  };
whole(
  'numbers of which production leans by 0.3 deviations, and the shadow does not, with labels',
  against({ production: 0.9, shadow: 0 }),
  'fail',
);
whole(
  'numbers of which the shadow leans by 0.3 deviations, and production does not, with labels',
  against({ production: 0, shadow: 0.9 }),
  'pass',
);
whole(
  'labels of numbers only where the shadow lies near',
  (random) => {
    const one = against({ production: 0, shadow: 0 })(random, 0);
    const shadow = Number(one.truth) + 1.6 * random.normal();
    return { ...one, shadow: `${shadow}`, truth: Math.abs(shadow - Number(one.truth)) < 1 ? one.truth : undefined };
  },
  'either',
  { is: 'noticed' },
);
const nan: World = (random) => {
  const one = random.next() < 0.03 ? 'nan' : `${number(random)}`;
  return { production: one, shadow: one };
};
whole('3 % of the answers of both are NaN, and the same', nan, 'fail');
whole(
  '3 % of the answers of the shadow alone are NaN',
  (random) => {
    const one = `${number(random)}`;
    return { production: one, shadow: random.next() < 0.03 ? 'nan' : one };
  },
  'pass',
);

// Three classes; the shadow agrees in 95 % of what it answers.
const three = (random: Random) => ['a', 'b', 'c'][Math.floor(3 * random.next())] ?? 'a';
const alike = (random: Random, share: number) => {
  const production = three(random);
  return { production, shadow: random.next() < share ? production : three(random) };
};
whole(
  'the shadow answers nothing in 8 % of the requests, which are the hard ones',
  (random) => {
    const one = alike(random, 0.98);
    return random.next() < 0.08 ? { ...one, shadow: 'not captured' } : one;
  },
  'pass',
);
whole(
  '8 % of its answers are empty',
  (random) => {
    const one = alike(random, 0.98);
    return random.next() < 0.08 ? { ...one, shadow: csv('') } : one;
  },
  'pass',
);
const retried =
  (differs: boolean): World =>
  (random) => {
    const production = three(random);
    if (random.next() >= 0.12) return { production, shadow: production };
    const shadow = differs ? 'd' : production;
    return { production, shadow, again: { production, shadow } };
  };
whole('12 % of requests are sent again with their ids, and answered alike', retried(false), 'fail');
whole('12 % of requests are sent again with their ids, and the shadow answers these otherwise', retried(true), 'pass');

// 79.9 % right against 92.2 %: it mends 65 % of what production has wrong, and spoils 1 %.
const better =
  (labels: boolean): World =>
  (random) => {
    const truth = three(random);
    const wrong = truth === 'a' ? 'b' : 'a';
    const right = random.next() < 0.799;
    const mends = right ? random.next() < 0.99 : random.next() < 0.65;
    const answers = { production: right ? truth : wrong, shadow: mends ? truth : wrong };
    return labels ? { ...answers, truth } : answers;
  };
whole('better by 12 points, without labels', better(false), 'either', { is: 'noticed' });
whole('better by 12 points, with labels', better(true), 'fail');
whole('better by 12 points, without labels, expect: same', better(false), 'pass', {
  policy: { expect: { kind: 'same' } },
});

// Nearly the same, in the forms that answers have.
const vector = (random: Random, count: number) => Array.from({ length: count }, () => random.normal());
whole(
  'forecasts that lie one part in a thousand apart',
  (random) => {
    const mean = Array.from({ length: 12 }, () => 100 + 10 * random.normal());
    const of = (list: readonly number[]) => json({ predictions: [{ mean: list }] });
    return { production: of(mean), shadow: of(mean.map((one) => one * 1.001)) };
  },
  'fail',
);
whole(
  'embeddings that lie a ten-thousandth apart',
  (random) => {
    const list = vector(random, 16);
    const of = (values: readonly number[]) => json({ embedding: values });
    return { production: of(list), shadow: of(list.map((one) => one + 1e-4)) };
  },
  'fail',
);
whole(
  'boxes that lie half a pixel apart',
  (random) => {
    const at = [50 + 100 * random.next(), 50 + 100 * random.next()] as const;
    const of = (by: number) =>
      json([
        {
          label: 'cat',
          score: 0.9,
          box: { xmin: at[0] + by, ymin: at[1] + by, xmax: at[0] + 80 + by, ymax: at[1] + 60 + by },
        },
      ]);
    return { production: of(0), shadow: of(0.5) };
  },
  'fail',
);
whole(
  'rankings whose ninth and tenth change places in half of the answers',
  (random) => {
    const order = Array.from({ length: 10 }, (_, i) => i).toSorted(() => random.next() - 0.5);
    const of = (list: readonly number[]) => json(list.map((index, i) => ({ index, score: 1 - i / 20 })));
    const swapped = [...order.slice(0, 8), order[9] ?? 0, order[8] ?? 0];
    return { production: of(order), shadow: of(random.next() < 0.5 ? swapped : order) };
  },
  'fail',
);
// Six classes with a score each; the other model moves each logit by so much, and may deal the lower scores out anew.
const SIX = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox'];
const scored =
  (moved: number, shuffles: boolean): World =>
  (random) => {
    const logits = SIX.map(() => 2.5 * random.normal());
    const chancesOf = (list: readonly number[]) => {
      const weights = list.map(Math.exp);
      const sum = weights.reduce((total, one) => total + one, 0);
      return weights.map((one) => one / sum);
    };
    const of = (list: readonly number[]) => json(SIX.map((label, i) => ({ label, score: list[i] })));
    const production = chancesOf(logits);
    const shadow = chancesOf(logits.map((one) => one + moved * random.normal()));
    if (!shuffles) return { production: of(production), shadow: of(shadow) };
    const best = shadow.indexOf(Math.max(...shadow));
    const rest = shadow.filter((_, i) => i !== best).toSorted(() => random.next() - 0.5);
    return { production: of(production), shadow: of(SIX.map((_, i) => (i === best ? shadow[i] : rest.pop()) ?? 0)) };
  };
whole('scores of six classes, those below the first dealt out anew', scored(0, true), 'pass');
whole('scores of six classes of an equal model, each logit within 0.05', scored(0.05, false), 'inconclusive');
// As two trainings of a detector, and of a ranker, may differ.
const moved =
  (share: number): World =>
  (random) => {
    const at = 50 + 100 * random.next();
    const corners = [at, at, at + 80, at + 80];
    const of = (by: number) => {
      const [xmin, ymin, xmax, ymax] = corners.map((one) => one + 80 * by * random.normal());
      return json([{ label: 'cat', score: 0.9, box: { xmin, ymin, xmax, ymax } }]);
    };
    return { production: of(0), shadow: of(share) };
  };
for (const share of [0.02, 0.04])
  whole(`boxes whose corners move by ${100 * share} % of their width`, moved(share), 'inconclusive');
whole('boxes whose corners move by 10 % of their width', moved(0.1), 'pass');
const reordered =
  (count: number, often: number): World =>
  (random) => {
    const order = Array.from({ length: 20 }, (_, i) => i)
      .toSorted(() => random.next() - 0.5)
      .slice(0, count);
    const of = (list: readonly number[]) => json(list.map((index) => ({ index, score: 1 - index / 50 })));
    const last = [...order.slice(0, -2), ...order.slice(-2).toReversed()];
    return { production: of(order), shadow: of(random.next() < often ? last : order) };
  };
whole('rankings of three whose last two change places in 2 % of the answers', reordered(3, 0.02), 'inconclusive');
whole('rankings of three whose last two change places in 20 % of the answers', reordered(3, 0.2), 'pass');
whole('rankings of five whose last two change places in half of the answers', reordered(5, 0.5), 'inconclusive');
whole(
  'rankings of ten that lack the last item',
  (random) => {
    const order = Array.from({ length: 10 }, (_, i) => i).toSorted(() => random.next() - 0.5);
    return {
      production: json(order.map((index) => ({ index }))),
      shadow: json(order.slice(0, 9).map((index) => ({ index }))),
    };
  },
  'pass',
);
whole(
  'boxes of which a class in 4 % of the pictures is never found',
  (random) => {
    const at = 50 + 100 * random.next();
    const one = (label: string, by: number) => ({
      ...{ label, score: 0.9 },
      box: { xmin: at + by, ymin: at, xmax: at + 80 + by, ymax: at + 60 },
    });
    const rare = random.next() < 0.04 ? [one('bike', 100)] : [];
    return { production: json([one('cat', 0), ...rare]), shadow: json([one('cat', 0)]) };
  },
  'pass',
);
whole(
  'boxes that lie a quarter of their width off',
  (random) => {
    const at = 50 + 100 * random.next();
    const of = (by: number) =>
      json([{ label: 'cat', score: 0.9, box: { xmin: at + by, ymin: at, xmax: at + 80 + by, ymax: at + 60 } }]);
    return { production: of(0), shadow: of(20) };
  },
  'pass',
);
const WORDS = 'the claim was filed by a customer on monday after water from a burst pipe had reached the floor'.split(
  ' ',
);
const text = (random: Random) =>
  Array.from({ length: 30 }, () => WORDS[Math.floor(WORDS.length * random.next())] ?? '').join(' ');
whole(
  'generated texts that differ in one word',
  (random) => {
    const one = text(random);
    const of = (said: string) => json([{ generated_text: said }]);
    return { production: of(`${one} finally`), shadow: of(`${one} lastly`) };
  },
  'fail',
);
const chat = (said: string, i: number, created: number) =>
  json({
    id: `chatcmpl-${i}`,
    object: 'chat.completion',
    created,
    choices: [{ index: 0, message: { role: 'assistant', content: said }, finish_reason: 'stop' }],
  });
whole(
  'a chat that refuses 30 % of the requests',
  (random, i) => {
    const one = text(random);
    const refuses = random.next() < 0.3;
    return {
      production: chat(one, i, i),
      shadow: chat(refuses ? "I'm sorry, but I can't help with that." : one, i + 1e6, i + 5),
    };
  },
  'pass',
);
whole(
  'a chat whose ids and times differ, and nothing else',
  (random, i) => {
    const one = text(random);
    return { production: chat(one, i, i), shadow: chat(one, i + 1e6, i + 5) };
  },
  'fail',
);
