import { functionName } from './lambda/types.ts';
import type { Trailed } from './trail.ts';

/**
 * One line of the way that work takes through the stack, e.g. `queue cabinet-claims -> function claims`;
 * undefined for what adds nothing to the way.
 */
export function tell(event: Trailed): string | undefined {
  switch (event.kind) {
    case 'schedule.fired':
      return `schedule ${event.schedule} fires for ${event.scheduledTime}${event.attempt > 1 ? `, attempt ${event.attempt}` : ''}`;
    case 'schedule.delivered':
      return `schedule ${event.schedule} -> function ${functionName(event.function)}`;
    case 'schedule.failed':
      return `schedule ${event.schedule} could not deliver: ${event.reason}`;
    case 'message.sent':
      return `message -> queue ${event.queue}`;
    case 'message.received':
      return `queue ${event.queue} -> function ${event.by}${event.receiveCount > 1 ? `, for the ${event.receiveCount}. time` : ''}`;
    case 'message.dead-lettered':
      return `queue ${event.queue} -> its dead-letter queue`;
    case 'batch.failed':
      return `function ${event.function} failed ${event.messageIds.length} of queue ${event.queue}: ${event.reason}`;
    case 'function.ended': {
      const how = event.error === undefined ? '' : `: ${event.error.errorMessage}`;
      return `function ${event.function} ${event.outcome} in ${event.milliseconds} ms${how}`;
    }
    case 'function.retrying':
      return `function ${event.function} runs again in ${event.inMilliseconds / 1000} s`;
    case 'function.given-up':
      return `function ${event.function} is given up after ${event.attempts} attempts`;
    case 'request.answered':
      return `${event.method} ${event.path} ${event.status} in ${event.milliseconds} ms`;
    case 'environment.started':
    case 'environment.ended':
    case 'function.invoked':
    case 'message.deleted':
      return undefined;
  }
}
