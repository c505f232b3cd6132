import type { LabEvent } from './lab-event.ts';

const KEPT = 100;

/** The latest events of a lab, and how many there were. */
export class LabEvents {
  readonly #latest: LabEvent[] = [];
  readonly #byServer = new Map<string, number>();
  #total = 0;
  #notFoundPrevented = 0;

  add(event: LabEvent): void {
    this.#total += 1;
    if (isPrevented(event)) this.#notFoundPrevented += 1;
    if (event.server !== undefined) this.#byServer.set(event.server, this.answeredBy(event.server) + 1);
    this.#latest.push(event);
    if (this.#latest.length > KEPT) this.#latest.shift();
  }

  get total(): number {
    return this.#total;
  }

  /** Requests that a plain balancer could have sent to a server that answers them 404. */
  get notFoundPrevented(): number {
    return this.#notFoundPrevented;
  }

  answeredBy(server: string): number {
    return this.#byServer.get(server) ?? 0;
  }

  /** The last `count`, oldest first. */
  latest(count: number): readonly LabEvent[] {
    return this.#latest.slice(-count);
  }
}

function isPrevented({ reason, status }: LabEvent): boolean {
  return (
    (reason === 'PeerServesResource' || reason === 'PeerServesSubresourceOrVerb') && status !== 404 && status !== 0
  );
}
