import type { Doing } from '../../analysis/doing.ts';
import type { Progress } from '../../ui/progress.ts';

/** Shows what an analysis is doing. */
export function showDoing(progress: Pick<Progress, 'update'>, doing: Doing): void {
  switch (doing.step) {
    case 'looking-at-endpoint':
      return progress.update('looking at the endpoint');
    case 'reading-metrics':
      return progress.update('reading metrics');
    case 'fetching-captures': {
      const { variant, files, of } = doing;
      const step = `fetching captures of ${variant}`;
      return progress.update(`${step}: ${files} of ${of} files`, { step, share: of === 0 ? 1 : files / of });
    }
    case 'reading-log': {
      const step = `reading the log of ${doing.variant}`;
      return progress.update(doing.lines === undefined ? step : `${step}: ${doing.lines} lines`, { step });
    }
    case 'reading-captures': {
      const { share } = doing;
      const step = 'reading captures';
      if (share === undefined) return progress.update(step);
      return progress.update(`${step}: ${Math.floor(100 * share)} %`, { step, share });
    }
    case 'asking-comparator':
      return progress.update(`waiting for the comparator, which works on ${doing.pairs} pairs`);
    case 'reading-sample':
      return progress.update('reading a few capture files');
    case 'asking-athena': {
      const { done, of } = doing;
      const step = 'Athena reads the captures';
      return progress.update(`${step}: ${done} of about ${of} queries`, { step, share: of === 0 ? 1 : done / of });
    }
    case 'comparing':
    case 'pairing':
    case 'summing':
      return progress.update(doing.step);
  }
}
