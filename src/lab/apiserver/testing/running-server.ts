import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_NAMES } from '../../../identity/testing/default-names.ts';
import { parseTrustAnchors } from '../../../identity/trust-anchors.ts';
import type { Logger } from '../../../observe/logger.ts';
import { listen } from '../../../wire/listener.ts';
import { createPki, type Pki } from '../../pki/pki.ts';
import { findRecording } from '../../recording/find-recording.ts';
import type { Recording } from '../../recording/recording.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { ApiServer } from '../api-server.ts';
import { serviceAccountKey } from './objects.ts';

export interface RunningServer {
  readonly server: ApiServer;
  readonly store: MemoryStore;
  readonly pki: Pki;
  readonly url: string;
  close(): Promise<void>;
}

/** The token of a user in `system:masters`. */
export const ADMIN_TOKEN = 'admin-token';

/** An API server behind a listener on loopback, started and ready. */
export async function runServer(
  version: string,
  overrides: Partial<Recording> = {},
  logger?: Logger,
): Promise<RunningServer> {
  const directory = await mkdtemp(join(tmpdir(), 'api-server-'));
  const pki = await createPki(directory);
  const store = new MemoryStore();
  const trust = {
    clientCa: parseTrustAnchors(pki.clientCa.cert),
    requestHeaderCa: parseTrustAnchors(pki.frontProxyCa.cert),
    allowedNames: ['front-proxy-client'],
  };
  const server = new ApiServer({
    name: 'one',
    recording: { ...(await findRecording(version)), ...overrides },
    logger,
    store,
    trust: () => trust,
    names: DEFAULT_NAMES,
    tokens: new Map([[ADMIN_TOKEN, { name: 'admin', uid: '', groups: ['system:masters'], extra: [] }]]),
    serviceAccountKey: serviceAccountKey(),
    crdLagMs: 0,
  });
  const { cert, key } = await pki.serving('one', '127.0.0.1');
  const clientCa = `${pki.clientCa.cert}\n${pki.frontProxyCa.cert}`;
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls: { cert, key, clientCa },
    handler: server.handler,
  });
  server.start();
  server.ready = true;
  return {
    server,
    store,
    pki,
    url: `https://127.0.0.1:${listener.port}`,
    async close() {
      await Promise.all([server.close(), listener.close(0)]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
