import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProxyStatus, ServerStatus } from '../../admin/status.ts';
import type { CertificateTrust } from '../../identity/client-certificate.ts';
import type { IdentityHeaderNames } from '../../identity/header-names.ts';
import { parseTrustAnchors } from '../../identity/trust-anchors.ts';
import type { User } from '../../identity/user.ts';
import { createMixedVersionProxy, type MixedVersionProxy } from '../../library/mixed-version-proxy.ts';
import type { ExchangeRecord } from '../../observe/exchange-record.ts';
import type { Logger } from '../../observe/logger.ts';
import type { EngineName } from '../../wire/engine-name.ts';
import type { ExchangeHandler } from '../../wire/exchange.ts';
import { ApiServer } from '../apiserver/api-server.ts';
import { readServiceAccountKey, type ServiceAccountKey } from '../apiserver/authentication/service-account-tokens.ts';
import type { Pki } from '../pki/pki.ts';
import type { Recording } from '../recording/recording.ts';
import type { Store } from '../store/store.ts';
import { type Access, withAccessLog } from './access-log.ts';
import type { ServedApi } from './embedded-server.ts';

export interface ApiFactoryOptions {
  readonly pki: Pki;
  readonly store: Store;
  /** Of a user in `system:masters`. */
  readonly adminToken: string;
  readonly builtIn: 'none' | 'library';
  /** All servers of the control plane, the one that is made included. */
  readonly members: readonly { readonly name: string; readonly url: string }[];
  /** Of HTTP/2 in the built-in proxies. */
  readonly engine?: EngineName | undefined;
  readonly logger: Logger;
  readonly onAccess?: (server: string, access: Access) => void;
  readonly onExchange?: (server: string, record: ExchangeRecord) => void;
}

/** The names every installer configures. */
const NAMES: IdentityHeaderNames = {
  username: ['x-remote-user'],
  uid: ['x-remote-uid'],
  group: ['x-remote-group'],
  extraPrefix: ['x-remote-extra-'],
};
const POLL_MS = 20;
const ALLOWED_NAMES = ['front-proxy-client'];

/** Makes the programs of embedded servers: the API of one recording, with the proxy around it if it is built in. */
export class ApiFactory {
  readonly #options: ApiFactoryOptions;
  readonly #trust: CertificateTrust;
  readonly #tokens: ReadonlyMap<string, User>;
  readonly #serviceAccountKey: ServiceAccountKey;

  constructor(options: ApiFactoryOptions) {
    const { pki, adminToken } = options;
    this.#options = options;
    this.#trust = {
      clientCa: parseTrustAnchors(pki.clientCa.cert),
      requestHeaderCa: parseTrustAnchors(pki.frontProxyCa.cert),
      allowedNames: ALLOWED_NAMES,
    };
    this.#tokens = new Map([[adminToken, { name: 'admin', uid: '', groups: ['system:masters'], extra: [] }]]);
    this.#serviceAccountKey = readServiceAccountKey(readFileSync(pki.serviceAccount.privateKeyFile, 'utf8'));
  }

  async serve(server: { name: string; recording: Recording; crdLagMs: number }): Promise<ServedApi> {
    const { store, logger, builtIn, onAccess } = this.#options;
    const { name } = server;
    const api = new ApiServer({
      ...server,
      store,
      logger,
      trust: () => this.#trust,
      names: NAMES,
      tokens: this.#tokens,
      serviceAccountKey: this.#serviceAccountKey,
    });
    api.start();
    const handler =
      onAccess === undefined ? api.handler : withAccessLog(api.handler, (access) => onAccess(name, access));
    const proxy = builtIn === 'library' ? this.#proxy(name, handler) : undefined;
    return {
      handler: proxy?.handler ?? handler,
      async becomeReady() {
        api.ready = true;
        await proxy?.ready();
        await until(() => proxy === undefined || !api.ready || proxy.status().servers.some(isLocalAndReady));
      },
      async untilWhole() {
        await until(() => proxy === undefined || !api.ready || isWhole(proxy.status()));
      },
      becomeUnready() {
        api.ready = false;
      },
      deny: (type) => api.deny(type),
      endWatches: () => api.endWatches(),
      async close() {
        await Promise.all([api.close(), proxy?.stop(0)]);
      },
    };
  }

  #proxy(name: string, handler: ExchangeHandler): MixedVersionProxy {
    const { pki, members, engine, logger, onExchange } = this.#options;
    return createMixedVersionProxy({
      local: { name, handler },
      peers: members.filter((member) => member.name !== name),
      trust: {
        clientCa: pki.clientCa.cert,
        requestHeaderCa: pki.frontProxyCa.cert,
        allowedNames: ALLOWED_NAMES,
        peerCa: pki.servingCa.cert,
        proxyClientCertificate: pki.frontProxyClient,
      },
      http2Engine: engine,
      logger,
      ...(onExchange !== undefined && { onExchange: (record) => onExchange(name, record) }),
    });
  }
}

function isLocalAndReady({ local, state }: ServerStatus): boolean {
  return local && state === 'ready';
}

function isWhole({ servers, settled }: ProxyStatus): boolean {
  return settled && servers.every(({ state }) => state === 'ready');
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(POLL_MS);
}
