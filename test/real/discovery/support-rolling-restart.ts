import { setTimeout as delay } from 'node:timers/promises';
import type { ProxyStatus } from '../../../src/admin/status.ts';
import type { KubeApiserver, KubeApiserverChange } from '../../../src/lab/control-plane/kube-apiserver.ts';
import type { ProxyProcess } from '../../../tools/control-plane/proxy.ts';
import { apiRequest } from '../support/api-request.ts';

const TIMEOUT_MS = 60_000;
const POLL_MS = 20;

/** How long one server was away; `Date.now()` each. */
export interface Absence {
  readonly server: string;
  /** It was told to end. */
  readonly leaving: number;
  /** Its process had ended, and the proxy published so. */
  readonly gone: number;
  /** Its process was started again. */
  readonly starting: number;
  /** The proxy counted it ready, and published so. */
  readonly back: number;
}

/** What was being done to each server at that moment, for messages. */
export function phasesAt(absences: readonly Absence[], time: number): string {
  const phases = absences.map(({ server, ...times }) => {
    const [phase] = Object.entries(times).findLast(([, since]) => since <= time) ?? ['not yet restarted'];
    return `${server} ${phase}`;
  });
  return phases.join(', ');
}

export interface RestartOptions {
  readonly proxy: ProxyProcess;
  /** What the server is started with. */
  readonly change?: KubeApiserverChange;
  /** Runs after the process has ended and before it is started again. */
  readonly whileGone: () => Promise<void>;
}

/** SIGTERM, its end, its start, and each time what the proxy makes of it. */
export async function restartServer(server: KubeApiserver, options: RestartOptions): Promise<Absence> {
  const { proxy, change, whileGone } = options;
  const { name } = server;
  const leaving = Date.now();
  await server.stop();
  await published(proxy, name, (state) => state !== 'ready');
  const gone = Date.now();
  await whileGone();
  if (change !== undefined) server.change(change);
  const starting = Date.now();
  await server.start();
  await published(proxy, name, (state) => state === 'ready');
  return { server: name, leaving, gone, starting, back: Date.now() };
}

/** Resolves when the proxy says that of the server, and its merged documents, too. */
async function published(proxy: ProxyProcess, name: string, isSo: (state: string) => boolean): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    const { body } = await apiRequest(`${proxy.adminUrl}/status`);
    const { settled, servers }: ProxyStatus = JSON.parse(body);
    if (settled && servers.some((server) => server.name === name && isSo(server.state))) return;
    if (performance.now() > deadline) throw new Error(`not within ${TIMEOUT_MS} ms, of ${name}: ${body}`);
    await delay(POLL_MS);
  }
}
