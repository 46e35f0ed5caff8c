import { createHash } from 'node:crypto';
import type { Target } from '../../world/scaling.ts';

/** An id that stays the same for the same thing: 32 hexadecimal digits. */
export function idOf(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** As AWS names a target in its messages. */
export function targetText(target: Target): string {
  return `service namespace: ${target.ServiceNamespace}, resource ID: ${target.ResourceId}, scalable dimension: ${target.ScalableDimension}`;
}
