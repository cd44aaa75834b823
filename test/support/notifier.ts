import { PermanentError, RetryableError } from '../../functions/core/errors.ts';
import type { Notification, Notifier } from '../../functions/core/notifications.ts';

/** SNS as a test wants it: remembers what it took, and fails when it is told to. */
export class FakeNotifier implements Notifier {
  readonly taken: Notification[] = [];
  /** How many more it takes before it is down; it stays down until this is raised. */
  up = Number.POSITIVE_INFINITY;
  /** Messages of these types it never takes. */
  readonly refuses = new Set<string>();

  async publish(notification: Notification): Promise<string> {
    if (this.refuses.has(notification.attributes['type'] ?? '')) {
      throw new PermanentError('SNS refused the message: InvalidParameter', { code: 'SNS_REFUSED' });
    }
    if (this.up <= 0) throw new RetryableError('SNS could not be reached', { code: 'SNS_UNREACHABLE' });
    this.up -= 1;
    this.taken.push(notification);
    return `message-${this.taken.length}`;
  }

  /** `event type severity`, the probes left out, in the order in which they were taken. */
  get told(): string[] {
    return this.taken
      .filter(({ attributes }) => attributes['event'] !== 'probe')
      .map(({ attributes }) => `${attributes['event']} ${attributes['type']} ${attributes['severity']}`);
  }

  get keys(): string[] {
    return this.taken.map(({ attributes }) => attributes['dedup_key'] ?? '');
  }
}
