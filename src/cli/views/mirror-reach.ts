import type { MirrorStarted } from '../../lifecycle/mirror/serve.ts';
import type { Unreachable } from '../../mirror/reach.ts';
import { targetText } from '../../mirror/router/roles.ts';

/** Sides that take no connections when the mirror begins, and what becomes of their requests until they do. */
export function unreachableLines({ roles, unreachable }: Pick<MirrorStarted, 'roles' | 'unreachable'>): string[] {
  return unreachable.map(({ side, why }) => {
    const shadow = roles.shadows.find(({ name }) => name === side);
    const at = targetText((shadow ?? roles.live).target);
    return `warning: ${side} takes no connections now (${reachWords(why)}): ${at}. ${
      shadow === undefined ? 'Callers get a 502' : 'Its copies count against it'
    } until it does; nothing has to be started again.`;
  });
}

const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'its host name cannot be looked up',
  timeout: 'none within 2 s',
};

/** Why no connection came about, in words. */
export function reachWords(why: Unreachable['why']): string {
  return WHY[why] ?? why;
}
