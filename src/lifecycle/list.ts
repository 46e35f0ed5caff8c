import type { Aws } from '../aws/clients.ts';
import { describeEndpointConfig, listEndpoints } from '../aws/sagemaker.ts';
import { orUnseen, type Unseen } from '../aws/unseen.ts';
import { HOUR } from '../base/units.ts';
import { hourlyPrice, type PriceList } from '../guard/prices.ts';
import { type Live, type Ownership, ownership, readLive } from '../resources/live.ts';
import { type State, replay } from '../state/replay.ts';
import { timeBoxOf } from '../state/time-box.ts';
import { type DamagedJournal, journalsHere, notSeen, type Session } from './session.ts';
import { pricesOf } from './prices.ts';
import { type ReleaseUnderWay, releaseUnderWay } from './release/under-way.ts';

/** One variant of an endpoint, as it is billed. */
interface ListedVariant {
  name: string;
  role: 'production' | 'shadow';
  /** It belongs to the fleet of an update that is under way. */
  coming: boolean;
  /** Undefined where its config was not seen, or it names none. */
  model: string | undefined;
  instanceType: string | undefined;
  instances: number | undefined;
}

/** One endpoint, as a list shows it. */
export interface ListedEndpoint {
  endpoint: string;
  /** `not-seen`: these credentials may not read its tags, or may not look at it at all. */
  owner: Ownership | 'not-seen';
  /** AWS's word; undefined where the endpoint does not exist, though its journal names something that may, or was not seen. */
  status: string | undefined;
  /** False where there is no endpoint of this name. */
  exists: boolean;
  config: string | undefined;
  variants: ListedVariant[];
  /** Since when it has its shadow (ISO 8601), as the journal has it; `since` undefined where it does not know; `until`: when it is to end, where that was said. */
  shadow: { model: string | undefined; since: string | undefined; until: string | undefined } | undefined;
  /** A release that has not ended. */
  release: Pick<ReleaseUnderWay, 'id' | 'candidate' | 'at' | 'since' | 'waitsFor' | 'until' | 'question'> | undefined;
  /** ISO 8601. */
  created: string | undefined;
  /**
   * Estimates in US dollars: of all instances that it has now, an hour; and since its creation, had it always had those, its
   * shadow since that was attached. Undefined where a price, or a time, is not known.
   */
  cost: { hourly: number | undefined; soFar: number | undefined };
}

/** Every endpoint of this state, or of the account. */
export interface EndpointList {
  account: string;
  region: string;
  /** Where the journals are kept. */
  place: string;
  /** In the order of their names; those that cleanup has proven to be gone are left out. */
  endpoints: ListedEndpoint[];
  unseen: Unseen[];
  /** Journals that say nothing. */
  damaged: DamagedJournal[];
}

/**
 * Lists endpoints: what they run, whose they are, what they cost. Changes nothing.
 * @param all of the account and region too, those that have no journal here
 */
export async function listOf(session: Session, { all }: { all: boolean }): Promise<EndpointList> {
  const aws = await session.aws();
  const root = await session.state();
  const { account, journals, damaged } = await journalsHere(session);
  const { region } = aws.target;
  const states = new Map(
    journals.flatMap(({ endpoint, events, moved }) => (moved ? [] : [[endpoint, replay(events)]])),
  );
  const names = new Set([...states.keys(), ...(all ? await listEndpoints(aws, session.signal) : [])]);
  const unseen: Unseen[] = [];
  const note = (one: Unseen) => {
    unseen.push(one);
    notSeen(session)(one);
  };
  const endpoints: ListedEndpoint[] = [];
  for (const endpoint of [...names].toSorted()) {
    const state = states.get(endpoint) ?? replay([]);
    const one = await lookAt(session, aws, endpoint, state, note);
    if (one.exists || one.owner === 'not-seen' || !state.clean) endpoints.push(one);
  }
  return { account, region, place: root.place, endpoints, unseen, damaged };
}

async function lookAt(
  session: Session,
  aws: Aws,
  endpoint: string,
  state: State,
  note: (one: Unseen) => void,
): Promise<ListedEndpoint> {
  let hidden = false;
  const live = await orUnseen(
    `endpoint ${endpoint}`,
    () => readLive(aws, endpoint, session.signal, note),
    (one) => {
      hidden = true;
      note(one);
    },
  );
  if (live === undefined)
    return {
      endpoint,
      owner: hidden ? 'not-seen' : 'created',
      status: undefined,
      exists: false,
      config: undefined,
      variants: [],
      shadow: undefined,
      release: listedRelease(state, endpoint),
      created: undefined,
      cost: { hourly: undefined, soFar: undefined },
    };
  const variants = [...standing(live), ...(await coming(session, aws, live, note))];
  const shadow = variants.find((one) => one.role === 'shadow' && !one.coming);
  const since = shadow && shadowSince(live, state);
  const box = timeBoxOf(state, live.endpoint.EndpointConfigName, session.clock.now());
  const created = live.endpoint.CreationTime;
  return {
    endpoint,
    owner: live.unseen?.has('tags') === true ? 'not-seen' : ownership(live, state),
    status: live.endpoint.EndpointStatus,
    exists: true,
    config: live.endpoint.EndpointConfigName,
    variants,
    shadow: shadow && { model: shadow.model, since, until: box && new Date(box.until).toISOString() },
    release: listedRelease(state, endpoint),
    created: created?.toISOString(),
    cost: costOf(variants, await pricesOf(session, variants), {
      now: session.clock.now(),
      created: created?.getTime(),
      shadow: since === undefined ? undefined : Date.parse(since),
    }),
  };
}

function listedRelease(state: State, endpoint: string): ListedEndpoint['release'] {
  const found = releaseUnderWay(state, endpoint);
  if (found === undefined) return undefined;
  const { id, candidate, at, since, waitsFor, until, question } = found;
  return { id, candidate, at, since, waitsFor, until, question };
}

function standing({ endpoint, config }: Live): ListedVariant[] {
  return [
    ...variantsOf('production', endpoint.ProductionVariants, config?.ProductionVariants, false),
    ...variantsOf('shadow', endpoint.ShadowProductionVariants, config?.ShadowProductionVariants, false),
  ];
}

/** The fleet of an update that is under way; while an endpoint is created its only fleet is that one. */
async function coming(
  session: Session,
  aws: Aws,
  { endpoint }: Live,
  note: (one: Unseen) => void,
): Promise<ListedVariant[]> {
  const pending = endpoint.PendingDeploymentSummary;
  const name = pending?.EndpointConfigName;
  if (pending === undefined || name === undefined || endpoint.EndpointStatus === 'Creating') return [];
  const config = await orUnseen(`config ${name}`, () => describeEndpointConfig(aws, name, session.signal), note);
  return [
    ...variantsOf('production', pending.ProductionVariants, config?.ProductionVariants, true),
    ...variantsOf('shadow', pending.ShadowProductionVariants, config?.ShadowProductionVariants, true),
  ];
}

interface Declared {
  VariantName?: string | undefined;
  ModelName?: string | undefined;
  InstanceType?: string | undefined;
}

interface Counted {
  VariantName: string | undefined;
  CurrentInstanceCount?: number | undefined;
  DesiredInstanceCount?: number | undefined;
}

function variantsOf(
  role: ListedVariant['role'],
  counted: readonly Counted[] = [],
  declared: readonly Declared[] = [],
  isComing: boolean,
): ListedVariant[] {
  return counted.map((one) => {
    const config = declared.find(({ VariantName }) => VariantName === one.VariantName);
    return {
      name: one.VariantName ?? '',
      role,
      coming: isComing,
      model: config?.ModelName,
      instanceType: config?.InstanceType,
      // The old fleet in a final bake counts 0 that take requests, and all of it is billed (facts 4.2).
      instances: one.DesiredInstanceCount ?? one.CurrentInstanceCount,
    };
  });
}

/** When the endpoint was told to run the config with the shadow: only where nothing else was asked of it since. */
function shadowSince({ endpoint }: Live, state: State): string | undefined {
  const last = state.configs.at(-1);
  return last?.config === endpoint.EndpointConfigName ? last?.at : undefined;
}

/** What variants cost, in US dollars. Times in milliseconds since the epoch. */
function costOf(
  variants: readonly ListedVariant[],
  prices: PriceList,
  { now, created, shadow }: { now: number; created: number | undefined; shadow: number | undefined },
): ListedEndpoint['cost'] {
  let hourly: number | undefined = variants.length === 0 ? undefined : 0;
  let soFar: number | undefined = hourly;
  for (const { role, coming: isComing, instanceType, instances } of variants) {
    const price = hourlyPrice(prices, instanceType);
    const each = price === undefined || instances === undefined ? undefined : price * instances;
    hourly = plus(hourly, each);
    // Nobody says when the fleet of an update began.
    const since = isComing ? undefined : role === 'shadow' ? shadow : created;
    soFar = plus(soFar, each === undefined || since === undefined ? undefined : (each * (now - since)) / HOUR);
  }
  return { hourly, soFar };
}

const plus = (sum: number | undefined, more: number | undefined) =>
  sum === undefined || more === undefined ? undefined : sum + more;
