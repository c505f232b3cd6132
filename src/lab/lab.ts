import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import type { Logger } from '../observe/logger.ts';
import type { EngineName } from '../wire/engine-name.ts';
import type { ProgramFinder } from './control-plane/programs.ts';
import { startControllers } from './controllers/controllers.ts';
import { startBalancer } from './front/balancer.ts';
import type { Front, Spread } from './front/front.ts';
import { startGateway } from './front/gateway.ts';
import { eventOfAccess, eventOfExchange, type LabEvent } from './lab-event.ts';
import { labKubeconfig } from './pki/kubeconfig.ts';
import { startEmbeddedPlane } from './plane/embedded-plane.ts';
import type { LabPlane } from './plane/lab-plane.ts';
import { startRealPlane } from './plane/real-plane.ts';

/** What stands between clients and servers. */
export type LabFront = 'gateway' | 'built-in' | 'none';

export interface LabOptions {
  /** One server each; see `findRecording`. */
  readonly versions: readonly string[];
  readonly front: LabFront;
  /** How the balancer of `none` and `built-in` spreads. */
  readonly spread: Spread;
  /** Keeps the objects of embedded servers. */
  readonly data: string | undefined;
  /** Milliseconds for each embedded server in turn; the last one holds for the rest. */
  readonly crdLagMs: readonly number[];
  /** Port of the front; 0 takes any. */
  readonly port: number;
  /** Where the kubeconfig is written; default: a temporary file, removed at the end. */
  readonly kubeconfig: string | undefined;
  /** Real programs instead of embedded servers. */
  readonly programs: ProgramFinder | undefined;
  /** Runs the garbage collector and the namespace controller against the front. */
  readonly controllers: boolean;
  /** Of HTTP/2 in the proxies, gateway or built in. Default: that of `mvproxy serve`. */
  readonly engine?: EngineName | undefined;
  readonly logger: Logger;
  readonly onEvent: (event: LabEvent) => void;
}

/** A running lab. */
export interface Lab {
  readonly plane: LabPlane;
  readonly url: string;
  /** `http://127.0.0.1:PORT` of the gateway's admin listener; undefined with another front. */
  readonly adminUrl: string | undefined;
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/** Starts servers, front and controllers and writes the kubeconfig. Leaves nothing behind when it fails. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const plane = await startPlane(options);
    closers.push(() => plane.close());
    const front = await startFront(plane, options);
    closers.push(() => front.close());
    const kubeconfig = options.kubeconfig ?? (await temporaryFile(closers, 'kubeconfig'));
    await writeFile(kubeconfig, kubeconfigText(plane, front, options), { mode: 0o600 });
    if (options.controllers) {
      const controllers = startControllers({ url: front.url, ca: plane.pki.servingCa.cert, token: plane.adminToken });
      closers.push(() => controllers.close());
    }
    return { plane, url: front.url, adminUrl: front.adminUrl, kubeconfig, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The name of the context that leads through the front. */
export const FRONT_CONTEXT = 'proxy';

function startPlane(options: LabOptions): Promise<LabPlane> {
  const { versions, front, data, crdLagMs, engine, logger, programs, onEvent } = options;
  if (programs !== undefined) {
    return startRealPlane({ versions, programs, builtIn: 'none', report: (line) => logger.info(line) });
  }
  return startEmbeddedPlane({
    versions,
    builtIn: front === 'built-in' ? 'library' : 'none',
    data,
    crdLagMs,
    engine,
    logger,
    ...(front === 'none' && { onAccess: (server, access) => onEvent(eventOfAccess(server, access)) }),
    ...(front === 'built-in' && { onExchange: (server, record) => onEvent(eventOfExchange(server, record)) }),
  });
}

async function startFront(
  plane: LabPlane,
  { front, spread, port, engine, logger, onEvent }: LabOptions,
): Promise<Front> {
  if (front !== 'gateway') return startBalancer(plane, spread, port);
  const onExchange = (record: ExchangeRecord) => onEvent(eventOfExchange('gateway', record));
  return startGateway(plane, { logger, port, engine, onExchange });
}

/** A balancer that looks into requests ends TLS, so that certificates do not reach the servers behind it. */
function kubeconfigText({ pki, servers, adminToken }: LabPlane, { url }: Front, { front, spread }: LabOptions): string {
  const endsTls = front !== 'gateway' && spread === 'request';
  const context = { ca: pki.servingCa.cert, user: 'admin' };
  return labKubeconfig(
    [
      { ...context, name: FRONT_CONTEXT, server: url, user: endsTls ? 'admin-token' : 'admin' },
      ...servers.map((server) => ({ ...context, name: server.name, server: server.url })),
      { ...context, name: `${FRONT_CONTEXT}-jane`, server: url, user: 'jane' },
    ],
    {
      admin: { kind: 'certificate', cert: pki.admin.cert, key: pki.admin.key },
      'admin-token': { kind: 'token', token: adminToken },
      jane: { kind: 'certificate', cert: pki.jane.cert, key: pki.jane.key },
    },
  );
}

async function temporaryFile(closers: (() => Promise<void>)[], name: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'mvproxy-lab-'));
  closers.push(() => rm(directory, { recursive: true, force: true }));
  return join(directory, name);
}
