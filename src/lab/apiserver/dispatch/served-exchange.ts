import { randomUUID } from 'node:crypto';
import type {
  BodySink,
  BodySource,
  ClientConnection,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerExchange,
  UpgradeOffer,
} from '../../../wire/exchange.ts';
import { type Fields, fieldValue, withoutFields } from '../../../wire/fields.ts';
import { PROTOBUF } from '../protobuf/protobuf-object.ts';

/** Characters of all warnings together (apiserver pkg/endpoints/filters/warning.go). */
const MAX_WARNINGS = 4096;
const UNPRINTABLE = /\p{Cc}/gu;
const CACHE_CONTROL = 'no-cache, private';

/** An exchange whose answers carry the fields that every answer of kube-apiserver carries, and that tells when they are over. */
export class ServedExchange implements ServerExchange {
  readonly connection: ClientConnection;
  /** That of the client; but a protobuf body is announced as the JSON that handlers get. */
  readonly head: RequestHead;
  readonly sentProtobuf: boolean;
  readonly bodyless: boolean;
  readonly body: BodySource;
  readonly upgrade: UpgradeOffer | undefined;
  /** Status of the answer, once it has begun. */
  status: number | undefined;
  /** Called once, when the answer is complete or given up. */
  onOver: (() => void) | undefined;
  onAbort: ((reason: ResetReason) => void) | undefined;
  readonly #exchange: ServerExchange;
  readonly #common: string[];
  #warned = 0;
  #sink: WatchedSink | undefined;

  constructor(exchange: ServerExchange, now: number) {
    this.#exchange = exchange;
    this.connection = exchange.connection;
    const { fields } = exchange.head;
    this.sentProtobuf = fieldValue(fields, 'content-type')?.startsWith(PROTOBUF) ?? false;
    this.head = this.sentProtobuf ? { ...exchange.head, fields: asJson(fields) } : exchange.head;
    this.bodyless = exchange.bodyless;
    this.body = exchange.body;
    this.#common = ['audit-id', auditId(fields), 'date', new Date(now).toUTCString()];
    const { upgrade } = exchange;
    this.upgrade = upgrade && {
      protocol: upgrade.protocol,
      switchProtocols: (head) => {
        this.status = head.status;
        return upgrade.switchProtocols({ ...head, fields: this.#fields(head.fields) });
      },
    };
    exchange.onAbort = (reason) => {
      const { onAbort } = this;
      this.onAbort = undefined;
      onAbort?.(reason);
      this.#over();
    };
  }

  /** Adds a Warning field to the answer if that has not begun; too many are dropped, for clients take only so large a head. */
  warn(text: string): void {
    this.#warned += text.length;
    if (this.#warned > MAX_WARNINGS) return;
    const quoted = `"${text.replace(/["\\]/g, '\\$&')}"`;
    this.#common.push('warning', `299 - ${Buffer.from(quoted.replace(UNPRINTABLE, '?')).toString('latin1')}`);
  }

  inform(head: ResponseHead): void {
    this.#exchange.inform(head);
  }

  respond(head: ResponseHead, bodyless: boolean): BodySink {
    if (this.status !== undefined)
      return this.#sink ?? new WatchedSink(this.#exchange.respond(head, bodyless), () => {});
    this.status = head.status;
    const inner = this.#exchange.respond({ status: head.status, fields: this.#fields(head.fields) }, bodyless);
    this.#sink = new WatchedSink(inner, () => this.#over());
    if (bodyless) this.#over();
    return this.#sink;
  }

  reset(reason: ResetReason): void {
    this.status ??= 0;
    this.#exchange.reset(reason);
    this.#over();
  }

  #over(): void {
    const { onOver } = this;
    this.onOver = undefined;
    onOver?.();
  }

  #fields(fields: Fields): Fields {
    const isMissing = (name: string): boolean => fieldValue(fields, name) === undefined;
    const common = this.#common.filter((_, i) => isMissing(this.#common[i - (i % 2)] ?? ''));
    return isMissing('cache-control') ? [...common, 'cache-control', CACHE_CONTROL, ...fields] : [...common, ...fields];
  }
}

class WatchedSink implements BodySink {
  readonly #sink: BodySink;
  readonly #onOver: () => void;

  constructor(sink: BodySink, onOver: () => void) {
    this.#sink = sink;
    this.#onOver = onOver;
  }

  get onDrain(): (() => void) | undefined {
    return this.#sink.onDrain;
  }

  set onDrain(listener: (() => void) | undefined) {
    this.#sink.onDrain = listener;
  }

  write(chunk: Uint8Array): boolean {
    return this.#sink.write(chunk);
  }

  end(trailers: Fields): void {
    this.#sink.end(trailers);
    this.#onOver();
  }

  reset(reason: ResetReason): void {
    this.#sink.reset(reason);
    this.#onOver();
  }
}

/** apiserver pkg/endpoints/filters/audit_init.go: the sender's, so that one request can be followed over several servers. */
function auditId(fields: Fields): string {
  return fieldValue(fields, 'audit-id') || randomUUID();
}

function asJson(fields: Fields): Fields {
  return [...withoutFields(fields, (name) => name === 'content-type'), 'content-type', 'application/json'];
}
