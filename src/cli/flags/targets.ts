import { usageError } from '../../base/errors.ts';
import type { Target } from '../../lifecycle/events.ts';

/** A topic's ARN or an http(s) URL. @throws Problem 'usage' */
export function parseTarget(text: string, option = '--notify'): Target {
  if (/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/.test(text))
    return { kind: 'topic', arn: text };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return { kind: 'webhook', url: text };
  throw usageError(
    `${option} "${text}": that is neither the ARN of an SNS topic nor an http(s) URL.`,
    'For example arn:aws:sns:us-east-1:123456789012:deployments or https://hooks.example.com/…',
  );
}
