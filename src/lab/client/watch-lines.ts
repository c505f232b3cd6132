import type { BodyReceiver } from '../../wire/exchange.ts';
import { LineReader, type LinesEnd as WireEnd } from '../../wire/line-reader.ts';

/** A line longer than this is no watch event: objects are at most 3 MiB. */
const MAX_LINE = 8 * 1024 * 1024;

/** How a stream of lines ended. */
export type LinesEnd = WireEnd | { readonly kind: 'malformed'; readonly message: string };

/**
 * Splits a body into lines of JSON and hands each over parsed. `end` is called once, last; after a malformed line
 * nothing more is delivered, and the caller resets the stream.
 */
export function readJsonLines(value: (parsed: unknown) => void, end: (end: LinesEnd) => void): BodyReceiver {
  const malformed = (message: string): void => {
    reader.stop();
    end({ kind: 'malformed', message });
  };
  const reader = new LineReader(MAX_LINE, {
    line: (bytes) => {
      let parsed: unknown;
      try {
        parsed = JSON.parse(bytes.toString('utf8'));
      } catch {
        malformed(`a line of ${bytes.length} bytes is no JSON`);
        return;
      }
      value(parsed);
    },
    tooLong: () => malformed(`a line is longer than ${MAX_LINE} bytes`),
    end,
  });
  return reader;
}
