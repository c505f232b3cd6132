import { freePort } from '../../wire/free-port.ts';
import { plainStatus } from '../../wire/plain-status.ts';
import { type Launch, type ProcessContext, ServerProcess } from './server-process.ts';

/** An etcd of one member that speaks plain HTTP on loopback. */
export class Etcd extends ServerProcess {
  /** Client URL. */
  readonly url: string;
  readonly #launch: Launch;

  private constructor(context: ProcessContext, url: string, launch: Launch) {
    super(context);
    this.url = url;
    this.#launch = launch;
  }

  /** Chooses its ports; `start()` runs it. */
  static async create(context: ProcessContext, command: string, dataDirectory: string): Promise<Etcd> {
    const url = `http://127.0.0.1:${await freePort()}`;
    const peerUrl = `http://127.0.0.1:${await freePort()}`;
    const args = [
      `--name=${context.name}`,
      `--data-dir=${dataDirectory}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=${context.name}=${peerUrl}`,
      // The data outlives a killed etcd in the page cache. Only a crash of the machine would lose it, and nobody
      // wants this data then; waiting for the disk would dominate the start of every kube-apiserver.
      '--unsafe-no-fsync',
      // A single member need not wait long to find out that it has no rival.
      '--heartbeat-interval=10',
      '--election-timeout=100',
      '--log-level=warn',
    ];
    return new Etcd(context, url, { command, args });
  }

  protected override launch(): Launch {
    return this.#launch;
  }

  protected override async isReady(): Promise<boolean> {
    return (await plainStatus(`${this.url}/health`, 1_000).catch(() => 0)) === 200;
  }
}
