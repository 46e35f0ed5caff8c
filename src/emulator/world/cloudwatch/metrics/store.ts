import type { Clock } from '../../../../base/clock.ts';
import type { EventSource } from '../../timeline.ts';
import type { Store } from '../../../storage/store.ts';
import type { StoredLayer } from './bucket.ts';
import { datapoints } from './datapoint.ts';
import { type TrackRecord, Track } from './track.ts';
import type { MetricStore, ResolutionSeconds, Series } from './metrics.ts';

const TWO_WEEKS = 14 * 86_400_000;
/** How much closed minutes may take altogether, in characters of their records; then the oldest go. */
const MAX_STORED = 32 * 2 ** 20;

/** Every track of one series: one for each unit and resolution it came in. */
interface Known {
  series: Series;
  tracks: Track[];
}

/**
 * Keeps CloudWatch's numbers: per series, unit and finest period, 15 days long (AWS keeps coarser periods for 15
 * months), sub-minute data for 3 hours, then per minute. Percentiles are exact up to 1,000 distinct values a minute and
 * within 1 % above that, and for minutes older than 3 hours. A minute is written to the store as soon as the series
 * goes on to the next; `flush` writes the rest.
 */
export function createMetricStore(store: Store): MetricStore {
  const definitions = store.table<TrackRecord>('metric-series');
  const buckets = store.table<StoredLayer[]>('metric-buckets');
  const known = new Map<string, Known>();
  const places = new Map<string, Known[]>();
  const tracks = new Map<string, Track>();
  const quick = new WeakMap<Series, Track>();
  let stored = 0;

  const dropOldest = () => [...tracks.values()].reduce((a, b) => (b.oldest < a.oldest ? b : a)).dropOldest();
  const budget = (change: number) => {
    stored += change;
    // Dropping comes back here with a negative change.
    if (stored > MAX_STORED && change > 0) while (isOver() && dropOldest());
  };
  const isOver = () => stored > MAX_STORED;

  const remember = (record: TrackRecord): Track => {
    const track = new Track(record, buckets, budget);
    tracks.set(record.id, track);
    const key = keyOf(record.series);
    let entry = known.get(key);
    if (entry === undefined) {
      entry = { series: record.series, tracks: [] };
      known.set(key, entry);
      const place = `${record.series.account}/${record.series.region}`;
      const list = places.get(place);
      if (list === undefined) places.set(place, [entry]);
      else list.push(entry);
    }
    entry.tracks.push(track);
    return track;
  };

  const track = (series: Series, unit: string, resolution: ResolutionSeconds): Track => {
    const found = known
      .get(keyOf(series))
      ?.tracks.find((one) => one.unit === unit && one.resolution === resolution * 1000);
    if (found !== undefined) return found;
    const dimensions = series.dimensions.map(({ Name, Value }) => ({ Name, Value }));
    const record: TrackRecord = {
      id: tracks.size.toString(36).padStart(6, '0'),
      series: { ...series, dimensions },
      unit,
      resolutionSeconds: resolution,
    };
    definitions.set(record.id, record);
    return remember(record);
  };

  for (const [, record] of definitions.entries()) remember(record);
  for (const [key, layers] of buckets.entries()) tracks.get(key.slice(0, 6))?.load(Number(key.slice(7)), layers);

  return {
    handle: (series, options = {}) => track(series, options.unit ?? 'None', options.resolutionSeconds ?? 60),
    record(series, sample) {
      const unit = sample.unit ?? 'None';
      const resolution = sample.resolutionSeconds ?? 60;
      let target = quick.get(series);
      if (target === undefined || target.unit !== unit || target.resolution !== resolution * 1000) {
        target = track(series, unit, resolution);
        quick.set(series, target);
      }
      target.add(sample.at, sample.value, sample.visibleAt, sample.count);
    },
    recordSet(series, set) {
      track(series, set.unit ?? 'None', set.resolutionSeconds ?? 60).addSet(set.at, set, set.visibleAt ?? 0);
    },
    read(series, window) {
      const of = known.get(keyOf(series))?.tracks ?? [];
      return datapoints(
        of.filter((one) => window.unit === undefined || one.unit === window.unit),
        window,
      );
    },
    nextData(series, fromMs) {
      const starts = (known.get(keyOf(series))?.tracks ?? []).flatMap((one) => one.nextStart(fromMs) ?? []);
      return starts.length === 0 ? undefined : Math.min(...starts);
    },
    list(account, region, now, withinMs = TWO_WEEKS) {
      const all = places.get(`${account}/${region}`) ?? [];
      return all
        .filter((entry) => entry.tracks.some((one) => one.newest >= now - withinMs && one.firstVisible <= now))
        .map((entry) => entry.series);
    },
    unitOf(series) {
      const units = this.unitsOf(series);
      return units.length === 1 ? units[0] : undefined;
    },
    unitsOf: (series) => [...new Set((known.get(keyOf(series))?.tracks ?? []).map((one) => one.unit))],
    flush(of) {
      const some =
        of === undefined ? [...tracks.values()] : of.flatMap((series) => known.get(keyOf(series))?.tracks ?? []);
      for (const one of some) one.flush();
    },
  };
}

/** What makes a series itself: CloudWatch compares dimensions exactly, in any order. */
function keyOf(series: Series): string {
  const dimensions = series.dimensions.map(({ Name, Value }) => `${Name}\u0001${Value}`);
  if (dimensions.length > 1) dimensions.sort();
  return [series.account, series.region, series.namespace, series.name, ...dimensions].join('\u0000');
}

/** How often the running minute of metrics is written, in ms: a kill -9 loses no more of it. */
const FLUSH_EVERY = 2_000;

/**
 * Writes the open minutes of metrics now and then, while there are requests: a minute is otherwise written when it is
 * over, and an alarm must find what led to it also after a kill -9. However long the world was not looked at, it writes once.
 */
export function flushMetrics(world: { clock: Clock; metrics: MetricStore }): EventSource {
  let due = world.clock.now() + FLUSH_EVERY;
  return {
    next: () => due,
    run() {
      world.metrics.flush();
      due = world.clock.now() + FLUSH_EVERY;
    },
  };
}
