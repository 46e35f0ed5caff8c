import { usageError } from '../base/errors.ts';
import type { Target } from './events.ts';

/** Forms of a message, which may be named before a URL: `teams:https://…`. */
const FORMS = ['slack', 'teams', 'webhook'] as const;

/** Where a URL without a form leads by its host (Slack: "Sending messages using incoming webhooks"; Teams: "Create incoming webhooks with Workflows"). */
const HOSTS: readonly (readonly [RegExp, 'slack' | 'teams'])[] = [
  [/^hooks\.slack(-gov)?\.com$/, 'slack'],
  [/\.(logic\.azure\.com|api\.powerplatform\.com)$/, 'teams'],
];

/**
 * Who is told: a topic's ARN; an http(s) URL, perhaps with its form before it; or `env:NAME`, where an environment variable
 * holds one of these. A URL is a secret: no message shows more of it than its host.
 * @param said.option where it was said, for a complaint
 * @param said.env the environment, where `env:NAME` may be said
 * @throws Problem 'usage'
 */
export function parseTarget(
  text: string,
  { option = '--notify', env }: { option?: string; env?: Readonly<Record<string, string | undefined>> } = {},
): Target {
  const variable = /^env:(\w+)$/.exec(text)?.[1];
  if (variable !== undefined && env === undefined)
    throw usageError(
      `${option}: ${text} is taken only in \`notify:\` at the top of shadowctl.yaml, and under \`release:\`.`,
      'Write it there, or give the target itself.',
    );
  if (variable !== undefined) {
    const value = env?.[variable];
    if (value === undefined || value === '' || value.startsWith('env:'))
      throw usageError(
        `${option}: the environment variable ${variable} holds no SNS topic and no webhook.`,
        `Set it, or take env:${variable} out.`,
      );
    return parseTarget(value, { option: `${variable}, which ${option} names`, env });
  }
  if (/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/.test(text))
    return { kind: 'topic', arn: text };
  const [, named, address] = /^(slack|teams|webhook):(https?:.*)$/s.exec(text) ?? [];
  const url = address ?? text;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'https:' || parsed?.protocol === 'http:') {
    const form = FORMS.find((one) => one === named) ?? HOSTS.find(([host]) => host.test(parsed.hostname))?.[1];
    return { kind: 'webhook', url, ...(form !== undefined && form !== 'webhook' && { form }) };
  }
  throw usageError(
    // What follows the host of a webhook is a secret, also where its beginning was forgotten.
    `${option} "${parsed === undefined ? (/^[^/?#]{0,60}/.exec(text)?.[0] ?? '') : `${parsed.protocol}//${parsed.host}`}": that is neither the ARN of an SNS topic nor an http(s) URL.`,
    'For example arn:aws:sns:us-east-1:123456789012:deployments or https://hooks.example.com/…',
  );
}
