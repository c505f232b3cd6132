import type { ClientRecord } from '../client/client-record.ts';
import { LabClient } from '../client/lab-client.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { NamespaceController } from './namespace-controller.ts';
import type { ObjectReference } from './object-reference.ts';
import { ServiceAccountController } from './service-account-controller.ts';

export interface ControllersOptions {
  /** Of the front: `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** PEM bundle. */
  readonly ca: string;
  readonly token?: string | undefined;
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined;
  /** The version in the user agent, such as `1.37.2`. */
  readonly version?: string | undefined;
  /** Hears of every request, of those that delete, under the names `garbage-collector` and
   * `namespace-controller`. */
  readonly onRecord?: ((record: ClientRecord) => void) | undefined;
  /** Milliseconds; see GarbageCollectorOptions. */
  readonly syncPeriodMs?: number;
  /** Milliseconds; see NamespaceControllerOptions. */
  readonly namespaceDelayMs?: number;
  readonly timeoutMs?: number;
  readonly onCollect?: (item: ObjectReference) => void;
  readonly onNamespaceFailure?: (namespace: string, why: string) => void;
}

/** The running garbage collector, namespace controller and service account controller. */
export interface Controllers {
  /** Resolves when the garbage collector has judged all it knows of; see GarbageCollector. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 60_000;

/**
 * Starts the two controllers of kube-controller-manager that delete things, and the one that makes the ServiceAccount
 * `default` of every namespace, without which there are no tokens and pods. Each has a connection of its own. They only wait
 * for events in between; started again, they have forgotten everything, as after a restart of kube-controller-manager.
 */
export function startControllers(options: ControllersOptions): Controllers {
  const { url, ca, token, certificate, onRecord, version = '0.0.0' } = options;
  const client = (name: string, account: string, heard = onRecord): LabClient =>
    new LabClient({
      name,
      url,
      ca,
      token,
      certificate,
      onRecord: heard,
      userAgent: `kube-controller-manager/v${version} (linux/amd64) kubernetes/system:serviceaccount:kube-system:${account}`,
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    });
  const clients = [
    client('garbage-collector', 'generic-garbage-collector'),
    client('namespace-controller', 'namespace-controller'),
    client('service-account-controller', 'service-account-controller', () => {}),
  ] as const;
  const collector = new GarbageCollector({
    client: clients[0],
    ...(options.syncPeriodMs !== undefined && { syncPeriodMs: options.syncPeriodMs }),
    ...(options.onCollect && { onCollect: options.onCollect }),
  });
  const namespaces = new NamespaceController({
    client: clients[1],
    ...(options.namespaceDelayMs !== undefined && { delayMs: options.namespaceDelayMs }),
    ...(options.onNamespaceFailure && { onFailure: options.onNamespaceFailure }),
  });
  const accounts = new ServiceAccountController(clients[2]);
  return {
    settled: () => collector.settled(),
    async close() {
      collector.close();
      namespaces.close();
      accounts.close();
      await Promise.all(clients.map((each) => each.close()));
    },
  };
}
