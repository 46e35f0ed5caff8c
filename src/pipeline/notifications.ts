import type { BucketNotifications } from '../aws/s3-notifications.ts';

/** Whether a bucket sends its events to EventBridge. Pure. */
export function sendsEvents({ EventBridgeConfiguration }: BucketNotifications): boolean {
  return EventBridgeConfiguration !== undefined;
}

/** Turns EventBridge on, and leaves all other notifications of the bucket as they are. Pure. */
export function withEvents(notifications: BucketNotifications): BucketNotifications {
  return { ...notifications, EventBridgeConfiguration: notifications.EventBridgeConfiguration ?? {} };
}

/** Turns EventBridge off, and leaves all other notifications of the bucket as they are. Pure. */
export function withoutEvents(notifications: BucketNotifications): BucketNotifications {
  const { EventBridgeConfiguration: _, ...rest } = notifications;
  return rest;
}
