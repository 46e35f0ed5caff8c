import type { Clock } from '../../base/clock.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `[21/Nov/2026:06:23:21 +0000]`: the time of an access line, in UTC as in SageMaker's containers. */
function accessTime(ms: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  return `[${day}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000]`;
}

/**
 * Writes access lines as gunicorn and nginx of the built-in images do: `127.0.0.1 - - [time] "POST /invocations HTTP/1.1" 200
 * 17 "-" "AHC/2.0"`; in a transform job the caller is another (facts 16.3).
 */
export function accessLog(
  clock: Clock,
  log: (line: string) => void,
  environment: Readonly<Record<string, string>> = {},
): (request: string, status: number, bytes: number) => void {
  const [address, agent] = environment['SAGEMAKER_BATCH']
    ? ['169.254.255.130', 'Go-http-client/1.1']
    : ['127.0.0.1', 'AHC/2.0'];
  let second = -1;
  let time = '';
  return (request, status, bytes) => {
    const now = Math.floor(clock.now() / 1000);
    if (now !== second) {
      second = now;
      time = accessTime(now * 1000);
    }
    log(`${address} - - ${time} "${request} HTTP/1.1" ${status} ${bytes} "-" "${agent}"`);
  };
}
