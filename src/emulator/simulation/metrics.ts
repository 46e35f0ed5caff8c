/** One CloudWatch time series. */
export interface Series {
  account: string;
  region: string;
  namespace: string;
  name: string;
  dimensions: readonly { Name: string; Value: string }[];
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
}

export interface MetricStore {
  /**
   * Adds `count` samples of `value` at `at` (ms). `visibleAt` holds them back until then, as SageMaker publishes a
   * period's metrics only after its end; without it they can be read at once, as with PutMetricData.
   */
  record(series: Series, sample: { at: number; value: number; count?: number; unit?: string; visibleAt?: number; resolutionSeconds?: 1 | 60 }): void;
  /** Adds a statistic set, as PutMetricData's StatisticValues. */
  recordSet(series: Series, set: { at: number; sum: number; count: number; min: number; max: number; unit?: string }): void;
  /** Datapoints that can be seen at `now`, periods aligned to the epoch, oldest first; periods without data are absent. */
  read(series: Series, window: { startMs: number; endMs: number; periodSeconds: number; unit?: string; now: number }): Datapoint[];
  /** Series of an account and region with data in the two weeks before `now`. */
  list(account: string, region: string, now: number): Series[];
  unitOf(series: Series): string | undefined;
}
