import { type BucketNotification, includesEvent } from '../model/bucket-notification.ts';
import { encodeKey } from './s3-event.ts';

/** What no encoded key and no rule for one has. */
const NOT_IN_ENCODED_KEYS = /%20|[^A-Za-z0-9%+\-_.*!'()/]/gu;
/** These need no encoding in a rule, although S3 encodes them in the keys of events. */
const ENCODED_SAFE_CHARACTERS = /%(2[1789AF])/g;

/**
 * Whether the notification covers the event. `eventName` has no `s3:` prefix; `key` is not encoded.
 *
 * S3 compares prefix and suffix with the encoded key. A rule has "+" for a space, and special characters percent-encoded:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html. Letters, digits and the
 * characters `/ ! - _ . * ' ( )` need no encoding: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html.
 */
export function notificationMatches(notification: BucketNotification, eventName: string, key: string): boolean {
  const encodedKey = normalized(encodeKey(key));
  return (
    encodedKey.startsWith(normalized(notification.prefix)) &&
    encodedKey.endsWith(normalized(notification.suffix)) &&
    notification.events.some((configured) => includesEvent(configured.replace(/^s3:/, ''), eventName))
  );
}

/** The same text for all encodings of a key or rule that are equal for S3. */
function normalized(encoded: string): string {
  return encoded
    .replace(/%[0-9a-f]{2}/gi, (encodedByte) => encodedByte.toUpperCase())
    .replace(ENCODED_SAFE_CHARACTERS, decodeURIComponent);
}

/** The rule as S3 needs it, when it has characters that no encoded key has, so that it matches no key. */
export function correctedRule(rule: string): string | undefined {
  const corrected = rule.replace(NOT_IN_ENCODED_KEYS, (text) => (text === '%20' ? '+' : encodeKey(text)));
  return corrected === rule ? undefined : corrected;
}
