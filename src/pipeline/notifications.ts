import type { BucketNotifications } from '../aws/s3-notifications.ts';

/** Whether a bucket sends its events to EventBridge. Pure. */
export function sendsEvents({ EventBridgeConfiguration }: BucketNotifications): boolean {
  return EventBridgeConfiguration !== undefined;
}

/** The same with EventBridge on; everything else as it was. Pure. */
export function withEvents(notifications: BucketNotifications): BucketNotifications {
  return { ...notifications, EventBridgeConfiguration: notifications.EventBridgeConfiguration ?? {} };
}

/** The same with EventBridge off; everything else as it was. Pure. */
export function withoutEvents(notifications: BucketNotifications): BucketNotifications {
  const { EventBridgeConfiguration: _, ...rest } = notifications;
  return rest;
}
