/**
 * A copy of `text`, to be kept. V8 makes parts of a string out of references to the whole, so that the name of a resource keeps
 * the request target which it was read from in memory, and that may have 64 KiB of query.
 */
export function detached(text: string): string {
  const copy: string = JSON.parse(JSON.stringify(text));
  return copy;
}

/** Characters of a request target whose parts may be kept as they are, with the whole. */
export const LONG_TARGET = 1_024;
/** Names of Kubernetes have no more characters. */
export const LONGEST_NAME = 253;
/** Registered methods have 17 characters at most (the IANA registry of RFC 9110 section 16.1); clients may send any. */
export const LONGEST_METHOD = 32;

/** Stands for what is left out. */
export const LEFT_OUT = '…';

/** A copy of `text`, to be kept, of which no more than the first `most` characters are there. */
export function shortened(text: string, most: number): string {
  return detached(text.length > most ? text.slice(0, most) + LEFT_OUT : text);
}
