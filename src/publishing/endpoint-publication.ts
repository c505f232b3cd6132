import { randomUUID } from 'node:crypto';
import { GrpcError } from '../wire/grpc.ts';
import {
  type AdvertisedAddress,
  addressText,
  encodeEndpointRecord,
  endpointRecordKey,
  type FoundRecord,
  recognisedRecord,
} from './endpoint-record.ts';
import { type EtcdAccess, withEtcd } from './etcd.ts';

export interface EndpointPublicationOptions {
  readonly id: string;
  readonly address: AdvertisedAddress;
  /** etcd's prefix of the API servers, by default `/registry`. */
  readonly prefix: string;
  /** Asked before every use, because certificates change. */
  readonly etcd: () => EtcdAccess;
  readonly clock: () => number;
}

/** What natives find of us in etcd. */
export type EndpointState =
  /** Nothing, for we are not ready to serve. */
  | { readonly kind: 'withdrawn' }
  | { readonly kind: 'published'; readonly renewedAt: number }
  /** What somebody else publishes under this identity; nothing of ours. */
  | { readonly kind: 'held'; readonly message: string }
  /** etcd cannot be used; a record of ours that was there ends within 15 s. */
  | { readonly kind: 'failing'; readonly message: string };

/** How long a record lasts in etcd, as kube-apiserver's, which writes it every 10 s. */
export const RECORD_TTL_MS = 15_000;

/** The address of one identity in etcd, written in transactions so that nothing of anybody else is ever overwritten. */
export class EndpointPublication {
  readonly #options: EndpointPublicationOptions;
  readonly #key: string;
  readonly #writer = randomUUID();
  /** Something of ours may be in etcd. */
  #isThere = false;
  #state: EndpointState = { kind: 'withdrawn' };

  constructor(options: EndpointPublicationOptions) {
    this.#options = options;
    this.#key = endpointRecordKey(options.prefix, options.id);
  }

  get state(): EndpointState {
    return this.#state;
  }

  /** Writes the record, or writes it again before it ends. Never rejects. */
  async publish(): Promise<EndpointState> {
    const { id, address, etcd, clock } = this.#options;
    try {
      this.#state = await withEtcd(etcd(), async (calls): Promise<EndpointState> => {
        const key = await calls.get(this.#key);
        const found = recognisedRecord(key?.value);
        if (!this.#mayWrite(found)) return { kind: 'held', message: heldMessage(id, found) };
        this.#isThere = true;
        const lease = await calls.grant(RECORD_TTL_MS / 1000);
        const value = encodeEndpointRecord(id, address, this.#writer);
        if (await calls.change(this.#key, key?.modRevision ?? 0, { kind: 'put', value, lease })) {
          return { kind: 'published', renewedAt: clock() };
        }
        return { kind: 'failing', message: `the etcd record of ${id} was changed by somebody else meanwhile` };
      });
    } catch (error) {
      this.#state = { kind: 'failing', message: failureMessage(error) };
    }
    return this.#state;
  }

  /**
   * Takes the record back, unless our successor, which has our address, has taken it over. Never rejects: what cannot be
   * deleted ends within 15 s.
   */
  async withdraw(): Promise<void> {
    this.#state = { kind: 'withdrawn' };
    if (!this.#isThere) return;
    this.#isThere = false;
    const deletion = withEtcd(this.#options.etcd(), async (calls) => {
      const key = await calls.get(this.#key);
      const found = recognisedRecord(key?.value);
      if (key !== undefined && found.kind === 'ours' && found.writer === this.#writer) {
        await calls.change(this.#key, key.modRevision, { kind: 'delete' });
      }
    });
    await deletion.catch(() => {});
  }

  #mayWrite(found: FoundRecord): boolean {
    if (found.kind === 'none') return true;
    return found.kind === 'ours' && found.address === addressText(this.#options.address);
  }
}

function heldMessage(id: string, found: FoundRecord): string {
  return found.kind === 'ours'
    ? `another mixed-version-proxy publishes ${found.address} for ${id}; give each proxy its own server, or its own publishing.leaseName`
    : `${id} publishes an address itself, so its kube-apiserver has its own mixed version proxy on; take publishing out of the configuration`;
}

/** What failed, and what to look at when etcd did not even answer. */
function failureMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof GrpcError && error.status === undefined ? `${message}; ${ADVICE}` : message;
}

const ADVICE =
  'see that etcd listens at the URLs of --etcd-servers, that its certificate names their hosts and is issued by the CA of --etcd-cafile, and that it accepts the certificate of --etcd-certfile';
