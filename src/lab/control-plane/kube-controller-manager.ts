import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../wire/free-port.ts';
import { singleKubeconfig } from '../pki/kubeconfig.ts';
import type { Pki } from '../pki/pki.ts';
import { commandLine, type FlagChanges } from './flags.ts';
import type { ProgramFinder } from './programs.ts';
import { type QueueLengths, queueLengths } from './queue-lengths.ts';
import { Reaper } from './reaper.ts';
import { type Reporter, reportToStandardError } from './reporter.ts';
import { type OnceAnswer, requestOnce } from './request-once.ts';
import { type Launch, type ProcessContext, ServerProcess } from './server-process.ts';
import { parseVersion } from './version.ts';

const NAME = 'kube-controller-manager';
const ADDRESS = '127.0.0.1';
/** Since then controllers are called what their documentation calls them (KEP-3867). */
const FIRST_MINOR_WITH_LONG_NAMES = 28;

export interface KubeControllerManagerOptions extends FlagChanges {
  readonly version: string;
  readonly programs: ProgramFinder;
  readonly pki: Pki;
  /** Bearer token of a user in `system:masters`. */
  readonly token: string;
  /** The API server, proxy or balancer it works with; its certificate comes from the serving CA. */
  readonly url: string;
  /** Gets a line when it ends without being asked to. Default: standard error. */
  readonly report?: Reporter;
}

interface Parts {
  readonly directory: string;
  readonly reaper: Reaper;
  readonly launch: Launch;
  /** Of its own listener. */
  readonly url: string;
  readonly ca: string;
}

/**
 * A real kube-controller-manager of which only the garbage collector and the namespace controller run, the two that
 * delete by what discovery and 404s say.
 */
export class KubeControllerManager extends ServerProcess {
  readonly #parts: Parts;

  /** Made by {@link startKubeControllerManager}. */
  constructor(context: ProcessContext, parts: Parts) {
    super(context);
    this.#parts = parts;
  }

  /** What waits to be done in its work queues, by their name; empty when it does not answer. */
  async queues(): Promise<ReadonlyMap<string, QueueLengths>> {
    const answer = await this.#get('/metrics');
    return queueLengths(answer?.status === 200 ? answer.body : '');
  }

  /** Kills it and removes its files; it cannot be started again. */
  async close(): Promise<void> {
    await this.kill();
    await rm(this.#parts.directory, { recursive: true, force: true });
    this.#parts.reaper.close();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  protected override launch(): Launch {
    return this.#parts.launch;
  }

  protected override async isReady(): Promise<boolean> {
    return (await this.#get('/healthz'))?.status === 200;
  }

  async #get(path: string): Promise<OnceAnswer | undefined> {
    const { url, ca } = this.#parts;
    return requestOnce(`${url}${path}`, { ca, timeoutMs: 2_000 }).catch(() => undefined);
  }
}

/**
 * Resolves when its `/healthz` is answered; its controllers may still be listing then.
 *
 * @throws {ControlPlaneError} also when it gives up, as it does when its first look at discovery fails.
 */
export async function startKubeControllerManager(
  options: KubeControllerManagerOptions,
): Promise<KubeControllerManager> {
  const manager = await createKubeControllerManager(options);
  try {
    await manager.start();
    return manager;
  } catch (error) {
    await manager.close();
    throw error;
  }
}

/** Makes its files; `start()` runs it, and `close()` is needed in any case. */
export async function createKubeControllerManager(
  options: KubeControllerManagerOptions,
): Promise<KubeControllerManager> {
  const { version, programs, pki, token, url, report = reportToStandardError } = options;
  const command = await programs(NAME, version);
  const [port, serving] = await Promise.all([freePort(), pki.serving(NAME, ADDRESS)]);
  const directory = await mkdtemp(join(tmpdir(), 'mvproxy-controllers-'));
  const kubeconfig = join(directory, 'kubeconfig.conf');
  const text = singleKubeconfig(url, pki.servingCa.cert, { kind: 'token', token });
  await writeFile(kubeconfig, text, { mode: 0o600 });
  const long = parseVersion(version).minor >= FIRST_MINOR_WITH_LONG_NAMES;
  const flags = {
    kubeconfig,
    controllers: long ? 'garbage-collector-controller,namespace-controller' : 'garbagecollector,namespace',
    'leader-elect': 'false',
    'bind-address': ADDRESS,
    'secure-port': String(port),
    'tls-cert-file': serving.certFile,
    'tls-private-key-file': serving.keyFile,
    'authorization-always-allow-paths': '/healthz,/metrics',
    // The defaults are meant for clusters whose API servers have much else to do.
    'kube-api-qps': '200',
    'kube-api-burst': '400',
  };
  const reaper = new Reaper(directory);
  return new KubeControllerManager(
    { name: NAME, logFile: join(directory, `${NAME}.log`), reaper, report },
    {
      directory,
      reaper,
      launch: { command, args: commandLine(flags, options) },
      url: `https://${ADDRESS}:${port}`,
      ca: pki.servingCa.cert,
    },
  );
}
