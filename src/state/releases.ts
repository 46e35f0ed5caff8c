import type { FactValue, RecordedFact } from './facts.ts';
import type { State } from './replay.ts';

/** What a release was begun with. */
type ReleaseBegun = FactValue<'release-begun'>;
export type ReleaseSource = ReleaseBegun['source'];
export type ReleaseTerms = ReleaseBegun['terms'];
/** A question that people were asked. */
export type ReleaseAsk = FactValue<'release-asked'>;
type ReleaseAnswer = FactValue<'release-answered'>;
type ReleaseEnded = FactValue<'release-ended'>;

/** Where a release stands. */
type ReleasePlace =
  /** Nothing of it is on the endpoint. */
  | 'begun'
  /** Its shadow is being attached, or given another share. */
  | 'attaching'
  | 'gathering'
  /** People are asked. */
  | 'asking'
  | 'approved'
  /** Its model is becoming production. */
  | 'promoting'
  /** It is production, and watched on. */
  | 'settling'
  /** The shadow is being taken away. */
  | 'detaching'
  | 'ended';

/** A release as the journal has it. Times are milliseconds since the epoch. */
export interface Release {
  id: string;
  begun: ReleaseBegun;
  /** The run that began it. */
  run: string;
  at: ReleasePlace;
  /** Since when it has been in this place. */
  since: number;
  /** Where its artifact lies that never changes. */
  uri: string | undefined;
  /** The step of the sampling, from 0. */
  step: number;
  /** The model, once a name was chosen. */
  model: string | undefined;
  /** The config that the endpoint was last to run for it. */
  config: string | undefined;
  /** By a batch: the config with the production that it is judged beside, for as long as it lasts. */
  production: string | undefined;
  /** Every config with its shadow. */
  shadows: readonly string[];
  /** When its shadow first ran: the time box counts from here. */
  firstRan: number | undefined;
  /** Every question, and the one that is open. */
  asks: readonly ReleaseAsk[];
  ask: ReleaseAsk | undefined;
  /** The answer that counts. */
  answer: ReleaseAnswer | undefined;
  /** Approvals that were not carried out, because the verdict was another by then. */
  turns: readonly FactValue<'release-turned'>[];
  links: readonly FactValue<'release-link'>[];
  /** The way the model becomes production: beside the shadow, or once that is away. */
  beside: boolean;
  /** Why the shadow is taken away. */
  leaving: { why: string; reason: string } | undefined;
  /** When it is watched to, once it is production. */
  until: number | undefined;
  /** Days of its batch that could not be run, with how often that was tried, and with what and when last. */
  failedDays: readonly { day: string; times: number; settings: string; at: number }[];
  /** What people were told, and when. */
  notified: readonly { about: string; at: number }[];
  /** What stands in its way, until it has gone on. */
  trouble: FactValue<'release-trouble'> | undefined;
  ended: ReleaseEnded | undefined;
}

/** Every release in a journal, oldest first. Pure. */
export function releasesOf(state: Pick<State, 'facts'>): Release[] {
  const all: Release[] = [];
  for (const fact of state.facts) {
    if (fact.name === 'release-begun') all.push(begin(fact));
    const last = all.at(-1);
    if (last === undefined) continue;
    // A cleanup deletes what it stands on.
    if (fact.name === 'clean' && last.ended === undefined) {
      const value = { release: last.id, outcome: 'cleaned-up', reason: 'Everything was cleaned up.' };
      Object.assign(last, { at: 'ended', ended: { ...value, at: Date.parse(fact.at) } });
    } else if ('release' in fact.value && fact.value.release === last.id) follow(last, fact);
  }
  return all;
}

/** The release that is under way. Pure. */
export function openRelease(state: Pick<State, 'facts'>): Release | undefined {
  const last = releasesOf(state).at(-1);
  return last?.ended === undefined ? last : undefined;
}

/** Whether its evidence comes from days of recorded inputs: nothing of it is on the endpoint before it is promoted. Pure. */
export function isByBatch({ begun }: Pick<Release, 'begun'>): boolean {
  return begun.terms.evidence === 'batch';
}

/** Candidates that have had a release, or that started none. Pure. */
export function knownSources(state: Pick<State, 'facts'>): ReleaseSource[] {
  return state.facts.flatMap((fact) => {
    if (fact.name === 'release-begun') return [fact.value.source, ...(fact.value.over ?? [])];
    return fact.name === 'release-passed-over' ? [fact.value.source] : [];
  });
}

/** Are two artifacts one release: is their content the same, by ETag and size, wherever it lies? By kind and name where an ETag is not known. Pure. */
export function sameSource(a: ReleaseSource, b: ReleaseSource): boolean {
  if (a.etag !== undefined && b.etag !== undefined) return a.etag === b.etag && a.bytes === b.bytes;
  return a.kind === b.kind && a.name === b.name;
}

function begin({ value, run }: RecordedFact<'release-begun'>): Release {
  return {
    id: value.release,
    begun: value,
    run,
    at: 'begun',
    since: value.at,
    uri: undefined,
    step: 0,
    model: undefined,
    config: undefined,
    production: undefined,
    shadows: [],
    firstRan: undefined,
    asks: [],
    ask: undefined,
    answer: undefined,
    turns: [],
    links: [],
    beside: true,
    leaving: undefined,
    until: undefined,
    notified: [],
    failedDays: [],
    trouble: undefined,
    ended: undefined,
  };
}

function follow(release: Release, fact: RecordedFact): void {
  const go = (at: ReleasePlace, since: number) => Object.assign(release, { at, since, trouble: undefined });
  switch (fact.name) {
    case 'release-copied':
      release.uri = fact.value.uri;
      return;
    case 'release-attaching': {
      const { step, model, config, at } = fact.value;
      go('attaching', at);
      if (isByBatch(release)) {
        Object.assign(release, { step, model, config, production: config });
        return;
      }
      const shadows = release.shadows.includes(config) ? release.shadows : [...release.shadows, config];
      Object.assign(release, { step, model, config, shadows });
      return;
    }
    case 'release-gathering':
      go('gathering', fact.value.at);
      release.firstRan ??= fact.value.at;
      return;
    case 'release-asked':
      go('asking', fact.value.at);
      Object.assign(release, { ask: fact.value, asks: [...release.asks, fact.value], answer: undefined });
      return;
    case 'release-day': {
      const { day } = fact.value;
      release.failedDays = release.failedDays.filter((one) => one.day !== day);
      release.trouble = undefined;
      return;
    }
    case 'release-day-failed': {
      const { day, settings, at } = fact.value;
      const others = release.failedDays.filter((one) => one.day !== day);
      const before = release.failedDays.find((one) => one.day === day && one.settings === settings);
      release.failedDays = [...others, { day, times: (before?.times ?? 0) + 1, settings, at }];
      return;
    }
    case 'release-link':
      release.links = [...release.links, fact.value];
      return;
    case 'release-answered':
      release.answer = fact.value;
      if (fact.value.answer === 'approve') go('approved', fact.value.at);
      return;
    case 'release-turned':
      go('gathering', fact.value.at);
      Object.assign(release, { ask: undefined, answer: undefined, turns: [...release.turns, fact.value] });
      return;
    case 'release-promoting':
      go('promoting', fact.value.at);
      Object.assign(release, { config: fact.value.config, beside: fact.value.beside, model: fact.value.model });
      return;
    case 'release-unguardable':
      go('detaching', fact.value.at);
      release.leaving =
        release.begun.terms.fallback === 'canary'
          ? { why: 'to-promote', reason: fact.value.words }
          : { why: 'no-guardrails', reason: `SageMaker takes no guardrails beside a shadow: ${fact.value.words}` };
      return;
    case 'release-settling':
      go('settling', fact.value.at ?? fact.value.until - (release.begun.terms.settle ?? 0));
      release.until = fact.value.until;
      return;
    case 'release-detaching':
      go('detaching', fact.value.at);
      release.leaving = { why: fact.value.why, reason: fact.value.reason };
      return;
    case 'release-told':
      release.notified = [...release.notified, { about: fact.value.about, at: fact.value.at }];
      return;
    case 'release-trouble':
      release.trouble = fact.value;
      return;
    case 'release-ended':
      go('ended', fact.value.at);
      release.ended = fact.value;
      return;
    default:
  }
}
