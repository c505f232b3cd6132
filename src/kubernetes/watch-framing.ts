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
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LENGTH_BYTES = 4;

/**
 * The framing of a watch with this Content-Type and Content-Encoding (apimachinery pkg/runtime/serializer/{json,protobuf}:
 * a JSON object and a newline, or a frame behind its length as 4 bytes, big-endian). Undefined for one whose events cannot be told apart here.
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

/**
 * A newline ends an event where no object or array is open: JSON escapes those within strings. kube-apiserver writes one
 * event a line, whatever `pretty` says, but extension servers may indent. All events of a watch come from one serializer,
 * so that after a first one without a newline inside every newline is an end, and nothing else has to be looked at.
 */
class Lines implements WatchFraming {
  isBetweenEvents = true;
  /** Undefined until the first event shows it. */
  #isEventALine: boolean | undefined;
  /** Objects and arrays that are open. */
  #depth = 0;
  #string: 'none' | 'open' | 'escaping' = 'none';

  take(chunk: Uint8Array, untilBoundary: boolean): number {
    let at = 0;
    while (this.#isEventALine !== true && at < chunk.byteLength) {
      this.#read(chunk[at]);
      at += 1;
      if (untilBoundary && this.isBetweenEvents) return at;
    }
    if (at === chunk.byteLength) return at;
    const end = untilBoundary ? chunk.indexOf(NEWLINE, at) + 1 : 0;
    const taken = end > 0 ? end : chunk.byteLength;
    this.isBetweenEvents = chunk[taken - 1] === NEWLINE;
    return taken;
  }

  #read(byte: number | undefined): void {
    if (byte === NEWLINE) {
      this.#endLine();
      return;
    }
    this.isBetweenEvents = false;
    if (this.#string !== 'none') this.#string = withinString(this.#string, byte);
    else if (byte === QUOTE) this.#string = 'open';
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth -= 1;
  }

  #endLine(): void {
    if (this.#depth > 0) this.#isEventALine = false;
    else if (!this.isBetweenEvents) {
      this.#isEventALine ??= true;
      this.isBetweenEvents = true;
    }
  }
}

function withinString(state: 'open' | 'escaping', byte: number | undefined): 'none' | 'open' | 'escaping' {
  if (state === 'escaping') return 'open';
  if (byte === BACKSLASH) return 'escaping';
  return byte === QUOTE ? 'none' : 'open';
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
