import type { World } from '../world.ts';
import { alarmState } from '../cloudwatch/alarms/alarms.ts';
import type { EndpointRecord } from './records.ts';

/** Those of the alarms that are in ALARM; one that was deleted meanwhile stops nothing (not sourced, facts 4.4). */
export function firing(
  world: World,
  place: Pick<EndpointRecord, 'account' | 'region'>,
  alarms: readonly string[],
): string[] {
  return alarms.filter((name) => alarmState(world, place.account, place.region, name)?.state === 'ALARM');
}
