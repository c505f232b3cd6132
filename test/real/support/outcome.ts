import type { Exchanged } from './load-connection.ts';
import { isUnknownResource } from './unknown-resource.ts';

/** What one request came to, as the client that sent it has to see it. */
export type Outcome =
  | 'right'
  /** 503 with Retry-After: it was not executed, and clients repeat it. */
  | 'unavailable'
  /** 503 without Retry-After: nobody knows whether it was executed. */
  | 'in doubt'
  | 'false 404'
  /** The answer began and did not end. */
  | 'cut off'
  /** The connection or stream was lost before an answer. */
  | 'lost'
  /** The client gave up waiting. */
  | 'no answer'
  /** Any other status, or the right one with the wrong content. */
  | 'wrong';

/** `isRight` judges an answer in the 200s. */
export function outcomeOf(exchanged: Exchanged, isRight: (text: string) => boolean): Outcome {
  switch (exchanged.kind) {
    case 'cut':
      return 'cut off';
    case 'lost':
      return 'lost';
    case 'late':
      return 'no answer';
    case 'answer': {
      const { status, text, retryAfter } = exchanged;
      if (status >= 200 && status < 300) return isRight(text) ? 'right' : 'wrong';
      if (status === 503) return retryAfter === undefined ? 'in doubt' : 'unavailable';
      return isUnknownResource({ status, body: Buffer.from(text) }) ? 'false 404' : 'wrong';
    }
  }
}

/** One line that says how it ended, for messages. */
export function describeExchanged(exchanged: Exchanged): string {
  switch (exchanged.kind) {
    case 'answer':
      return `${exchanged.status} retry-after=${exchanged.retryAfter ?? '-'} ${exchanged.text.slice(0, 300)}`;
    case 'cut':
      return `${exchanged.status}, cut off: ${exchanged.reason}`;
    case 'lost':
      return `no answer: ${exchanged.reason}`;
    case 'late':
      return 'no answer in time';
  }
}
