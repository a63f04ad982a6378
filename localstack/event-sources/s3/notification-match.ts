import type { BucketNotification } from '../model/bucket-notification.ts';

/** Whether the notification covers the event. `eventName` has no `s3:` prefix; `key` is not encoded. */
export function notificationMatches(notification: BucketNotification, eventName: string, key: string): boolean {
  return (
    key.startsWith(notification.prefix) &&
    key.endsWith(notification.suffix) &&
    notification.events.some((configured) => {
      const name = configured.replace(/^s3:/, '');
      return name.endsWith('*') ? eventName.startsWith(name.slice(0, -1)) : eventName === name;
    })
  );
}
