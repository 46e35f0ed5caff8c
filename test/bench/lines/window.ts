import { adding, type Line, policy } from '../calibrate-frame.ts';
import {
  agreementIn,
  deployStep,
  diurnal,
  drift,
  quietNight,
  userAccuracy,
  userAgreement,
  type World,
} from '../calibrate-window.ts';

/** What no window can show by itself: the rate is measured and said, and the line of the policy that makes it hold is held. */
export const WINDOW: Line[] = [];
const line = adding(WINDOW);

const covering = (title: string, world: World, hours: number) => {
  line(title, (random) => agreementIn(random, world, {}), 'pass', { class: 'not knowable' });
  line(
    `${title}, cover: ${hours}h`,
    (random) => agreementIn(random, world, { hours: 2 * hours, cover: hours }),
    'pass',
    { trials: 300 },
  );
};
covering('labels at the margin, day and night in 6 hours, 5 % differ at quiet and 12 % at busy', diurnal(6), 6);
covering('labels at the margin over the day, after a quiet night of 4 hours', quietNight(4), 24);
covering('labels that drift, 2 to 18 % differ over 6 hours', drift(6), 6);
covering('labels after a change behind the model: 3 % differ for 2 hours, then 20 %', deployStep, 6);
for (const [users, how] of [
  [50, 'skewed'],
  [300, 'skewed'],
  [2000, 'skewed'],
  [50, 'sessions'],
  [300, 'sessions'],
] as const) {
  const title = `labels on the margin, ${users} users, ${how === 'skewed' ? 'some ask often' : '3 a minute in sessions'}`;
  const world = (named: boolean) => (random: Parameters<Line['trial']>[0]) =>
    userAgreement(random, users, how, named, policy.agreement);
  line(title, world(false), 'pass', { class: 'not knowable' });
  line(`${title}, cluster: user`, world(true), 'pass', { trials: 500 });
}
line('accuracy on the margin, 300 users', (random) => userAccuracy(random, 300, false), 'pass', {
  class: 'not knowable',
  trials: 300,
});
line('accuracy on the margin, 300 users, cluster: user', (random) => userAccuracy(random, 300, true), 'pass', {
  trials: 200,
});
