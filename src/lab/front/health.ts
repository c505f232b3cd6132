import { fetchFrom } from '../../wire/fetch.ts';
import type { Upstream } from '../../wire/upstream.ts';
import { openUpstream } from '../../wire/upstream-pool.ts';
import type { LabPlane } from '../plane/lab-plane.ts';
import type { LabServer } from '../plane/lab-server.ts';

const INTERVAL_MS = 1_000;
const TIMEOUT_MS = 1_000;
const FALL = 2;

/** What a balancer knows of the servers behind it: whether `/readyz` was answered lately, and nothing of what they serve. */
export class Health {
  readonly #checks: readonly HealthCheck[];

  constructor(plane: LabPlane) {
    this.#checks = plane.servers.map((server) => new HealthCheck(server, openTo(server, plane)));
  }

  /** Resolves when every server has been asked once. */
  async start(): Promise<void> {
    await Promise.all(this.#checks.map((check) => check.start()));
  }

  /** One of the healthy servers at random, or of all when none is healthy. Never in rotation: see docs/lab.md. */
  choose(random: () => number = Math.random): LabServer | undefined {
    const healthy = this.#checks.filter((check) => check.isHealthy);
    const among = healthy.length === 0 ? this.#checks : healthy;
    return among[Math.floor(random() * among.length)]?.server;
  }

  async close(): Promise<void> {
    await Promise.all(this.#checks.map((check) => check.close()));
  }
}

/** Connections to `server` past every front, which present no certificate. */
export function openTo(server: LabServer, { pki }: Pick<LabPlane, 'pki'>): Upstream {
  const { hostname, port } = new URL(server.url);
  return openUpstream({
    host: hostname,
    port: Number(port),
    servername: 'kubernetes.default.svc',
    ca: pki.servingCa.cert,
    certificate: undefined,
    connectTimeoutMs: 3_000,
    pingIntervalMs: 30_000,
    pingTimeoutMs: 15_000,
    maxConnections: 8,
    onEvent: undefined,
  });
}

class HealthCheck {
  readonly server: LabServer;
  readonly #upstream: Upstream;
  #failures = FALL;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(server: LabServer, upstream: Upstream) {
    this.server = server;
    this.#upstream = upstream;
  }

  get isHealthy(): boolean {
    return this.#failures < FALL;
  }

  async start(): Promise<void> {
    const request = { method: 'GET', target: '/readyz', fields: [], timeoutMs: TIMEOUT_MS, maxBytes: 65_536 };
    const ok = await fetchFrom(this.#upstream, request).then(
      ({ status }) => status === 200,
      () => false,
    );
    this.#failures = ok ? 0 : this.#failures + 1;
    if (!this.#closed) this.#timer = setTimeout(() => void this.start(), INTERVAL_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#upstream.close(0);
  }
}
