/**
 * A copy of `text`, to be kept. V8 makes parts of a string out of references to the whole, so that the name of a resource keeps
 * the request target which it was read from in memory, and that may have 64 KiB of query.
 */
export function detached(text: string): string {
  const copy: string = JSON.parse(JSON.stringify(text));
  return copy;
}
