import type { App } from '../../app.ts';
import { usage } from '../../base/errors.ts';

/** Where an end is told: an SNS topic or a webhook. */
export type Target = { kind: 'topic'; arn: string } | { kind: 'webhook'; url: string };

/** A topic's ARN or an http(s) URL. @throws Problem 'usage' */
export function parseTarget(text: string): Target {
  if (/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/.test(text))
    return { kind: 'topic', arn: text };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return { kind: 'webhook', url: text };
  throw usage(
    `--notify "${text}": that is neither the ARN of an SNS topic nor an http(s) URL.`,
    'For example arn:aws:sns:us-east-1:123456789012:deployments or https://hooks.example.com/…',
  );
}

/** Those named by flags and those of shadowctl.yaml, each once. @throws Problem 'usage' for a wrong one in the file */
export async function targetsOf(app: App, named: readonly Target[]): Promise<Target[]> {
  const all = [...named, ...(await app.project()).notify.map(parseTarget)];
  const key = (target: Target) => (target.kind === 'topic' ? target.arn : target.url);
  return all.filter((target, index) => all.findIndex((other) => key(other) === key(target)) === index);
}
