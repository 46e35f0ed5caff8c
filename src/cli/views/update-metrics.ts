import { MINUTE, timeOfDay } from '../../base/units.ts';
import type { UpdateOutcome } from '../../guard/outcome.ts';
import type { Phase } from '../../guard/phase.ts';
import type { EndedUpdate, UpdateMetrics } from '../../lifecycle/guarded-update/ended.ts';
import type { Io } from '../../ui/io.ts';
import { drawMinutes } from './minutes.ts';
import { phaseWords } from './update-live.ts';

/** Stages that last seconds only: the bake that follows says the same. */
const PASSING: readonly Phase['name'][] = ['starting', 'shifting', 'settled'];

function endingWords(kind: UpdateOutcome['kind']): string {
  return kind === 'updated' ? 'updated' : kind.replaceAll('-', ' ');
}

/** The charts, marked with the stages that were seen. */
export function metricLines(io: Pick<Io, 'columns' | 'color'>, ended: EndedUpdate, metrics: UpdateMetrics): string[] {
  const fleets = metrics.fleets.map(({ fleet, config, minutes }) => ({
    name: config === null ? 'both fleets' : `${fleet} ${config}`,
    minutes,
  }));
  const { stages, endedAt, ending } = ended;
  const seen = [
    ...stages
      .filter(({ stage }) => !PASSING.includes(stage.name))
      .map(({ at, stage }) => ({ at, words: phaseWords(stage) })),
    { at: endedAt, words: endingWords(ending.kind) },
  ];
  const marks = seen.map(({ at, words }) => ({ at, words: `${timeOfDay(at)} ${words}` }));
  return drawMinutes(io, fleets, metrics, marks);
}

/** Metrics of an update as JSON: a point a minute, none where there were no requests. */
export function metricsJson(metrics: UpdateMetrics | undefined) {
  if (metrics === undefined) return null;
  return {
    from: new Date(metrics.start).toISOString(),
    to: new Date(metrics.end).toISOString(),
    periodSeconds: MINUTE / 1000,
    latencyStatistic: 'Average',
    series: metrics.fleets.map(({ fleet, config, minutes }) => ({
      fleet,
      config,
      points: minutes.map(({ at, ...values }) => ({
        at: new Date(at).toISOString(),
        ...values,
        latencyMs: values.latencyMs ?? null,
      })),
    })),
  };
}
