import type { IdentityLease } from './identity-lease.ts';
import type { Leases } from './lease-api.ts';

export interface AnnouncementsOptions {
  readonly lease: IdentityLease;
  /** Whether the Lease stays, or comes and goes with each announcement. */
  readonly isKept: boolean;
  /** Through a server that is ready; undefined when none is. */
  readonly api: () => Leases | undefined;
  readonly clock: () => number;
  /** Least milliseconds between two announcements: each makes all natives read all their peers. */
  readonly spacingMs: number;
  /** Milliseconds between two renewals of a Lease that is kept. */
  readonly renewMs: number;
  /** Milliseconds after a failure. */
  readonly retryMs: number;
}

/** Makes natives read our discovery: when they find us first, and when they hold something else of us than we serve. */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  #announced: { readonly at: number; readonly news: string } | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #notBefore = Number.NEGATIVE_INFINITY;
  #isPresent = false;
  count = 0;
  /** What went wrong last; '' when nothing did. */
  message = '';

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
  }

  /** When natives were last told, and when a Lease that is kept was last renewed; undefined: never. */
  get renewedAt(): number | undefined {
    return Number.isFinite(this.#renewedAt) ? this.#renewedAt : undefined;
  }

  /** Does what is due; `news` is what natives should know, in any form. Never rejects. */
  async keep(news: string): Promise<void> {
    const { clock, isKept, renewMs, retryMs, spacingMs, api } = this.#options;
    const now = clock();
    if (now < this.#notBefore) return;
    const last = this.#announced;
    const isNews = news !== last?.news && (last === undefined || now - last.at >= spacingMs);
    const isOld = isKept && now - this.#renewedAt >= renewMs;
    if (!isNews && !isOld) return;
    const leases = api();
    if (leases === undefined) return;
    try {
      if (isNews) await this.#announce(leases, news);
      else await this.#renew(leases, news);
      this.#renewedAt = clock();
      this.message = '';
    } catch (error) {
      this.message = error instanceof Error ? error.message : String(error);
      this.#notBefore = clock() + retryMs;
    }
  }

  /** Takes back a Lease that is kept. Never rejects. */
  async end(): Promise<void> {
    const leases = this.#options.api();
    if (!this.#isPresent || leases === undefined) return;
    await this.#options.lease.remove(leases).catch(() => {});
    this.#isPresent = false;
  }

  async #announce(leases: Leases, news: string): Promise<void> {
    const { lease, isKept, clock } = this.#options;
    if (isKept) {
      await lease.publish(leases, new Date());
      this.#isPresent = true;
    } else await lease.announce(leases, new Date());
    this.#announced = { at: clock(), news };
    this.count++;
  }

  async #renew(leases: Leases, news: string): Promise<void> {
    // Somebody deleted it: natives have forgotten us.
    if (!(await this.#options.lease.renew(leases, new Date()))) await this.#announce(leases, news);
  }
}
