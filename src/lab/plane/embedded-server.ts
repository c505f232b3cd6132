import { setTimeout as delay } from 'node:timers/promises';
import type { ExchangeHandler } from '../../wire/exchange.ts';
import { type Listener, listen } from '../../wire/listener.ts';
import { relayTcp, type TcpRelay } from '../../wire/tcp-relay.ts';
import type { GroupVersionResource } from '../api-object.ts';
import type { Pki } from '../pki/pki.ts';
import type { Recording } from '../recording/recording.ts';
import type { LabServer, LabServerState } from './lab-server.ts';

const HOST = '127.0.0.1';
/** Between the failing of `/readyz` and the end of the listener, so that whoever balances notices (`--shutdown-delay-duration`). */
const SHUTDOWN_DELAY_MS = 2_500;
const BIND_TRIES = 50;
const BIND_PAUSE_MS = 100;
/** How long open requests may go on after that. */
const SHUTDOWN_GRACE_MS = 1_000;

/** One run of an embedded server's program. */
export interface ServedApi {
  readonly handler: ExchangeHandler;
  /** Lets `/readyz` succeed; resolves when it does. */
  becomeReady(): Promise<void>;
  /** Resolves when it knows all other servers, which must be ready. */
  untilWhole(): Promise<void>;
  /** Lets `/readyz` fail, and nothing else. */
  becomeUnready(): void;
  /** As `LabServer.deny`. */
  deny(type: GroupVersionResource | undefined): void;
  /** Ends open watches as a server does that shuts down. */
  endWatches(): void;
  close(): Promise<void>;
}

export interface EmbeddedServerOptions {
  readonly name: string;
  readonly port: number;
  readonly recording: Recording;
  readonly pki: Pki;
  /** Finds what a version serves, for an upgrade. */
  readonly recordingOf: (version: string) => Promise<Recording>;
  readonly serve: (recording: Recording) => Promise<ServedApi>;
}

interface Running {
  readonly api: ServedApi;
  readonly listener: Listener;
  /** The wire in front of the listener: cutting it is what a crash looks like from outside. */
  readonly wire: TcpRelay;
}

type Life =
  | { readonly state: 'stopped' }
  | { readonly state: 'starting'; readonly running: Running | undefined }
  | { readonly state: 'ready' | 'draining' | 'hung'; readonly running: Running };

/** An embedded API server that keeps its address over restarts and upgrades. */
export class EmbeddedServer implements LabServer {
  readonly name: string;
  readonly url: string;
  readonly #options: EmbeddedServerOptions;
  #recording: Recording;
  #life: Life = { state: 'stopped' };

  constructor(options: EmbeddedServerOptions) {
    this.name = options.name;
    this.url = `https://${HOST}:${options.port}`;
    this.#options = options;
    this.#recording = options.recording;
  }

  get version(): string {
    return this.#recording.version;
  }

  get state(): LabServerState {
    return this.#life.state;
  }

  async start({ version, delayMs = 0 }: { version?: string; delayMs?: number } = {}): Promise<void> {
    if (this.#life.state !== 'stopped')
      throw new Error(`${this.name} is ${this.#life.state}; stop it before starting it.`);
    const starting: Life = { state: 'starting', running: undefined };
    this.#life = starting;
    try {
      if (version !== undefined) this.#recording = await this.#options.recordingOf(version);
      // The first half without a listener, as a program that loads; the second with one that is not ready.
      await delay(delayMs / 2);
      if (this.#life !== starting) return;
      const running = await this.#run();
      if (this.#life !== starting) return await end(running);
      this.#life = { state: 'starting', running };
      await delay(delayMs / 2);
      if (this.#life.state !== 'starting' || this.#life.running !== running) return;
      await running.api.becomeReady();
      if (this.#life.state === 'starting' && this.#life.running === running) this.#life = { state: 'ready', running };
    } catch (error) {
      this.#life = { state: 'stopped' };
      throw error;
    }
  }

  /** Resolves when it knows all other servers, which must be ready; at once when it does not run. */
  async untilWhole(): Promise<void> {
    if (this.#life.state === 'ready') await this.#life.running.api.untilWhole();
  }

  async stop(): Promise<void> {
    const { running } = this.#leave();
    if (running === undefined) return;
    const draining: Life = { state: 'draining', running };
    this.#life = draining;
    running.api.becomeUnready();
    await delay(SHUTDOWN_DELAY_MS);
    if (this.#life !== draining) return;
    running.api.endWatches();
    await running.listener.close(SHUTDOWN_GRACE_MS);
    await end(running);
    if (this.#life === draining) this.#life = { state: 'stopped' };
  }

  async kill(): Promise<void> {
    const { running } = this.#leave();
    this.#life = { state: 'stopped' };
    if (running !== undefined) await end(running);
  }

  hang(): void {
    if (this.#life.state !== 'ready') return;
    this.#life.running.wire.hang();
    this.#life = { state: 'hung', running: this.#life.running };
  }

  resume(): void {
    if (this.#life.state !== 'hung') return;
    this.#life.running.wire.resume();
    this.#life = { state: 'ready', running: this.#life.running };
  }

  deny(type: GroupVersionResource | undefined): void {
    if (this.#life.state === 'ready') this.#life.running.api.deny(type);
  }

  #leave(): { running: Running | undefined } {
    return { running: this.#life.state === 'stopped' ? undefined : this.#life.running };
  }

  async #run(): Promise<Running> {
    const { name, port, pki, serve } = this.#options;
    const api = await serve(this.#recording);
    const { cert, key } = await pki.serving(name, HOST);
    const clientCa = `${pki.clientCa.cert}\n${pki.frontProxyCa.cert}`;
    const listener = await listen({ host: HOST, port: 0, tls: { cert, key, clientCa }, handler: api.handler });
    try {
      const choose = () => ({ host: HOST, port: listener.port });
      const wire = await patiently(() => relayTcp({ host: HOST, port, choose }));
      return { api, listener, wire };
    } catch (error) {
      await listener.close(0);
      await api.close();
      throw error;
    }
  }
}

/** While a server was down, another process may have been lent its port for a moment. */
async function patiently<T>(bind: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await bind();
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isTaken || tries === BIND_TRIES) throw error;
      await delay(BIND_PAUSE_MS);
    }
  }
}

async function end({ api, listener, wire }: Running): Promise<void> {
  await wire.close();
  await listener.close(0);
  await api.close();
}
