import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import type { KubeApiserverSpec } from '../../../src/lab/control-plane/kube-apiserver.ts';
import type { PublishingStatus } from '../../../src/publishing/publisher.ts';
import { serverId } from '../../../src/servers/server-id.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';
import { type HttpClient, httpClient } from '../support/http-client.ts';

const RBAC = new URL('../../../deploy/publishing-rbac.yaml', import.meta.url);

/** A server whose own mixed version proxy is on. Its host name is its name, and so its identity follows from that. */
export function nativeServer(spec: Omit<KubeApiserverSpec, 'hostname' | 'peerProxy'>): KubeApiserverSpec {
  return { ...spec, hostname: spec.name, peerProxy: true };
}

/** A server without one, however new it is. */
export function plainServer(spec: Omit<KubeApiserverSpec, 'hostname' | 'peerProxy'>): KubeApiserverSpec {
  return { ...spec, hostname: spec.name };
}

/** Clients of admin, by the URL they talk to; `close` closes them all. */
export class AdminClients {
  readonly #controlPlane: ControlPlane;
  readonly #clients = new Map<string, HttpClient>();

  constructor(controlPlane: ControlPlane) {
    this.#controlPlane = controlPlane;
  }

  of({ url }: { readonly url: string }): HttpClient {
    const { servingCa, admin } = this.#controlPlane.pki;
    const client =
      this.#clients.get(url) ?? httpClient({ url, protocol: 'h2', ca: servingCa.cert, certificate: admin });
    this.#clients.set(url, client);
    return client;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}

/** Grants what deploy/publishing-rbac.yaml says. */
export async function grantPublishing(client: HttpClient): Promise<void> {
  for (const document of parseAllDocuments(await readFile(RBAC, 'utf8'))) {
    const body: { readonly kind: string } = document.toJS();
    const target = `/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/${body.kind.toLowerCase()}s`;
    const { status } = await client.request({ method: 'POST', target, body });
    if (status !== 201) throw new Error(`${target}: ${status}`);
  }
}

/** A sidecar in front of the server `local` that other API servers can find. */
export async function startPublishingSidecar(
  controlPlane: ControlPlane,
  local: string,
  extraArgs: readonly string[] = [],
): Promise<ProxyProcess> {
  const published = [
    `--local-server=${controlPlane.server(local).url}`,
    `--etcd-servers=${controlPlane.etcd.url}`,
    '--peer-advertise-ip=127.0.0.1',
    '--shutdown-delay-duration=0s',
    ...(extraArgs.some((arg) => arg.startsWith('--publish')) ? [] : [`--publish-lease-name=${serverId(local)}`]),
  ];
  return startProxy(controlPlane, { name: `sidecar-${local}`, extraArgs: [...published, ...extraArgs] });
}

/** The part `publishing` of `/status`. */
export async function publishingStatus({ adminUrl }: ProxyProcess): Promise<PublishingStatus> {
  const { body } = await apiRequest(`${adminUrl}/status`);
  const { publishing }: { readonly publishing: PublishingStatus } = JSON.parse(body);
  return publishing;
}

/** Resolves when `client` answers a GET of `target` with `status`; otherwise rejects after half a minute. */
export async function untilAnswered(client: HttpClient, target: string, status: number): Promise<void> {
  await eventually(`${status} for ${target}`, async () => (await client.request({ target })).status === status);
}
