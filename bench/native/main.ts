import { setTimeout as delay } from 'node:timers/promises';
import {
  AdminClients,
  grantPublishing,
  nativeServer,
  plainServer,
  publishingStatus,
  startPublishingSidecar,
} from '../../test/real/native/support-native-plane.ts';
import type { HttpClient } from '../../test/real/support/http-client.ts';
import { startControlPlane } from '../../tools/control-plane/start.ts';

/*
 * What an old server does to native servers, without and with a record published for it: how often they read their peers
 * again, and how long a peer that restarts is not used.
 *
 *   node bench/native/main.ts [SECONDS]
 */

/** Only `r37` has it. */
const MIGRATIONS = '/apis/storagemigration.k8s.io/v1/storageversionmigrations';
const POLL_MS = 20;
const GIVE_UP_MS = 240_000;

interface Readings {
  /** GETs of /api and /apis of peers. */
  readonly fetches: number;
  /** Peers for which no address was found. */
  readonly unresolved: number;
}

async function readings(native: HttpClient): Promise<Readings> {
  const { body } = await native.request({ target: '/metrics', headers: ['accept', 'text/plain'] });
  const sum = (pattern: RegExp) =>
    [...body.toString().matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0);
  return {
    fetches: sum(/^apiserver_rerouted_request_total\{[^}]*resource=""[^}]*\} (\d+)$/gm),
    unresolved: sum(/^apiserver_peer_discovery_sync_errors_total\{type="hostport_resolution"\} (\d+)$/gm),
  };
}

/** What a client of `native` sees of a type that only a peer has, from the moment that peer is ready. */
async function recovery(native: HttpClient): Promise<{ readonly ms: number; readonly false404s: number }> {
  const start = performance.now();
  for (let false404s = 0; ; ) {
    const status = await native.request({ target: MIGRATIONS }).then(
      (answer) => answer.status,
      () => 0,
    );
    const ms = Math.round(performance.now() - start);
    if (status === 200 || ms > GIVE_UP_MS) return { ms, false404s };
    if (status === 404) false404s++;
    await delay(POLL_MS);
  }
}

const seconds = Number(process.argv[2] ?? 90);
const controlPlane = await startControlPlane({
  servers: [
    plainServer({ name: 'old', version: '1.34.4' }),
    nativeServer({ name: 'p36', version: '1.36.3' }),
    nativeServer({ name: 'r37', version: '1.37.2', drains: true }),
  ],
});
const clients = new AdminClients(controlPlane);
try {
  const p36 = clients.of(controlPlane.server('p36'));
  await grantPublishing(p36);

  const measure = async (title: string): Promise<void> => {
    const before = await readings(p36);
    await delay(seconds * 1000);
    const after = await readings(p36);
    const perMinute = (name: keyof Readings) => (((after[name] - before[name]) / seconds) * 60).toFixed(1);
    await controlPlane.server('r37').replace({});
    const { ms, false404s } = await recovery(p36);
    process.stdout.write(
      `${title}: ${perMinute('fetches')} readings of a peer's /api or /apis and ${perMinute('unresolved')} ` +
        `unresolved addresses per minute at p36; r37 used ${ms} ms after its restart, ${false404s} false 404s\n`,
    );
  };

  await measure(`nothing published, first ${seconds} s`);
  await measure(`nothing published, next ${seconds} s`);
  const sidecar = await startPublishingSidecar(controlPlane, 'old');
  while ((await publishingStatus(sidecar)).announcements === 0) await delay(POLL_MS);
  await delay(5_000);
  await measure('published for the old server');
  await measure('published for the old server, again');
} finally {
  clients.close();
  await controlPlane.stop();
}
