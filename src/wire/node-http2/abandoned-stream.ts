import type { Http2Stream } from 'node:http2';

/**
 * Ends `stream` for good, with RST_STREAM `code` if its peer still counts it as open. Node itself destroys a stream only
 * when all that arrived was read and all that was written was sent, which never happens once nobody reads or the peer
 * takes no more; until then it would occupy its place and its memory.
 */
export function abandonStream(stream: Http2Stream, code: number): void {
  // While a read of the connection is under way Node only notes the RST_STREAM, and a destroyed stream loses the note.
  setImmediate(() => {
    if (stream.destroyed) return;
    // `close` ends the writable side first, and that END_STREAM may overtake the RST_STREAM: the cut message would look whole.
    stream.end = () => stream;
    stream.close(code);
    stream.destroy();
  });
}
