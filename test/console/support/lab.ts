import type { TestContext } from 'node:test';
import { loadConfiguration } from '../../../src/config/load.ts';
import { type Daemon, startDaemon } from '../../../src/daemon/daemon.ts';
import { LabClient } from '../../../src/lab/client/lab-client.ts';
import { serveFlags } from '../../../src/lab/pki/serve-flags.ts';
import { startEmbeddedPlane } from '../../../src/lab/plane/embedded-plane.ts';
import type { LabServer } from '../../../src/lab/plane/lab-server.ts';
import type { Logger } from '../../../src/observe/logger.ts';
import { freePort } from '../../../src/wire/free-port.ts';

const ignore = (): void => {};
const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Embedded servers of a control plane with a proxy in front that can be stopped and started at its ports. */
export interface ConsoleLab {
  readonly servers: readonly LabServer[];
  readonly adminUrl: string;
  /** A client of the proxy, or past it of one server. */
  client(of?: Pick<LabServer, 'url'>, userAgent?: string): LabClient;
  stopProxy(): Promise<void>;
  startProxy(): Promise<void>;
}

/** `further`: flags of `mvproxy serve`, without dashes. */
export async function startConsoleLab(
  t: TestContext,
  versions: readonly string[] = ['1.34', '1.36', '1.37'],
  further: Readonly<Record<string, string>> = {},
): Promise<ConsoleLab> {
  const plane = await startEmbeddedPlane({ versions, builtIn: 'none', logger: SILENT });
  t.after(() => plane.close());
  const { pki, servers, adminToken } = plane;
  // Chosen here, not by port 0: a port the system chooses may be lent to an outgoing connection before a restart.
  const ports = { 'secure-port': String(await freePort()), 'admin-port': String(await freePort()) };
  const start = async (): Promise<Daemon> => {
    const flags = Object.entries({ ...serveFlags(pki), ...further, ...ports }).map(
      ([name, value]): [string, string[]] => [name, [value]],
    );
    const list: [string, string[]] = ['server', servers.map(({ name, url }) => `${name}=${url}`)];
    const started = await startDaemon(await loadConfiguration({ flags: new Map([...flags, list]) }), {
      logger: SILENT,
    });
    await started.ready();
    return started;
  };
  let daemon = await start();
  t.after(() => daemon.stop(0));
  const adminUrl = daemon.adminAddress ?? '';
  const { servingAddress } = daemon;
  return {
    servers,
    adminUrl,
    client({ url } = { url: servingAddress }, userAgent = 'kubectl/v1.37.2 (linux/amd64)') {
      const { cert: ca } = pki.servingCa;
      const client = new LabClient({ name: 'test', url, ca, token: adminToken, userAgent, timeoutMs: 60_000 });
      t.after(() => client.close());
      return client;
    },
    stopProxy: () => daemon.stop(0),
    async startProxy() {
      daemon = await start();
    },
  };
}

/** What makes servers serve `widgets.example.com/v1`, or that of another name. */
export function widgetDefinition(plural = 'widgets'): unknown {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural, kind: 'Widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  };
}

export const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
