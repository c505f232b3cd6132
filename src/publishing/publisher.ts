import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../observe/logger.ts';
import { Announcements } from './announcements.ts';
import { EndpointPublication, type EndpointState, RECORD_TTL_MS } from './endpoint-publication.ts';
import { type AdvertisedAddress, addressText } from './endpoint-record.ts';
import type { EtcdAccess } from './etcd.ts';
import { IdentityLease } from './identity-lease.ts';
import type { Leases } from './lease-api.ts';

/** Under which identity natives find us. */
export type PublishedIdentity =
  /** That of the server behind us, which keeps a Lease and publishes no address; `announcement` names a Lease of ours. */
  | { readonly kind: 'server'; readonly id: string; readonly announcement: string }
  /** One of this proxy, with a Lease that it keeps. */
  | { readonly kind: 'proxy'; readonly id: string };

export interface PublisherOptions {
  readonly identity: PublishedIdentity;
  readonly address: AdvertisedAddress;
  /** etcd's prefix of the API servers, by default `/registry`. */
  readonly prefix: string;
  /** Asked before every use, because certificates change. */
  readonly etcd: () => EtcdAccess;
  /** Whether what natives send would be answered now. */
  readonly ready: () => boolean;
  /** The Leases, through a server that is ready; undefined when none is. */
  readonly leases: () => Leases | undefined;
  /** What natives keep of our discovery: they have to read it again when this changes. */
  readonly served: () => string;
  readonly logger: Logger;
  /** Milliseconds that never step back. */
  readonly clock: () => number;
  readonly times?: Partial<PublisherTimes> | undefined;
}

/** Milliseconds. kube-apiserver writes its record, and renews its Lease, every 10 s. */
export interface PublisherTimes {
  /** Between two looks at readiness. */
  readonly look: number;
  readonly renew: number;
  /** After a failure. */
  readonly retry: number;
  /** Least time between two announcements. */
  readonly announce: number;
}

const TIMES: PublisherTimes = { look: 250, renew: 10_000, retry: 1_000, announce: 60_000 };
/** What cannot be taken back by then ends by itself in etcd. */
const STOP_MS = 3_000;

/** What operators see. */
export interface PublishingStatus {
  readonly identity: string;
  /** Who keeps the Lease of that name. */
  readonly leaseOf: PublishedIdentity['kind'];
  /** Name of the Lease in kube-system with which natives are told to look. */
  readonly announcementLease: string;
  readonly address: string;
  readonly record: EndpointState['kind'];
  /** Since it was written last. */
  readonly recordAgeSeconds: number | undefined;
  /** Since natives were told, or a Lease of ours was renewed. */
  readonly leaseAgeSeconds: number | undefined;
  /** Since the start: how often natives were made to read all their peers. */
  readonly announcements: number;
  /** Since the start: attempts to write the record that failed. */
  readonly errors: number;
  /** What is wrong, and what to do; '' when all is well. */
  readonly message: string;
}

/**
 * Lets API servers that have their own mixed version proxy on (KEP-4020, from 1.36) find this proxy: keeps its address in
 * etcd under an identity that has a Lease, while what they send would be answered.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #times: PublisherTimes;
  readonly #record: EndpointPublication;
  readonly #announcements: Announcements;
  readonly #stopping = new AbortController();
  #publications = 0;
  #errors = 0;
  #publishedAt = Number.NEGATIVE_INFINITY;
  #logged = 'withdrawn ';
  #run: Promise<void> | undefined;

  constructor(options: PublisherOptions) {
    const { identity, address, prefix, etcd, clock, leases } = options;
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.#record = new EndpointPublication({ id: identity.id, address, prefix, etcd, clock });
    this.#announcements = new Announcements({
      lease: new IdentityLease(identity.kind === 'proxy' ? identity.id : identity.announcement),
      isKept: identity.kind === 'proxy',
      api: leases,
      clock,
      spacingMs: this.#times.announce,
      renewMs: this.#times.renew,
      retryMs: this.#times.retry,
    });
  }

  start(): void {
    this.#run ??= this.#loop();
  }

  /** Takes back what was published. Never rejects; takes a few seconds at most. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const ended = (async () => {
      await this.#run;
      // Natives that find a Lease and no record ask again and again.
      await this.#announcements.end();
      await this.#record.withdraw();
    })();
    await Promise.race([ended, delay(STOP_MS, undefined, { ref: false })]);
  }

  get status(): PublishingStatus {
    const { identity, address, clock } = this.#options;
    const { state } = this.#record;
    const { renewedAt, count } = this.#announcements;
    return {
      identity: identity.id,
      leaseOf: identity.kind,
      announcementLease: identity.kind === 'proxy' ? identity.id : identity.announcement,
      address: addressText(address),
      record: state.kind,
      recordAgeSeconds: state.kind === 'published' ? (clock() - state.renewedAt) / 1000 : undefined,
      leaseAgeSeconds: renewedAt === undefined ? undefined : (clock() - renewedAt) / 1000,
      announcements: count,
      errors: this.#errors,
      message: this.#message(),
    };
  }

  async #loop(): Promise<void> {
    const { clock, ready } = this.#options;
    const { signal } = this.#stopping;
    let due = clock();
    while (!signal.aborted) {
      if (!ready()) {
        await this.#record.withdraw();
        this.#publishedAt = Number.NEGATIVE_INFINITY;
        due = clock();
      } else if (clock() >= due) due = clock() + (await this.#publish());
      // A record first: natives that find a Lease without one ask again and again.
      if (this.#record.state.kind === 'published') {
        await this.#announcements.keep(`${this.#publications} ${this.#options.served()}`);
      }
      this.#log();
      await delay(this.#times.look, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Returns in how many milliseconds to do it again. */
  async #publish(): Promise<number> {
    const { kind } = await this.#record.publish();
    const now = this.#options.clock();
    if (kind === 'failing') this.#errors++;
    if (kind === 'published') {
      // While it was missing natives may have looked, and forgotten us.
      if (now - this.#publishedAt >= RECORD_TTL_MS) this.#publications++;
      this.#publishedAt = now;
    }
    return kind === 'published' ? this.#times.renew : this.#times.retry;
  }

  #message(): string {
    const { state } = this.#record;
    return 'message' in state ? state.message : this.#announcements.message;
  }

  /** Every change once. */
  #log(): void {
    const message = this.#message();
    const { kind } = this.#record.state;
    const line = `${kind} ${message}`;
    if (line === this.#logged) return;
    this.#logged = line;
    const { identity, address, logger } = this.#options;
    const fields = { identity: identity.id, address: addressText(address), ...(message !== '' && { cause: message }) };
    if (kind === 'published' && message !== '') {
      logger.warn(
        'API servers with their own mixed version proxy find this proxy, but late: they could not be told',
        fields,
      );
    } else if (kind === 'published') {
      logger.info('API servers with their own mixed version proxy can find this proxy', fields);
    } else if (kind === 'withdrawn') {
      logger.info(
        'the address for API servers with their own mixed version proxy is withdrawn until a server is ready',
        fields,
      );
    } else {
      logger.error(
        'API servers with their own mixed version proxy cannot find this proxy; requests they would send here fail there',
        fields,
      );
    }
  }
}
