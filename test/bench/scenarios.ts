import type { LineClass } from './calibrate-frame.ts';

/**
 * Worlds in which a judge was found wrong, or might be: each is a line of `npm run calibrate`, by name. Of what no window can
 * show, `by` is the line of the policy that makes it hold, which is a line as well.
 */
export interface Scenario {
  line: string;
  class: LineClass;
  by?: `cover: ${string}` | `cluster: ${string}`;
}

const as =
  (of: LineClass, by?: Scenario['by']) =>
  (line: string): Scenario => ({ line, class: of, ...(by === undefined ? {} : { by }) });
const held = as('held');
const noticed = as('noticed');
const power = as('power');
const covered = as('not knowable', 'cover: 24h');

/** Latency: few requests, long tails, stalls, load, steps. */
const LATENCY: readonly Scenario[] = [
  ...['equal', '1.2 times as long', '1.5 times as long', '2 times as long'].flatMap((how) =>
    [0.5, 1].map((sigma) => noticed(`latency.p99 of lognormal (${sigma}), 6 of 600 a minute, ${how}`)),
  ),
  ...[1.2, 1.5, 2].flatMap((ratio) =>
    [0.5, 1].map((sigma) =>
      held(`latency.p99 by ranks, lognormal (${sigma}), 6 of 600 a minute, ${ratio} times as long`),
    ),
  ),
  ...[1.1, 1.25, 1.5].map((ratio) => held(`latency.mean of lognormal (1), 6 of 600 a minute, ${ratio} times as long`)),
  ...[1.1, 1.25].map((ratio) => held(`latency.mean of Pareto (1.5), 6 of 600 a minute, ${ratio} times as long`)),
  ...[1.5, 2.5].flatMap((exponent) => [
    held(`latency of Pareto (${exponent}), equal, all four gates`),
    held(`latency.mean of Pareto (${exponent}), on the margin`),
    held(`latency.p99 of Pareto (${exponent}), on the margin`),
  ]),
  ...[1.2, 1.5].map((ratio) => held(`latency.p99 of lognormal (1), 60 of 600 a minute, ${ratio} times as long`)),
  covered("latency, all four gates, 0.02 % of the shadow's requests stall for 1000 times as long"),
  covered("latency, all four gates, 0.05 % of the shadow's requests stall for 1000 times as long"),
  held("latency, all four gates, 0.1 % of the shadow's requests stall for 500 times as long"),
  held("latency, all four gates, 0.2 % of the shadow's requests stall for 500 times as long"),
  ...[0.02, 0.05].map((share) =>
    held(`latency.mean, ${share} % of the shadow's requests stall for 1000 times as long, 600 a minute`),
  ),
  ...[1.2, 1.3].map((ratio) =>
    held(`latency.mean, ${ratio} times as long in the busy third of minutes, 6 and 60 a minute`),
  ),
  held('latency equal, traffic swings tenfold and both take longer the more there is, all four gates'),
  ...[30, 60, 120].flatMap((dwell) => [
    as('not knowable')(`latency equal, steps of 10 % each ${dwell} min`),
    covered(`latency on the margin, steps of 10 % each ${dwell} min`),
  ]),
  held('latency equal, one request a minute by chance, all four gates'),
  held('latency equal, the same request a minute, all four gates'),
  held('latency.mean on the margin, the same request a minute'),
  noticed("latency, all four gates, 3 % of the shadow's requests take 3 times as long, 1 % of 600 a minute"),
  held("latency, all four gates, 3 % of the shadow's requests take 3 times as long, 5 % of 600 a minute"),
  held("latency, all four gates, 3 % of the shadow's requests take 3 times as long, 100 % of 600 a minute"),
  noticed("latency, all four gates, 3 % of the shadow's requests take 3 times as long, 100 % of 10 a minute"),
  ...['latency.p99', 'latency, all four gates'].flatMap((gate) => [
    ...[3, 10].map((rate) => noticed(`${gate}, 2 % of the shadow's requests take 3 times as long, ${rate} a minute`)),
    ...[30, 60].map((rate) => held(`${gate}, 2 % of the shadow's requests take 3 times as long, ${rate} a minute`)),
  ]),
  // How long blocks are, and how minutes hang together.
  ...[0, 0.5, 0.8].flatMap((phi) => [
    held(`latency on the margin (+10 %), autocorrelation ${phi}`),
    held(`latency equal, autocorrelation ${phi}`),
    power(`soon: latency +50 %, autocorrelation ${phi}`),
    power(`soon: latency equal, autocorrelation ${phi}`),
  ]),
];

/** Errors: outages, what both refuse, few and many requests. */
const ERRORS: readonly Scenario[] = [
  covered('errors: shadow outages of 2 min at 100 % every 100 min, production none'),
  covered('errors: shadow outages of 2 min at 100 % every 40 min, production none'),
  covered('errors: shadow outages of 5 min at 50 % every 120 min, production none'),
  held('errors: outages of 5 min at 50 % every 120 min on both, apart'),
  held('errors of the same bad requests (5 %) on both'),
  held('errors of the same bad requests (1 %) on both'),
  held('no errors at all on either side, 1 a minute'),
  held('errors on the margin (1 % and 2 %), 60000 a minute'),
  power('soon: errors 1 % and 1 %'),
  power('soon: errors of the same bad requests, 5 %'),
];

/** Answers: bursts, days, users; accuracy; readability and schema by chance. */
const ANSWERS: readonly Scenario[] = [
  held('labels on the margin, one a minute'),
  power('soon: labels 97 % equal, one a minute'),
  held('labels on the margin, 60000 a minute'),
  power('soon: labels 50 % equal, 60000 a minute, the chance wanders by 2 %'),
  power('labels 98 % equal, 60000 a minute, differing wanders by 10 %'),
  power('soon: labels 20 % equal, in bursts of 0.5'),
  power('soon: labels 50 % equal, in bursts of 0.5'),
  power('labels 80 % equal, in bursts of 0.5'),
  power('soon: labels 97 % equal'),
  held('labels on the margin (90 % equal)'),
  held('labels on the margin, in bursts of 0.5, autocorrelation 0.8'),
  held('labels on the margin, in bursts of 1, autocorrelation 0.8'),
  covered('labels on the margin, in long bursts of 0.5, autocorrelation 0.95'),
  covered('labels on the margin, in long bursts of 1, autocorrelation 0.95'),
  as('not knowable', 'cover: 48h')('labels on the margin, in long bursts of 1, autocorrelation 0.98'),
  ...[
    'labels at the margin, day and night in 6 hours, 5 % differ at quiet and 12 % at busy',
    'labels that drift, 2 to 18 % differ over 6 hours',
    'labels after a change behind the model: 3 % differ for 2 hours, then 20 %',
  ].map(as('not knowable', 'cover: 6h')),
  covered('labels at the margin over the day, after a quiet night of 4 hours'),
  ...[
    ...[50, 300, 2000].map((users) => `labels on the margin, ${users} users, some ask often`),
    ...[50, 300].map((users) => `labels on the margin, ${users} users, 3 a minute in sessions`),
    'accuracy on the margin, 300 users',
  ].map(as('not knowable', 'cluster: user')),
  ...[3, 6, 10, 15].map((each) => held(`accuracy equal (${each} % each way)`)),
  ...[3, 6, 10, 15].map((each) => power(`soon: accuracy equal, ${each} % each way`)),
  ...['', ', in bursts of 0.5', ', in bursts of 1'].flatMap((how) => [
    held(`accuracy on the margin (loses 4 %, wins 2 %)${how}`),
    held(`accuracy on the margin (loses 11 %, wins 9 %)${how}`),
  ]),
  ...[0.5, 1].flatMap((burst) =>
    [3, 6, 10].map((each) => held(`accuracy equal (${each} % each way), in bursts of ${burst}`)),
  ),
  power('soon: accuracy equal, 3 % each way, in bursts of 0.5'),
  power('soon: accuracy equal, 3 % each way, in bursts of 1'),
  power('soon: accuracy equal, 6 % each way, in bursts of 0.5'),
  held('accuracy equal, labels for 10 % of rows'),
  power('soon: error equal'),
  power('soon: error 10 % worse'),
  power('soon: error 10 % better'),
  power('Jensen-Shannon of equals, 0.02 allowed'),
  power('soon: latency.p99 by ranks, equal, lognormal (0.3), 6 a minute'),
  power('soon: latency.p99 by ranks, equal, lognormal (0.3), 60 a minute'),
  power('soon: latency.p99 by ranks, twice as long, 60 a minute'),
  ...[6, 12, 20].map((share) => power(`soon: labels to collect with --label-next, equal, ${share} % discordance`)),
  ...[0.2, 0.5, 0.8].map((share) => held(`answers of both unreadable by chance (${share} %)`)),
  ...[0.5, 0.8].map((share) => held(`a field that both leave out by chance (${share} %)`)),
];

/** From captures to the verdict. */
const VERDICTS: readonly Scenario[] = [
  ...['without', 'with'].flatMap((labels) =>
    [1.5, 4].map((rate) => held(`verdict: it never says fraud, at a base rate of ${rate} %, ${labels} labels`)),
  ),
  held('verdict: chances that are too sure, with labels'),
  held('verdict: chances that are calibrated, against those that are too sure, with labels'),
  noticed('verdict: labels only where production says yes, of a shadow that is worse where it says no'),
  noticed('verdict: labels of easy rows only, none where the models differ'),
  noticed('verdict: labels only where the shadow gives two of four classes, of a shadow that is worse in the others'),
  noticed('verdict: labels of other rows, of a shadow that is worse by 15 points'),
  noticed('verdict: labels of fraud have not come yet, of a shadow that finds less than half as much'),
  noticed('verdict: labels write fraud otherwise than the answers, of the same shadow'),
  noticed('verdict: 8 % of the requests have no id, and there the models differ; 3.5 % of the others differ'),
  held('verdict: numbers that all lean by 0.45 deviations'),
  held('verdict: numbers of which production leans by 0.3 deviations, and the shadow does not, with labels'),
  held('verdict: numbers of which the shadow leans by 0.3 deviations, and production does not, with labels'),
  noticed('verdict: labels of numbers only where the shadow lies near'),
  held('verdict: rankings of ten that lack the last item'),
  held('verdict: boxes of which a class in 4 % of the pictures is never found'),
  held('verdict: the shadow answers nothing in 8 % of the requests, which are the hard ones'),
  held('verdict: 8 % of its answers are empty'),
  held('verdict: one of 100 classes vanishes, and a new one comes'),
  held('verdict: 3 % of the answers of both are NaN, and the same'),
  noticed('verdict: better by 12 points, without labels'),
  held('verdict: better by 12 points, with labels'),
  held('verdict: forecasts that lie one part in a thousand apart'),
  held('verdict: embeddings that lie a ten-thousandth apart'),
  held('verdict: boxes that lie half a pixel apart'),
  held('verdict: rankings whose ninth and tenth change places in half of the answers'),
  held('verdict: generated texts that differ in one word'),
  held('verdict: a chat that refuses 30 % of the requests'),
  held('verdict: a chat whose ids and times differ, and nothing else'),
  held('verdict: 12 % of requests are sent again with their ids, and answered alike'),
  held('verdict: 12 % of requests are sent again with their ids, and the shadow answers these otherwise'),
];

export const SCENARIOS: readonly Scenario[] = [...LATENCY, ...ERRORS, ...ANSWERS, ...VERDICTS];
