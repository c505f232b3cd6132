import { createHash } from 'node:crypto';
import type { ServerExchange } from '../../../src/wire/exchange.ts';
import { NO_FIELDS } from '../../../src/wire/fields.ts';

/** What one exchange looked like to the handler. */
export interface SeenExchange {
  readonly head: string;
  readonly fields: readonly string[];
  readonly bodyless: boolean;
  bodyBytes: number;
  /** Of the body; empty without one. */
  digest: string;
  /** Trailers, or the reason of a reset; `open` until either came. */
  end: string;
  aborted: string | undefined;
}

/** Answers by path in every way a proxy answers, and notes what it sees. */
export class RecordingHandler {
  readonly seen: SeenExchange[] = [];
  /** Grows with everything that happens. */
  events = 0;

  readonly handle = (exchange: ServerExchange): void => {
    const { method, target, authority, fields } = exchange.head;
    this.events += 1;
    const seen: SeenExchange = {
      head: `${method} ${target} ${authority ?? '(no authority)'}`,
      fields: [...fields],
      bodyless: exchange.bodyless,
      bodyBytes: 0,
      digest: '',
      end: 'open',
      aborted: undefined,
    };
    this.seen.push(seen);
    exchange.onAbort = (reason) => {
      this.events += 1;
      seen.aborted = reason;
    };
    this.#answer(exchange, seen);
  };

  #answer(exchange: ServerExchange, seen: SeenExchange): void {
    switch (exchange.head.target.split('/')[1]) {
      case 'echo':
        this.#read(exchange, seen, () => {
          const sink = exchange.respond({ status: 200, fields: ['x-bytes', String(seen.bodyBytes)] }, false);
          sink.write(Buffer.from('whole'));
          sink.end(NO_FIELDS);
        });
        break;
      case 'stream': {
        const sink = exchange.respond({ status: 200, fields: ['x-kind', 'stream'] }, false);
        sink.write(Buffer.from('begun'));
        this.#read(exchange, seen, () => sink.end(['x-trailer', String(seen.bodyBytes)]));
        break;
      }
      case 'early': {
        const sink = exchange.respond({ status: 200, fields: NO_FIELDS }, false);
        sink.write(Buffer.from('early'));
        sink.end(NO_FIELDS);
        break;
      }
      case 'big': {
        const sink = exchange.respond({ status: 200, fields: ['content-length', '100000'] }, false);
        sink.write(Buffer.alloc(100_000));
        sink.end(NO_FIELDS);
        break;
      }
      case 'empty':
        exchange.respond({ status: 204, fields: NO_FIELDS }, true);
        break;
      case 'inform':
        exchange.inform({ status: 103, fields: ['link', '</a>'] });
        exchange.respond({ status: 200, fields: NO_FIELDS }, true);
        break;
      case 'reset':
        exchange.reset('internal');
        break;
      case 'hold':
        this.#read(exchange, seen, () => {});
        break;
      default:
        exchange.respond({ status: 404, fields: NO_FIELDS }, true);
    }
  }

  #read(exchange: ServerExchange, seen: SeenExchange, whole: () => void): void {
    const digest = createHash('sha1');
    exchange.body.read({
      data: (chunk) => {
        this.events += 1;
        seen.bodyBytes += chunk.byteLength;
        digest.update(chunk);
        return true;
      },
      end: (trailers) => {
        this.events += 1;
        seen.digest = digest.digest('hex').slice(0, 8);
        seen.end = `trailers [${trailers.join(' ')}]`;
        whole();
      },
      reset: (reason) => {
        this.events += 1;
        seen.end = `reset ${reason}`;
      },
    });
  }
}
