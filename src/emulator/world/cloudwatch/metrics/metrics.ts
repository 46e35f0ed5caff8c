/** One CloudWatch time series. */
export interface Series {
  account: string;
  region: string;
  namespace: string;
  name: string;
  dimensions: readonly { Name: string; Value: string }[];
}

/** A value and how often it occurred. */
export interface WeightedValue {
  value: number;
  count: number;
}

/** What CloudWatch knows of one period of one series. */
export interface Datapoint {
  /** Start of the period, milliseconds since the epoch. */
  at: number;
  sum: number;
  count: number;
  min: number;
  max: number;
  /** The p-th percentile, p in [0, 100]; undefined when only statistic sets were put. */
  percentile(p: number): number | undefined;
  /**
   * The values behind the numbers, ascending: exact for up to 1,000 distinct values a bucket, beyond that within 1 % of
   * each value (a sparse exponential histogram). Undefined when a statistic set hides its values.
   */
  values(): readonly WeightedValue[] | undefined;
}

/** Finest period a series keeps apart: CloudWatch's standard (60) and high resolution (1), and SageMaker's ten seconds. */
export type ResolutionSeconds = 1 | 10 | 60;

/**
 * One series made ready for a hot path. Keep it as long as the thing that reports lives: `add` looks nothing up while
 * bucket and `visibleAt` stay the same (about 20 ns). A handle never goes stale.
 */
export interface SeriesHandle {
  /** Adds `count` (default 1) samples of `value` at `at` (ms); `visibleAt` as in `MetricStore.record`. */
  add(at: number, value: number, visibleAt?: number, count?: number): void;
}

export interface MetricStore {
  /** The fast way to record: make the handle once, then `handle.add(at, value, visibleAt)` per request. */
  handle(series: Series, options?: { unit?: string; resolutionSeconds?: ResolutionSeconds }): SeriesHandle;
  /**
   * Adds `count` samples of `value` at `at` (ms). `visibleAt` holds them back until then, as SageMaker publishes a
   * period's metrics only after its end; without it they can be read at once, as with PutMetricData.
   */
  record(
    series: Series,
    sample: {
      at: number;
      value: number;
      count?: number;
      unit?: string;
      visibleAt?: number;
      resolutionSeconds?: ResolutionSeconds;
    },
  ): void;
  /** Adds a statistic set, as PutMetricData's StatisticValues. */
  recordSet(
    series: Series,
    set: {
      at: number;
      sum: number;
      count: number;
      min: number;
      max: number;
      unit?: string;
      visibleAt?: number;
      resolutionSeconds?: ResolutionSeconds;
    },
  ): void;
  /**
   * Datapoints that can be seen at `now`, oldest first; periods without data are absent. Periods are aligned to the
   * epoch, or to `originMs` (alarms look at periods that end at the minute of their evaluation). The window is
   * [startMs, endMs): a period belongs to it when its start does. Without `unit`, data of every unit counts.
   */
  read(
    series: Series,
    window: {
      startMs: number;
      endMs: number;
      periodSeconds: number;
      unit?: string;
      now: number;
      originMs?: number;
    },
  ): Datapoint[];
  /** Start of the earliest bucket at or after `fromMs`, visible or not; undefined when there is none. */
  nextData(series: Series, fromMs: number): number | undefined;
  /** Series of an account and region with data in the `withinMs` (two weeks) before `now`, in order of first sight. */
  list(account: string, region: string, now: number, withinMs?: number): Series[];
  /** The unit of a series, where it has exactly one. */
  unitOf(series: Series): string | undefined;
  /** Every unit that was used with a series. */
  unitsOf(series: Series): string[];
  /**
   * Writes what is still open (of all series, or of some) into the store's tables. Call it before `store.flush()` when
   * the emulator is closed, and now and then (`store.flush()` then makes it survive a kill -9); minutes that are over
   * are written by themselves.
   */
  flush(of?: readonly Series[]): void;
}
