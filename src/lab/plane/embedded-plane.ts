import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExchangeRecord } from '../../observe/exchange-record.ts';
import type { Logger } from '../../observe/logger.ts';
import type { EngineName } from '../../wire/engine-name.ts';
import { freePort } from '../../wire/free-port.ts';
import { createPki, type Pki } from '../pki/pki.ts';
import { proxyRbac, type RbacObject, rbacResource } from '../proxy-rbac.ts';
import { findRecording } from '../recording/find-recording.ts';
import type { Recording } from '../recording/recording.ts';
import { openStore } from '../store/file-store.ts';
import { type Store, storeKey } from '../store/store.ts';
import type { Access } from './access-log.ts';
import { ApiFactory } from './api-factory.ts';
import { EmbeddedServer } from './embedded-server.ts';
import type { LabPlane } from './lab-plane.ts';

export interface EmbeddedPlaneOptions {
  /** One server each: a minor or full version that is shipped, or a directory that `mvproxy lab record` wrote. */
  readonly versions: readonly string[];
  readonly builtIn: 'none' | 'library';
  /** File that keeps the objects; none: in memory. */
  readonly data?: string | undefined;
  /** Milliseconds after which a server notices a new or deleted CustomResourceDefinition, by position; the last holds for the rest. */
  readonly crdLagMs?: readonly number[];
  /** Of HTTP/2 in the built-in proxies. */
  readonly engine?: EngineName | undefined;
  readonly logger: Logger;
  /** Gets every answer of every server. */
  readonly onAccess?: (server: string, access: Access) => void;
  /** Gets what the built-in proxies decided. */
  readonly onExchange?: (server: string, record: ExchangeRecord) => void;
}

/** Servers written in TypeScript, in this process, with one store. Resolves when all of them are ready. */
export async function startEmbeddedPlane(options: EmbeddedPlaneOptions): Promise<LabPlane> {
  const recordings = await Promise.all(options.versions.map((version) => findRecording(version)));
  const store = openStore({ file: options.data });
  const directory = await mkdtemp(join(tmpdir(), 'mvproxy-lab-'));
  const plane = new EmbeddedPlane(options, directory, store, await createPki(join(directory, 'pki')));
  try {
    await plane.start(recordings);
    return plane;
  } catch (error) {
    await plane.close();
    throw error;
  }
}

class EmbeddedPlane implements LabPlane {
  readonly kind = 'embedded';
  readonly builtIn: 'none' | 'library';
  readonly pki: Pki;
  readonly adminToken = randomBytes(24).toString('base64url');
  readonly #options: EmbeddedPlaneOptions;
  readonly #directory: string;
  readonly #store: Store;
  #servers: readonly EmbeddedServer[] = [];
  #versions: readonly string[] = [];
  #isUp = false;

  constructor(options: EmbeddedPlaneOptions, directory: string, store: Store, pki: Pki) {
    this.builtIn = options.builtIn;
    this.pki = pki;
    this.#options = options;
    this.#directory = directory;
    this.#store = store;
  }

  get servers(): readonly EmbeddedServer[] {
    return this.#servers;
  }

  get versions(): readonly string[] {
    return this.#versions;
  }

  async start(recordings: readonly Recording[]): Promise<void> {
    for (const object of await proxyRbac()) putProxyRole(this.#store, object);
    const known = new Map(recordings.map((recording) => [recording.version, recording]));
    this.#versions = [...known.keys()].sort(byVersion);
    const addresses = await Promise.all(
      recordings.map(async (_recording, index) => ({ name: `server-${index + 1}`, port: await freePort() })),
    );
    const factory = new ApiFactory({
      pki: this.pki,
      store: this.#store,
      adminToken: this.adminToken,
      members: addresses.map(({ name, port }) => ({ name, url: `https://127.0.0.1:${port}` })),
      ...this.#options,
      logger: this.#quietUnlessUp(),
    });
    this.#servers = recordings.map((recording, index) => {
      const { name = '', port = 0 } = addresses[index] ?? {};
      const lags = this.#options.crdLagMs ?? [0];
      const crdLagMs = lags[Math.min(index, lags.length - 1)] ?? 0;
      return new EmbeddedServer({
        name,
        port,
        recording,
        pki: this.pki,
        recordingOf: async (version) => known.get(version) ?? findRecording(version),
        serve: (served) => factory.serve({ name, recording: served, crdLagMs }),
      });
    });
    await Promise.all(this.#servers.map((server) => server.start()));
    await Promise.all(this.#servers.map((server) => server.untilWhole()));
    this.#isUp = true;
  }

  /** Servers that start or end together do not reach each other for a moment, which is nobody's trouble. */
  #quietUnlessUp(): Logger {
    const { logger } = this.#options;
    return {
      ...logger,
      warn: (message, fields) => (this.#isUp ? logger.warn : logger.debug)(message, fields),
    };
  }

  async close(): Promise<void> {
    this.#isUp = false;
    await Promise.all(this.#servers.map((server) => server.kill()));
    this.#store.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** As the operator of a cluster does; one in a kept file stays as it is. */
function putProxyRole(store: Store, object: RbacObject): void {
  const { name, namespace = '' } = object.metadata;
  const key = storeKey('rbac.authorization.k8s.io', rbacResource(object), namespace, name);
  if (store.get(key) !== undefined) return;
  const creationTimestamp = `${new Date().toISOString().slice(0, 19)}Z`;
  const metadata = { ...object.metadata, uid: randomUUID(), resourceVersion: '', creationTimestamp };
  store.put(key, { ...object, metadata }, 'absent');
}

function byVersion(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
