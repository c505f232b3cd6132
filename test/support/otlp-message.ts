/** A span as a collector was sent it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** '' of a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly at: number; readonly attributes: Attributes }[];
  /** 2: error. */
  readonly status: number;
  readonly resource: Attributes;
  readonly scope: string;
}

export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** The fields of one protobuf message by number, as far as OTLP needs them. */
class Message {
  readonly #fields = new Map<number, (Buffer | bigint)[]>();

  constructor(bytes: Buffer) {
    let at = 0;
    const varint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes.readUInt8(at++);
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    while (at < bytes.length) {
      const tag = Number(varint());
      const values = this.#fields.get(tag >> 3) ?? [];
      this.#fields.set(tag >> 3, values);
      const take = (length: number) => {
        at += length;
        return bytes.subarray(at - length, at);
      };
      if (tag % 8 === 0) values.push(varint());
      else if (tag % 8 === 1) values.push(take(8).readBigUInt64LE());
      else if (tag % 8 === 5) values.push(BigInt(take(4).readUInt32LE()));
      else values.push(take(Number(varint())));
    }
  }

  bytes(number: number): Buffer[] {
    return (this.#fields.get(number) ?? []).filter((value) => typeof value !== 'bigint');
  }

  messages(number: number): Message[] {
    return this.bytes(number).map((bytes) => new Message(bytes));
  }

  text(number: number, encoding: BufferEncoding = 'utf8'): string {
    return this.bytes(number)[0]?.toString(encoding) ?? '';
  }

  number(number: number): bigint {
    const [value = 0n] = this.#fields.get(number) ?? [];
    return typeof value === 'bigint' ? value : 0n;
  }

  has(number: number): boolean {
    return this.#fields.has(number);
  }
}

/** The spans of an ExportTraceServiceRequest (opentelemetry-proto, collector/trace/v1). */
export function receivedSpans(request: Buffer): ReceivedSpan[] {
  return new Message(request).messages(1).flatMap((ofResource) => {
    const resource = attributesOf(ofResource.messages(1)[0]?.messages(1));
    return ofResource.messages(2).flatMap((ofScope) =>
      ofScope.messages(2).map((span) => ({
        traceId: span.text(1, 'hex'),
        spanId: span.text(2, 'hex'),
        parentSpanId: span.text(4, 'hex'),
        name: span.text(5),
        kind: Number(span.number(6)),
        startedAt: milliseconds(span.number(7)),
        endedAt: milliseconds(span.number(8)),
        attributes: attributesOf(span.messages(9)),
        events: span.messages(11).map((event) => ({
          name: event.text(2),
          at: milliseconds(event.number(1)),
          attributes: attributesOf(event.messages(3)),
        })),
        status: Number(span.messages(15)[0]?.number(3) ?? 0n),
        resource,
        scope: ofScope.messages(1)[0]?.text(1) ?? '',
      })),
    );
  });
}

function attributesOf(pairs: readonly Message[] = []): Attributes {
  return Object.fromEntries(pairs.map((pair) => [pair.text(1), anyValue(pair.messages(2)[0])]));
}

function anyValue(value: Message | undefined): string | number | boolean | string[] {
  if (value === undefined) return '';
  if (value.has(2)) return value.number(2) === 1n;
  if (value.has(3)) return Number(value.number(3));
  if (value.has(5)) return (value.messages(5)[0]?.messages(1) ?? []).map((item) => item.text(1));
  return value.text(1);
}

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1000n) / 1000;
}
