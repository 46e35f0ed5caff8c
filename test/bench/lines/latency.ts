import { adding, type Line } from '../calibrate-frame.ts';
import { ALL, latency, lognormal, pareto, regimes, slower, timed } from '../calibrate-metrics.ts';

/** Is it slower? Endpoints of which only the latencies are simulated. */
export const LATENCY: Line[] = [];
const line = adding(LATENCY);

for (const phi of [0, 0.5, 0.8]) {
  line(`latency equal, autocorrelation ${phi}`, (random) => latency(random, 1, phi, 0.1), 'fail');
  line(`latency on the margin (+10 %), autocorrelation ${phi}`, (random) => latency(random, 1.1, phi, 0.1), 'either');
}
line('latency on the margin (+10 %), autocorrelation 0.9', (random) => latency(random, 1.1, 0.9, 0.1), 'pass');
line('latency on the margin (+10 %), autocorrelation 0.9: fails', (random) => latency(random, 1.1, 0.9, 0.1), 'fail', {
  class: 'not knowable',
});

// Six requests of the shadow a minute.
const few = { rate: 600, sampling: 0.01 };
for (const [words, draw, ratios] of [
  ['lognormal (1)', lognormal(1), [1.1, 1.25, 1.5]],
  ['Pareto (1.5)', pareto(1.5), [1.1, 1.25]],
] as const)
  for (const ratio of ratios)
    line(
      `latency.mean of ${words}, 6 of 600 a minute, ${ratio} times as long`,
      (random) => timed(random, { ...few, draw, shadow: slower(ratio) }, 'latency.mean'),
      'pass',
      { trials: 200 },
    );
for (const exponent of [1.5, 2.5]) {
  const draw = pareto(exponent);
  line(
    `latency of Pareto (${exponent}), equal, all four gates`,
    (random) => timed(random, { draw, shadow: slower(1) }, ALL),
    'fail',
    { trials: 400 },
  );
  line(
    `latency.mean of Pareto (${exponent}), on the margin`,
    (random) => timed(random, { draw, shadow: slower(1.1) }, 'latency.mean'),
    'either',
    { trials: 400 },
  );
  line(
    `latency.p99 of Pareto (${exponent}), on the margin`,
    (random) => timed(random, { draw, shadow: slower(1.2) }, 'latency.p99'),
    'either',
    { trials: 400 },
  );
}
for (const sigma of [0.5, 1])
  for (const ratio of [1, 1.2, 1.5, 2])
    line(
      `latency.p99 of lognormal (${sigma}), 6 of 600 a minute, ${ratio === 1 ? 'equal' : `${ratio} times as long`}`,
      (random) => timed(random, { ...few, draw: lognormal(sigma), shadow: slower(ratio) }, 'latency.p99'),
      'either',
      { class: 'noticed', trials: 100 },
    );
for (const sigma of [0.5, 1])
  for (const ratio of [1.2, 1.5, 2])
    line(
      `latency.p99 by ranks, lognormal (${sigma}), 6 of 600 a minute, ${ratio} times as long`,
      (random) => timed(random, { ...few, draw: lognormal(sigma), shadow: slower(ratio), ranks: true }, 'latency.p99'),
      'pass',
      { trials: ratio === 1.2 ? 300 : 200 },
    );
// Longer by the floor of the policy, which is more than its share: 44 % of a mean, 31 % of a p99, of lognormal (0.5).
for (const [words, world, trials] of [
  ['60 a minute', {}, 400],
  ['6 of 600 a minute', few, 200],
] as const)
  for (const sigma of [0.5, 1]) {
    const least = { ...world, draw: lognormal(sigma), shadow: slower(1) };
    line(
      `latency.mean of lognormal (${sigma}), longer by the floor, ${words}`,
      (random) => timed(random, { ...least, more: 0.5, floor: 0.5 }, 'latency.mean'),
      'pass',
      { trials },
    );
    const most = 0.31 * Math.exp(2.326 * sigma);
    line(
      `latency.p99 by ranks, lognormal (${sigma}), longer by the floor, ${words}`,
      (random) => timed(random, { ...least, more: most, floor: most, ranks: true }, 'latency.p99'),
      'pass',
      { trials },
    );
  }
// Of 3 %, production's p99 grows by 70 %, its p90 by 5 %; of 2 %, its p99 by 50 %.
for (const rate of [3, 10, 60])
  line(
    `latency.p99 by ranks, 3 % of the shadow's requests take 3 times as long, ${rate} a minute`,
    (random) => timed(random, { rate, draw: lognormal(0.3), shadow: slower(3, 0.03), ranks: true }, 'latency.p99'),
    'pass',
    { trials: 400 },
  );
for (const ratio of [1.2, 1.5])
  line(
    `latency.p99 of lognormal (1), 60 of 600 a minute, ${ratio} times as long`,
    (random) => timed(random, { rate: 600, sampling: 0.1, draw: lognormal(1), shadow: slower(ratio) }, 'latency.p99'),
    'pass',
    { trials: 200 },
  );
for (const rate of [3, 10, 30, 60])
  for (const gate of ['latency.p99', ALL])
    line(
      `${gate === ALL ? 'latency, all four gates' : gate}, 2 % of the shadow's requests take 3 times as long, ${rate} a minute`,
      (random) => timed(random, { rate, draw: lognormal(0.3), shadow: slower(3, 0.02) }, gate),
      rate < 30 ? 'either' : 'pass',
      rate < 30 ? { class: 'noticed' } : { trials: 400 },
    );
for (const [sampling, rate, trials] of [
  [0.01, 600, 200],
  [0.05, 600, 200],
  [1, 600, 60],
  [1, 10, 1000],
] as const)
  line(
    `latency, all four gates, 3 % of the shadow's requests take 3 times as long, ${sampling * 100} % of ${rate} a minute`,
    (random) => timed(random, { rate, sampling, draw: lognormal(0.3), shadow: slower(3, 0.03) }, ALL),
    sampling * rate < 30 ? 'either' : 'pass',
    { trials, ...(sampling * rate < 30 ? { class: 'noticed' } : {}) },
  );
const number = (value: number) => String(Number(value.toPrecision(2)));
for (const [share, factor] of [
  [0.0002, 1000],
  [0.0005, 1000],
  [0.001, 500],
  [0.002, 500],
] as const) {
  const title = `latency, all four gates, ${number(share * 100)} % of the shadow's requests stall for ${factor} times as long`;
  const draw = lognormal(0.5);
  const rare = share <= 0.0005;
  line(title, (random) => timed(random, { draw, shadow: slower(factor, share) }, ALL), 'pass', {
    trials: 400,
    ...(rare ? { class: 'not knowable' } : {}),
  });
  if (rare)
    line(
      `${title}, cover: 24h`,
      (random) => timed(random, { draw, shadow: slower(factor, share), hours: 30, cover: 24 }, 'latency.mean'),
      'pass',
      { trials: 150 },
    );
}
for (const share of [0.0002, 0.0005])
  line(
    `latency.mean, ${number(share * 100)} % of the shadow's requests stall for 1000 times as long, 600 a minute`,
    (random) => timed(random, { rate: 600, draw: lognormal(0.5), shadow: slower(1000, share) }, 'latency.mean'),
    'pass',
    { trials: 100 },
  );
for (const ratio of [1.2, 1.3])
  line(
    `latency.mean, ${ratio} times as long in the busy third of minutes, 6 and 60 a minute`,
    (random) => timed(random, { draw: lognormal(0.5), shadow: slower(ratio), quiet: 0.1 }, 'latency.mean'),
    'pass',
    { trials: 400 },
  );
line(
  'latency equal, traffic swings tenfold and both take longer the more there is, all four gates',
  (random) => timed(random, { draw: lognormal(0.5), shadow: slower(1), swings: true }, ALL),
  'fail',
  { trials: 300 },
);
for (const dwell of [30, 60, 120])
  for (const [words, ratio, wrong] of [
    ['equal', 1, 'fail'],
    ['on the margin', 1.1, 'pass'],
  ] as const) {
    const title = `latency ${words}, steps of 10 % each ${dwell} min`;
    const gate = ratio === 1 ? ALL : 'latency.mean';
    line(title, (random) => regimes(random, ratio, dwell, {}, gate), wrong, { class: 'not knowable' });
    if (wrong === 'pass')
      line(`${title}, cover: 24h`, (random) => regimes(random, ratio, dwell, { hours: 36, cover: 24 }), wrong, {
        trials: 400,
      });
  }
const single = { rate: 1, draw: lognormal(0.3) };
line(
  'latency equal, one request a minute by chance, all four gates',
  (random) => timed(random, { ...single, byChance: true, shadow: slower(1) }, ALL),
  'fail',
);
line(
  'latency equal, the same request a minute, all four gates',
  (random) => timed(random, { ...single, same: true, shadow: slower(1) }, ALL),
  'fail',
);
line(
  'latency.mean on the margin, one request a minute',
  (random) => timed(random, { ...single, shadow: slower(1.1) }, 'latency.mean'),
  'either',
);
line(
  'latency.mean on the margin, the same request a minute',
  (random) => timed(random, { ...single, same: true, shadow: slower(1.1) }, 'latency.mean'),
  'either',
);
