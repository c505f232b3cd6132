import type { ResponseHead } from '../../wire/exchange.ts';
import { FetchError } from '../../wire/fetch.ts';
import type { Fields } from '../../wire/fields.ts';
import { collect } from '../../wire/relay.ts';
import type { Upstream } from '../../wire/upstream.ts';
import { isWatchEvent, type WatchEvent } from './listed-object.ts';
import { type LinesEnd, readJsonLines } from './watch-lines.ts';

const MAX_REFUSAL = 64 * 1024;

export interface WatchRequest {
  readonly target: string;
  readonly fields: Fields;
  /** Milliseconds to the response head. */
  readonly timeoutMs: number;
  /** Ends the watch; nothing is called afterwards. */
  readonly signal: AbortSignal;
  event(event: WatchEvent): void;
  /** How a watch that was opened ended. */
  end(end: LinesEnd): void;
}

/**
 * Asks once for a watch. Resolves with the response head: with status 200 events follow, with any other `body` is the
 * whole refusal. Rejects with FetchError when no head came.
 */
export function attemptWatch(
  upstream: Upstream,
  { target, fields, timeoutMs, signal, event, end }: WatchRequest,
): Promise<{ readonly head: ResponseHead; readonly body: Buffer }> {
  return new Promise((resolve, reject) => {
    const fail = (reason: 'cancel' | 'timeout', message: string): void => {
      settle();
      exchange.reset(reason);
      reject(new FetchError({ processed: 'unknown', reason, cause: 'timeout', message }));
    };
    const late = `GET ${target} got no response head within ${timeoutMs} ms`;
    const timer = setTimeout(() => fail('timeout', late), timeoutMs);
    const settle = (): void => clearTimeout(timer);
    const close = (): void => fail('cancel', `GET ${target} was given up because nobody watches any more`);
    signal.addEventListener('abort', close);
    const over = (): void => signal.removeEventListener('abort', close);
    const exchange = upstream.request({ method: 'GET', target, authority: undefined, fields }, true, {
      inform: () => {},
      respond: (head, source) => {
        if (head.status !== 200) {
          void collect(source, MAX_REFUSAL).then((collected) => {
            settle();
            over();
            resolve({ head, body: collected.kind === 'whole' ? collected.body : Buffer.alloc(0) });
          });
          return;
        }
        settle();
        resolve({ head, body: Buffer.alloc(0) });
        const lines = readJsonLines(
          (value) => {
            if (!signal.aborted && isWatchEvent(value)) event(value);
          },
          (how) => {
            over();
            if (how.kind === 'malformed') exchange.reset('cancel');
            if (!signal.aborted) end(how);
          },
        );
        source.read(lines);
      },
      failed: (failure) => {
        settle();
        over();
        reject(new FetchError(failure));
      },
    });
    if (signal.aborted) close();
  });
}
