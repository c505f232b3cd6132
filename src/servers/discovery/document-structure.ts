import { DiscoveryFetchError } from './discovery-fetch-error.ts';

/** Aggregated discovery has ten levels. */
const MAX_DEPTH = 64;
/** Discovery has one object or list for every 60 bytes, and hardly fewer than 35 wherever its names are short. */
const BYTES_PER_CONTAINER = 24;
/** Small documents may be as dense as they like. */
const FREE_CONTAINERS = 10_000;

const [QUOTE, BACKSLASH, BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Refuses JSON that takes many times its size in memory: nested without end, or made of empty objects. A parser that runs
 * out of memory takes the process with it.
 *
 * @throws {DiscoveryFetchError}
 */
export function checkStructure(json: Uint8Array): void {
  const most = FREE_CONTAINERS + json.length / BYTES_PER_CONTAINER;
  let [depth, containers] = [0, 0];
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === QUOTE) {
      i = endOfString(json, i + 1);
    } else if (byte === BRACE || byte === BRACKET) {
      depth++;
      containers++;
      if (depth > MAX_DEPTH) throw implausible(`it is nested more than ${MAX_DEPTH} deep`);
      if (containers > most) throw implausible(`it has more objects and lists than discovery of ${json.length} bytes`);
    } else if (byte === BRACE_END || byte === BRACKET_END) {
      depth--;
    }
  }
}

function endOfString(json: Uint8Array, start: number): number {
  let i = start;
  while (i < json.length && json[i] !== QUOTE) i += json[i] === BACKSLASH ? 2 : 1;
  return i;
}

function implausible(what: string): DiscoveryFetchError {
  return new DiscoveryFetchError('malformed', `the answer is no discovery document: ${what}`);
}
