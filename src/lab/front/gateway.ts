import { loadConfiguration } from '../../config/load.ts';
import { type Daemon, startDaemon } from '../../daemon/daemon.ts';
import { serverDiscovery } from '../../discovery/server-discovery.ts';
import { parseServerVersion } from '../../kubernetes/kube-version.ts';
import { OWN_GROUPS } from '../../kubernetes/own-groups.ts';
import type { ExchangeRecord } from '../../observe/exchange-record.ts';
import type { Logger } from '../../observe/logger.ts';
import type { TargetRelease } from '../../preflight/preflight-setting.ts';
import type { EngineName } from '../../wire/engine-name.ts';
import { serveFlags } from '../pki/serve-flags.ts';
import type { LabPlane } from '../plane/lab-plane.ts';
import { findRecording } from '../recording/find-recording.ts';
import type { Front } from './front.ts';

export interface GatewayOptions {
  readonly logger: Logger;
  /** Gets every request that was answered. */
  readonly onExchange?: (record: ExchangeRecord) => void;
  readonly engine?: EngineName | undefined;
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** The same, of the admin listener. */
  readonly adminPort?: number | undefined;
}

/** The mixed version proxy in front of all servers: `mvproxy serve` with the flags an operator would give it. */
export async function startGateway(
  plane: LabPlane,
  options: GatewayOptions,
): Promise<Front & { readonly adminUrl: string }> {
  const { pki, servers } = plane;
  const flags = {
    ...serveFlags(pki),
    'secure-port': String(options.port ?? 0),
    'admin-port': String(options.adminPort ?? 0),
    ...(options.engine !== undefined && { 'http2-engine': options.engine }),
  };
  const configuration = await loadConfiguration({
    flags: new Map([
      ...Object.entries(flags).map(([name, value]): [string, string[]] => [name, [value]]),
      ['server', servers.map(({ name, url }) => `${name}=${url}`)],
    ]),
  });
  const { logger, onExchange } = options;
  const daemon: Daemon = await startDaemon(configuration, {
    logger,
    recorded: recordedRelease,
    ...(onExchange !== undefined && { onExchange }),
  });
  await daemon.ready();
  return { url: daemon.servingAddress, adminUrl: daemon.adminAddress ?? '', close: () => daemon.stop(0) };
}

/** A release that comes with the program; it says nothing of types that a cluster adds. */
async function recordedRelease(release: string): Promise<TargetRelease> {
  const { version, api, apis } = await findRecording(release);
  const isAbout = (group: string) => OWN_GROUPS.has(group);
  return { name: version, version: parseServerVersion(version), discovery: serverDiscovery(api, apis), isAbout };
}
