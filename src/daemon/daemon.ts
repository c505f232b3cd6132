import type { Configuration } from '../config/schema.ts';
import type { DaemonDependencies } from './daemon-dependencies.ts';
import type { DrainOptions } from './drain-options.ts';
import { readMaterial } from './material.ts';
import { ProxyRun } from './proxy-run.ts';

/** A running proxy. */
export interface Daemon {
  /** `https://address:port` */
  readonly servingAddress: string;
  /** `http://address:port`; undefined without an admin listener. */
  readonly adminAddress: string | undefined;
  /** Resolves when requests can be routed: every server that can be reached was probed and read. */
  ready(): Promise<void>;
  /** Why requests cannot be served now, in clauses; empty when they can. */
  unreadiness(): readonly string[];
  /** Serves a connection that another process accepted, for places that are `handed`. */
  take(listener: 'serving' | 'admin', connection: unknown): void;
  /** Fails readiness from now on, and goes on serving. */
  leave(): void;
  /**
   * Fails readiness and goes on serving for `delayMs`, so that balancers notice. Then nothing more is accepted, watches end
   * one after the other within `watchesMs`, other requests may finish within `drainMs`, and what is left is cut off.
   */
  stop(drainMs: number, drain?: DrainOptions): Promise<void>;
  /** Reads the configuration and all certificate files again. Rejects, and changes nothing, when they cannot be used. */
  reload(): Promise<void>;
}

/** Binds the listeners and begins to watch the servers. Rejects when a file cannot be used or a port not be bound. */
export async function startDaemon(configuration: Configuration, dependencies: DaemonDependencies): Promise<Daemon> {
  const material = await readMaterial(configuration);
  const run = new ProxyRun(configuration, material, dependencies);
  await run.bind();
  return run;
}
