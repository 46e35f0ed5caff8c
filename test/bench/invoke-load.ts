import { connect } from 'node:net';
import { systemClock } from '../../src/base/clock.ts';

const BODY = '0.0,5.6,-3.2,1.2,0.000000,1.000000';

export interface Load {
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** The last answer's body. */
  answer: string;
}

export interface Demand {
  /** Requests that are in flight at the most. */
  connections: number;
  /** When to stop: after so many seconds, or so many requests. */
  seconds?: number;
  requests?: number;
  /** Requests a second; as many as the server takes where there is none. */
  pace?: number;
}

/**
 * Asks `endpoint` over raw sockets: a client that costs as little as one can. With a pace, a request whose time came
 * while its connection still waited for an answer counts from that time on: a server that stands still is not spared.
 */
export async function load(port: number, endpoint: string, demand: Demand): Promise<Load> {
  const credential = 'Credential=test/20260105/us-east-1/sagemaker/aws4_request, SignedHeaders=host, Signature=00';
  const head = [
    `POST /endpoints/${endpoint}/invocations HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Content-Type: text/csv',
    `Authorization: AWS4-HMAC-SHA256 ${credential}`,
    `Content-Length: ${BODY.length}`,
  ];
  const request = Buffer.from(`${head.join('\r\n')}\r\n\r\n${BODY}`);
  const took: number[] = [];
  let answer = '';
  let begun = 0;
  let done = 0;
  const from = performance.now();
  const until = from + (demand.seconds ?? Number.POSITIVE_INFINITY) * 1000;
  const most = demand.requests ?? Number.POSITIVE_INFINITY;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1').setNoDelay(true);
      let text = '';
      let sent = 0;
      const next = () => {
        const number = begun;
        begun += 1;
        const now = performance.now();
        sent = demand.pace === undefined ? now : from + (number * 1000) / demand.pace;
        if (Math.max(now, sent) >= until || number >= most) socket.end(resolve);
        else if (sent <= now) socket.write(request);
        else {
          void systemClock.sleep(Math.ceil(sent - now)).then(() => {
            sent = performance.now();
            socket.write(request);
          });
        }
      };
      socket.on('connect', next).on('error', reject);
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        const length = end < 0 ? undefined : /content-length: (\d+)/i.exec(text)?.[1];
        if (length === undefined || text.length < end + 4 + Number(length)) return;
        if (!text.startsWith('HTTP/1.1 200')) {
          reject(new Error(text));
          return;
        }
        done += 1;
        // Of a million requests the memory of the client is not what is measured.
        if (took.length < 200_000) took.push(performance.now() - sent);
        answer = text.slice(end + 4);
        text = '';
        next();
      });
    });
  await Promise.all(Array.from({ length: demand.connections }, one));
  const perSecond = done / ((performance.now() - from) / 1000);
  const sorted = took.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { perSecond, p50: at(0.5), p99: at(0.99), answer };
}
