import type { BodyReceiver, ResetReason } from '../../wire/exchange.ts';

/** A line longer than this is no watch event: objects are at most 3 MiB. */
const MAX_LINE = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

/** How a stream of lines ended. */
export type LinesEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'broken'; readonly reason: ResetReason }
  | { readonly kind: 'malformed'; readonly message: string };

/**
 * Splits a body into lines of JSON and hands each over parsed. `end` is called once, last; after a malformed line
 * nothing more is delivered, and the caller resets the stream.
 */
export function readJsonLines(value: (parsed: unknown) => void, end: (end: LinesEnd) => void): BodyReceiver {
  let held: Uint8Array[] = [];
  let size = 0;
  let over = false;
  const finish = (how: LinesEnd): void => {
    if (over) return;
    over = true;
    held = [];
    end(how);
  };
  const deliver = (line: Buffer): void => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(line.toString('utf8'));
    } catch {
      finish({ kind: 'malformed', message: `a line of ${line.length} bytes is no JSON` });
      return;
    }
    value(parsed);
  };
  return {
    data(chunk) {
      let start = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0 && !over; at = chunk.indexOf(NEWLINE, start)) {
        const line = Buffer.concat([...held, chunk.subarray(start, at)]);
        held = [];
        size = 0;
        start = at + 1;
        if (line.length > 0) deliver(line);
      }
      const rest = chunk.subarray(start);
      size += rest.length;
      if (size > MAX_LINE) finish({ kind: 'malformed', message: `a line is longer than ${MAX_LINE} bytes` });
      // The chunk is only lent.
      else if (rest.length > 0 && !over) held.push(Uint8Array.from(rest));
      return true;
    },
    end: () => finish(size === 0 ? { kind: 'ended' } : { kind: 'broken', reason: 'connection-lost' }),
    reset: (reason) => finish({ kind: 'broken', reason }),
  };
}
