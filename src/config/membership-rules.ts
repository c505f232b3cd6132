import type { Settings } from './schema.ts';
import type { Violation } from './violation.ts';

/** There must be a server to begin with. */
export function* membershipViolations(settings: Settings): Generator<Violation> {
  const { servers, localServer, membership, kubeconfig } = settings;
  if (servers.length > 0 || localServer !== undefined || membership.dns.length > 0) return;
  if (!membership.leases && !membership.endpointSlices) {
    yield {
      paths: [['servers'], ['localServer'], ['membership', 'dns']],
      message:
        'names no API server, so there is nothing to forward to; give each one with --server NAME=https://HOST:PORT or under servers in the file, and in sidecar topology the local one with --local-server https://HOST:PORT; or let them be found (docs/membership.md)',
    };
  } else if (kubeconfig === undefined) {
    yield {
      paths: [
        ['membership', membership.leases ? 'leases' : 'endpointSlices'],
        ['membership', 'dns'],
        ['servers'],
        ['localServer'],
        ['kubeconfig'],
      ],
      message:
        'finds servers through the API, but names nobody who could be asked first; give one of them with --server NAME=https://HOST:PORT, a DNS name with --membership-dns, or --kubeconfig, whose cluster is then asked',
    };
  }
}

/** Whether membership begins with the cluster of the kubeconfig, because nothing else is configured. */
export function needsSeed({
  servers,
  localServer,
  membership,
}: Pick<Settings, 'servers' | 'localServer' | 'membership'>): boolean {
  const isRead = membership.leases || membership.endpointSlices;
  return isRead && servers.length === 0 && localServer === undefined && membership.dns.length === 0;
}
