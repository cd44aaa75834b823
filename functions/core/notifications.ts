import { awsContext, domainOf } from './aws-context.ts';
import { signHeaders } from './aws-signer.ts';
import { PermanentError, RetryableError } from './errors.ts';

/** What is told to whoever has subscribed. */
export interface Notification {
  /** As SNS demands: ASCII, fewer than 100 characters, one line. Mail clients show it. */
  readonly subject: string;
  readonly body: string;
  /** What subscriptions filter by. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** What the core needs of SNS. */
export interface Notifier {
  /**
   * Resolves to SNS's id of the message.
   * @throws PermanentError when SNS will never take this message, RetryableError for every other failure
   */
  publish(notification: Notification): Promise<string>;
}

/** A publication takes some ten milliseconds; a topic that does not answer is tried again by the job's next attempt. */
const TIMEOUT_MS = 5000;

/** Of SNS's refusals those that are about the message; a topic that is gone or denied may be there again. */
const OF_THE_MESSAGE = /^(InvalidParameter|ParameterValueInvalid|ValidationError)/;

/**
 * One call of one service, signed here: its SDK client would add 38 KB, and take the operator's API, which knows every
 * job, from 439 to 477 KB.
 */
export function snsNotifier(topicArn: string, environment: NodeJS.ProcessEnv = process.env): Notifier {
  const { region, credentials } = awsContext(environment, 'publishing alerts needs it');
  const given = environment['AWS_ENDPOINT_URL_SNS'] ?? environment['AWS_ENDPOINT_URL'];
  const url = new URL('/', given ?? `https://sns.${region}.${domainOf(region)}`);
  return {
    async publish({ subject, body, attributes }) {
      const form = new URLSearchParams({
        Action: 'Publish',
        Version: '2010-03-31',
        TopicArn: topicArn,
        Subject: subject,
        Message: body,
      });
      for (const [index, [name, value]] of Object.entries(attributes).entries()) {
        const entry = `MessageAttributes.entry.${index + 1}`;
        form.set(`${entry}.Name`, name);
        form.set(`${entry}.Value.DataType`, 'String');
        form.set(`${entry}.Value.StringValue`, value);
      }
      const request = {
        method: 'POST',
        host: url.host,
        query: [],
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: form.toString(),
      };
      const headers = signHeaders(request, { service: 'sns', region, credentials, now: new Date() });
      const { status, text } = await post(url, headers, request.body);
      const id = within('MessageId', text);
      if (status === 200 && id !== undefined) return id;
      throw refusal(status, within('Code', text), within('Message', text));
    },
  };
}

async function post(url: URL, headers: Record<string, string>, body: string) {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { method: 'POST', headers, body, signal });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RetryableError(`SNS could not be reached at ${url.host}: ${why}`, {
      code: 'SNS_UNREACHABLE',
      cause,
    });
  }
}

function refusal(status: number, code = `HTTP ${status}`, message = ''): Error {
  const said = `SNS refused the message: ${code} ${message}`.trim();
  return OF_THE_MESSAGE.test(code)
    ? new PermanentError(said, { code: 'SNS_REFUSED' })
    : new RetryableError(said, { code: 'SNS_UNAVAILABLE' });
}

/** SNS answers in XML, of which one element is wanted at a time. */
function within(element: string, xml: string): string | undefined {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
}
