import { adding, type Line } from '../calibrate-frame.ts';
import { always, errors, outages, sameErrors, wandering } from '../calibrate-metrics.ts';

/** Does it fail more requests? */
export const ERRORS: Line[] = [];
const line = adding(ERRORS);

line('errors equal (1 %)', (random) => errors(random, always(0.01), always(0.01)), 'fail');
for (const rate of [1, 6, 60, 60_000])
  line(
    `errors on the margin (1 % and 2 %), ${rate} a minute`,
    (random) => errors(random, always(0.01), always(0.02), { rate }),
    'either',
  );
for (const rate of [1, 3, 60])
  line(
    `errors on the margin (none and 1 %), ${rate} a minute`,
    (random) => errors(random, always(0), always(0.01), { rate }),
    'either',
  );
line(
  'errors on the margin (1 % and 2 %), 1 % of 600 a minute sampled',
  (random) => errors(random, always(0.01), always(0.02), { rate: 600, sampling: 0.01 }),
  'either',
);
for (const bad of [1, 5])
  line(
    `errors of the same bad requests (${bad} %) on both`,
    (random) => sameErrors(random, always(bad / 100), 0),
    'fail',
  );
line(
  'errors on the margin, beside the same bad requests (5 %)',
  (random) => sameErrors(random, always(0.05), 0.01 / 0.95),
  'either',
);
line(
  'errors on the margin, beside the same bad requests in bursts',
  (random) => sameErrors(random, wandering(0.05, 1, 0.8), 0.01 / 0.95),
  'either',
);
line(
  'no errors at all on either side, 1 a minute',
  (random) => errors(random, always(0), always(0), { rate: 1, hours: 12 }),
  'fail',
);
const bursty = (chance: number) => wandering(chance, 1, 0.8);
line('errors equal (1 %), in bursts', (random) => errors(random, bursty(0.01), bursty(0.01)), 'fail');
line('errors on the margin (1 % and 2 %), in bursts', (random) => errors(random, bursty(0.01), bursty(0.02)), 'either');
line('errors on the margin (none and 1 %), in bursts', (random) => errors(random, always(0), bursty(0.01)), 'pass', {
  class: 'not knowable',
});
line(
  'errors on the margin (none and 1 %), in bursts, cover: 24h',
  (random) => errors(random, always(0), bursty(0.01), { hours: 36, cover: 24 }),
  'pass',
  { trials: 400 },
);
for (const [length, chance, every] of [
  [2, 1, 100],
  [2, 1, 40],
  [5, 0.5, 120],
] as const) {
  const title = `errors: shadow outages of ${length} min at ${chance * 100} % every ${every} min, production none`;
  line(title, (random) => errors(random, always(0), outages(length, chance, every)), 'pass', {
    class: 'not knowable',
  });
  line(
    `${title}, cover: 24h`,
    (random) => errors(random, always(0), outages(length, chance, every), { hours: 36, cover: 24 }),
    'pass',
    { trials: 400 },
  );
}
line(
  'errors: outages of 5 min at 50 % every 120 min on both, apart',
  (random) => errors(random, outages(5, 0.5, 120), outages(5, 0.5, 120)),
  'fail',
);
