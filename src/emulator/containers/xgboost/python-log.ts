import type { Clock } from '../../../base/clock.ts';

/**
 * Lines as the image's logger writes them: `[2026-11-21:06:23:21:INFO] text`, exceptions with a traceback. The
 * traceback names the place without line numbers: they differ from image to image.
 */
export function pythonLog(
  clock: Clock,
  log: (line: string) => void,
): { info(text: string): void; exception(type: string, text: string, route?: string): void } {
  const stamp = (level: string) => `[${new Date(clock.now()).toISOString().slice(0, 19).replace('T', ':')}:${level}]`;
  return {
    info: (text) => log(`${stamp('INFO')} ${text}`),
    exception: (type, text, route = '/invocations [POST]') => {
      log(`${stamp('ERROR')} Exception on ${route}`);
      log('Traceback (most recent call last):');
      log('  File "/miniconda3/lib/python3/site-packages/sagemaker_xgboost_container/algorithm_mode/serve.py"');
      for (const line of `${type}: ${text}`.split('\n')) log(line);
    },
  };
}
