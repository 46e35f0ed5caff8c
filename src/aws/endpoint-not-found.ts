import { lines, shown, shownStart, text } from '../base/text.ts';
import { type Problem, usageError } from '../base/errors.ts';
import type { AwsTarget } from './target.ts';

/** That there is no such endpoint, and what to do about it: the same words whoever finds out. */
export function endpointNotFound(target: Pick<AwsTarget, 'region'>, name: string): Problem {
  return usageError(
    `There is no endpoint "${name}" in ${target.region}.`,
    lines(
      text`Check --endpoint, --region and --profile. See what exists: ${shown('ls', { all: true })}`,
      text`Create it with: ${shownStart('deploy', { endpoint: name })}`,
    ),
  );
}
