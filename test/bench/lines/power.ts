import { distance, loss, normalErrors, sampling, shifted, slices } from '../calibrate-answers.ts';
import { adding, type Line } from '../calibrate-frame.ts';
import { labelled } from '../calibrate-labels.ts';
import { always, errors, latency, lognormal, sameErrors, slower, timed } from '../calibrate-metrics.ts';
import { broken, lean, rareClass } from '../calibrate-missing.ts';
import { aboveNoise, accuracy, agreement, beyondTolerance, repeated, repeatedAccuracy } from '../calibrate-shares.ts';
import { userAgreement } from '../calibrate-window.ts';
import { DISTANCES, effect } from './answers.ts';

/** How soon the right answer comes; `soon` lines name how soon it should. */
export const POWER: Line[] = [];
const line = adding(POWER);

for (const [phi, within] of [
  [0, 80],
  [0.5, 80],
  [0.8, 100],
] as const)
  line(`soon: latency equal, autocorrelation ${phi}`, (random) => latency(random, 1, phi, 0.1), undefined, { within });
line('latency +5 %, autocorrelation 0.5', (random) => latency(random, 1.05, 0.5, 0.1), undefined);
line('latency +20 %, autocorrelation 0.5', (random) => latency(random, 1.2, 0.5, 0.1), undefined);
for (const phi of [0, 0.5, 0.8])
  line(`soon: latency +50 %, autocorrelation ${phi}`, (random) => latency(random, 1.5, phi, 0.1), undefined, {
    within: 20,
  });
for (const [rate, sampling, within, trials] of [
  [600, 0.01, 205, 200],
  [60, 1, 80, 400],
] as const)
  line(
    `soon: latency.p99 by ranks, equal, lognormal (0.3), ${rate * sampling} a minute`,
    (random) => timed(random, { rate, sampling, draw: lognormal(0.3), shadow: slower(1), ranks: true }, 'latency.p99'),
    undefined,
    { within, trials },
  );
line(
  'soon: latency.p99 by ranks, twice as long, 60 a minute',
  (random) => timed(random, { draw: lognormal(0.5), shadow: slower(2), ranks: true }, 'latency.p99'),
  undefined,
  { within: 20, trials: 400 },
);
for (const sigma of [0.5, 1])
  line(
    `latency.mean equal, lognormal (${sigma}), 6 of 600 a minute`,
    (random) => timed(random, { rate: 600, sampling: 0.01, draw: lognormal(sigma), shadow: slower(1) }, 'latency.mean'),
    undefined,
    { trials: 200 },
  );
line(
  'latency.mean equal, one request a minute',
  (random) => timed(random, { rate: 1, draw: lognormal(0.3), shadow: slower(1) }, 'latency.mean'),
  undefined,
);
line('no errors at all', (random) => errors(random, always(0), always(0)), undefined);
line('no errors at all, 1 a minute', (random) => errors(random, always(0), always(0), { rate: 1 }), undefined);
line('errors 0.1 % and 0.1 %', (random) => errors(random, always(0.001), always(0.001)), undefined);
// What is shared out evenly over minutes comes in no bursts.
line(
  'soon: errors 40 % and 30 %, 20 a minute',
  (random) => errors(random, always(0.4), always(0.3), { rate: 20 }),
  undefined,
  {
    within: 80,
  },
);
line('soon: errors 1 % and 1 %', (random) => errors(random, always(0.01), always(0.01)), undefined, { within: 80 });
for (const bad of [1, 5])
  line(
    `soon: errors of the same bad requests, ${bad} %`,
    (random) => sameErrors(random, always(bad / 100), 0),
    undefined,
    { within: 80 },
  );
line('errors 0.1 % and 5 %', (random) => errors(random, always(0.001), always(0.05)), undefined);
line('half of the requests fail', (random) => errors(random, always(0), always(0.5)), undefined);
line('every request fails', (random) => errors(random, always(0), always(1)), undefined);
line('labels 95 % equal', (random) => agreement(random, 0.05), undefined);
line('labels 80 % equal', (random) => agreement(random, 0.2), undefined);
line('soon: labels 97 % equal', (random) => agreement(random, 0.03), undefined, { within: 80 });
line('soon: labels 97 % equal, one a minute', (random) => agreement(random, 0.03, { rate: 1, hours: 24 }), undefined, {
  within: 360,
});
// What is hopeless does not wait for the bursts to be understood.
for (const equalShare of [20, 50])
  line(
    `soon: labels ${equalShare} % equal, in bursts of 0.5`,
    (random) => agreement(random, 1 - equalShare / 100, { burst: 0.5 }),
    undefined,
    { within: 20 },
  );
line('labels 80 % equal, in bursts of 0.5', (random) => agreement(random, 0.2, { burst: 0.5 }), undefined);
line(
  'soon: labels 50 % equal, 60000 a minute, the chance wanders by 2 %',
  (random) => agreement(random, 0.5, { burst: 0.02, rate: 60_000 }),
  undefined,
  { within: 20 },
);
line(
  'labels 98 % equal, 60000 a minute, differing wanders by 10 %',
  (random) => agreement(random, 0.02, { burst: 0.1, rate: 60_000 }),
  undefined,
  { within: 240 },
);
line(
  'labels 97 % equal, 2000 users, cluster: user',
  (random) => userAgreement(random, 2000, 'skewed', true, 0.97),
  undefined,
);
line('numbers 1 % beyond tolerance', (random) => beyondTolerance(random, 0.01), undefined);
line('numbers 10 % beyond tolerance', (random) => beyondTolerance(random, 0.1), undefined);
for (const [each, within] of [
  [3, 80],
  [6, 80],
  [10, 80],
  [15, 110],
] as const)
  line(`soon: accuracy equal, ${each} % each way`, (random) => accuracy(random, each / 100, each / 100), undefined, {
    within,
    trials: 200,
  });
for (const [each, burst, within] of [
  [3, 0.5, 240],
  [3, 1, 320],
  [6, 0.5, 300],
] as const)
  line(
    `soon: accuracy equal, ${each} % each way, in bursts of ${burst}`,
    (random) => accuracy(random, each / 100, each / 100, { burst }),
    undefined,
    { within, trials: 200 },
  );
line('accuracy 3 % better', (random) => accuracy(random, 0.02, 0.05), undefined, { trials: 400 });
line('accuracy 6 % worse', (random) => accuracy(random, 0.08, 0.02), undefined, { trials: 400 });
line('labels 97 % equal, 365 inputs in turn', (random) => repeated(random, 0.97, 365, 'in turn', 0), undefined);
line('labels 80 % equal, 365 inputs in turn', (random) => repeated(random, 0.8, 365, 'in turn', 0), undefined);
line('accuracy 10 % better, 365 inputs', (random) => repeatedAccuracy(random, 0.02, 0.12, 365), undefined);
line('labels differ as the noise (10 %) does', (random) => aboveNoise(random, 0.1, 0.1), undefined);
line('soon: production as before, autocorrelation 0.5', (random) => effect(random, 1, 0.5), undefined);
line('soon: production 30 % slower, autocorrelation 0.5', (random) => effect(random, 1.3, 0.5), undefined);
line('slices 95 % equal, all 12', (random) => slices(random, () => 0.95), undefined, { trials: 400 });
line('slices: one of 12 is 80 % equal', (random) => slices(random, ([x = 0]) => (x < 0.25 ? 0.8 : 0.99)), undefined, {
  trials: 400,
});
line(
  'slices: a word of 8 % is 0.1 % equal, the others in bursts',
  (random) =>
    slices(random, (_, mood) => 1 - Math.min(1, 0.1 * Math.exp(mood - 1.5)), undefined, {
      share: 0.08,
      agreement: () => 0.001,
    }),
  undefined,
);
line(
  'latency.mean of lognormal (0.5), longer by 18 %, of a floor of 44 %',
  (random) => timed(random, { draw: lognormal(0.5), shadow: slower(1), more: 0.2, floor: 0.5 }, 'latency.mean'),
  undefined,
);
for (const { name, words, margin, shift } of DISTANCES) {
  line(
    `${words} of equals, ${margin} allowed`,
    (random) => distance(random, name, margin, shifted(0), 0.5),
    undefined,
    {
      ...(name === 'jensenShannon' ? { within: 80 } : {}),
    },
  );
  line(
    `${words} of thrice the allowed shift`,
    (random) => distance(random, name, margin, shifted(3 * shift), 0.5),
    undefined,
  );
}
line('soon: error equal', (random) => loss(random, normalErrors(1), 0), undefined, { within: 150, trials: 500 });
line('soon: error 10 % better', (random) => loss(random, normalErrors(0.9), 0), undefined, { within: 80 });
line('soon: error 10 % worse', (random) => loss(random, normalErrors(1.1), 0), undefined, { within: 20 });
line('error 10 % worse, 2000 inputs in turn', (random) => loss(random, normalErrors(1.1), 0, 2000), undefined);
line('the shadow sees 45 % where 50 % was asked for', (random) => sampling(random, 0.5, 0.45), undefined);
line('8 % of its answers are empty', (random) => broken(random, 0, 0.08), undefined);
line('its numbers lean by 0.45 deviations', (random) => lean(random, 0.45, 0, 0), undefined);
line('it never says fraud, at a base rate of 1.5 %', (random) => rareClass(random, 0.015, 0, 0), undefined);

// Labels of differing rows in the order of report --label-next, looked at after each.
for (const [words, shares, within] of [
  ['equal, 6 % discordance', [0.03, 0.03, 0.02], undefined],
  ['equal, 12 % discordance', [0.06, 0.06, 0.04], 390],
  ['equal, 20 % discordance', [0.1, 0.1, 0.0667], undefined],
] as const)
  line(`soon: labels to collect with --label-next, ${words}`, (random) => labelled(random, shares), undefined, {
    trials: 100,
    unit: 'labels',
    ...(within === undefined ? {} : { within }),
  });
