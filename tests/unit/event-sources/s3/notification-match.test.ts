import type { BucketNotification } from '../../../../localstack/event-sources/model/bucket-notification.ts';
import { notificationMatches } from '../../../../localstack/event-sources/s3/notification-match.ts';

test('prefix, suffix and event names decide', () => {
  const notification = {
    events: ['s3:ObjectCreated:*'],
    prefix: 'in/',
    suffix: '.csv',
  } as unknown as BucketNotification;
  expect(notificationMatches(notification, 'ObjectCreated:CompleteMultipartUpload', 'in/a.csv')).toBe(true);
  expect(notificationMatches(notification, 'ObjectRemoved:Delete', 'in/a.csv')).toBe(false);
  expect(notificationMatches(notification, 'ObjectCreated:Put', 'in/a.CSV')).toBe(false);
  expect(notificationMatches(notification, 'ObjectCreated:Put', 'out/a.csv')).toBe(false);
});
