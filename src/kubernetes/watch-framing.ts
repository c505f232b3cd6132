/** Where the events of a watch end in its bytes. Begins between two events. */
export interface WatchFraming {
  /** No event is half out. */
  readonly isBetweenEvents: boolean;
  /**
   * Takes the next bytes: all, or with `untilBoundary` those up to the end of the first event that ends in them. Returns how
   * many were taken.
   */
  take(chunk: Uint8Array, untilBoundary: boolean): number;
}

const NEWLINE = 0x0a;
const LENGTH_BYTES = 4;

/**
 * The framing of a watch with this Content-Type and Content-Encoding (apimachinery pkg/runtime/serializer/{json,protobuf}:
 * a line, or a frame behind its length as 4 bytes, big-endian). Undefined for one whose events cannot be told apart here.
 */
export function watchFraming(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): WatchFraming | undefined {
  if (contentEncoding !== undefined && contentEncoding !== 'identity') return undefined;
  switch (contentType?.split(';')[0]?.trim().toLowerCase()) {
    case 'application/json':
      return new Lines();
    case 'application/vnd.kubernetes.protobuf':
      return new Frames();
    default:
      return undefined;
  }
}

/** JSON escapes newlines within strings, and kube-apiserver does not indent events, whatever `pretty` says. */
class Lines implements WatchFraming {
  isBetweenEvents = true;

  take(chunk: Uint8Array, untilBoundary: boolean): number {
    const end = untilBoundary ? chunk.indexOf(NEWLINE) + 1 : 0;
    const taken = end > 0 ? end : chunk.byteLength;
    if (taken > 0) this.isBetweenEvents = chunk[taken - 1] === NEWLINE;
    return taken;
  }
}

class Frames implements WatchFraming {
  /** Bytes of the length that have come, their value, and bytes of the event that are still to come. */
  #lengthBytes = 0;
  #length = 0;
  #missing = 0;

  get isBetweenEvents(): boolean {
    return this.#lengthBytes === 0 && this.#missing === 0;
  }

  take(chunk: Uint8Array, untilBoundary: boolean): number {
    let at = 0;
    while (at < chunk.byteLength) {
      if (this.#missing > 0) {
        const step = Math.min(this.#missing, chunk.byteLength - at);
        this.#missing -= step;
        at += step;
      } else {
        this.#length = this.#length * 256 + (chunk[at] ?? 0);
        at += 1;
        this.#lengthBytes += 1;
        if (this.#lengthBytes < LENGTH_BYTES) continue;
        this.#missing = this.#length;
        this.#lengthBytes = 0;
        this.#length = 0;
      }
      if (untilBoundary && this.isBetweenEvents) break;
    }
    return at;
  }
}
