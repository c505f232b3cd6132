import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { loadConfiguration } from '../../src/config/load.ts';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.ts';
import type { RecordedVersion } from '../../src/kubernetes/testing/recorded-documents.ts';
import { createPki, type Pki } from '../../src/lab/pki/pki.ts';
import { serveFlags as labServeFlags } from '../../src/lab/pki/serve-flags.ts';
import type { Logger } from '../../src/observe/logger.ts';
import { type ApiClient, connectClient, H1Client, type Protocol } from './api-client.ts';
import { FakeApiServer } from './fake-api-server.ts';
import { aggregatedDiscovery } from './fake-discovery.ts';
import { Inbox } from './loopback.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Two fake servers of different releases with the proxy in front of them, all in this process. */
export interface EmbeddedControlPlane {
  readonly pki: Pki;
  /** Serves what 1.34.4 does. */
  readonly old: FakeApiServer;
  /** Serves what 1.37.2 does. */
  readonly new: FakeApiServer;
  readonly daemon: Daemon;
  readonly log: Inbox<LogEntry>;
  /** A client of the proxy with the admin's certificate; closed with everything else. */
  client(protocol?: Protocol): Promise<ApiClient>;
  /** The value of a metric without labels. */
  metric(name: string): Promise<number>;
}

export interface EmbeddedOptions {
  /** Which one the proxy belongs to; it gets what it serves and what nobody else does. Default: `old`. */
  readonly local?: 'old' | 'new';
  /** Further flags of `mvproxy serve`, without dashes; undefined leaves one out that is there otherwise. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
}

export async function startEmbeddedControlPlane(
  t: TestContext,
  { local = 'old', flags = {} }: EmbeddedOptions = {},
): Promise<EmbeddedControlPlane> {
  const directory = await temporaryDirectory(t);
  const pki = await createPki(join(directory, 'pki'));
  const servers = { old: await startFake(t, pki, 'old', '1.34.4'), new: await startFake(t, pki, 'new', '1.37.2') };
  const log = new Inbox<LogEntry>();
  const values: Readonly<Record<string, string | undefined>> = { ...serveFlags(pki), ...flags };
  const configuration = await loadConfiguration({
    flags: new Map([
      ...Object.entries(values).flatMap(([name, value]): [string, string[]][] =>
        value === undefined ? [] : [[name, [value]]],
      ),
      ['server', [`old=${servers.old.url}`, `new=${servers.new.url}`]],
      ['local-server', [servers[local].url]],
    ]),
  });
  const daemon = await startDaemon(configuration, { logger: recorder(log) });
  t.after(() => daemon.stop(0));
  await daemon.ready();
  return {
    pki,
    ...servers,
    daemon,
    log,
    async client(protocol = 'h2') {
      const { servingCa, admin } = pki;
      const credentials = { ca: servingCa.cert, cert: admin.cert, key: admin.key };
      const client = await connectClient(protocol, daemon.servingAddress, credentials);
      t.after(() => client.close());
      return client;
    },
    async metric(name) {
      const admin = new H1Client(daemon.adminAddress ?? '', { ca: '' });
      const { text } = await admin.request({ path: '/metrics' });
      admin.close();
      return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
    },
  };
}

/**
 * What `mvproxy serve` needs besides its servers; any free ports. Servers that are here answer probes only while this process
 * runs: on a busy machine it may rest for a second, which must not pass for a server that hangs.
 */
export function serveFlags(pki: Pki): Readonly<Record<string, string>> {
  return { ...labServeFlags(pki), 'secure-port': '0', 'admin-port': '0', 'health-timeout-seconds': '30' };
}

/** A fake server of that release, stopped when the test ends. */
export async function startFake(
  t: TestContext,
  pki: Pki,
  name: string,
  version: RecordedVersion,
): Promise<FakeApiServer> {
  const certificate = await pki.serving(name, '127.0.0.1');
  const discovery = aggregatedDiscovery(version);
  const server = await FakeApiServer.start({ name, certificate, gitVersion: `v${version}`, discovery });
  t.after(() => server.stop());
  return server;
}

/** Writes into `log`. */
export function recorder(log: Inbox<LogEntry>): Logger {
  const at =
    (level: LogEntry['level']) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      log.put({ level, message, fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
