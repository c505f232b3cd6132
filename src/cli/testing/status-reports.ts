import type { ServerStatus } from '../../admin/status.ts';
import type { StatusReport } from '../../admin/status-report.ts';

const NOW = '2026-01-02T04:00:00.000Z';

export function serverStatus(change: Partial<ServerStatus> = {}): ServerStatus {
  return {
    name: 'a',
    address: '10.0.0.11:6443',
    local: false,
    version: '1.37.2',
    state: 'ready',
    since: '2026-01-02T03:00:10.000Z',
    condition: '',
    discovery: { shape: 'v2', failure: '', reason: '', errors: {} },
    openapi: { documents: 60, failure: '' },
    watches: [],
    nativeMixedVersionProxy: 'off',
    discoveryAgeSeconds: 0.84,
    openExchanges: 12,
    ...change,
  };
}

/** A proxy without anything to look at. */
export function statusReportOf(change: Partial<StatusReport> = {}): StatusReport {
  return {
    kind: 'ProxyStatus',
    generatedAt: NOW,
    version: '0.1.0',
    startedAt: '2026-01-02T03:00:00.000Z',
    uptimeSeconds: 3_600,
    ready: true,
    unreadiness: [],
    viewCondition: '',
    staleAfterSeconds: 10,
    view: 'merged',
    generation: 7,
    settled: true,
    servers: [serverStatus()],
    conflicts: [],
    decisions: {
      requests: 12_345,
      byDecision: [
        { decision: 'PreferredCapable', code: '2xx', count: 12_000 },
        { decision: 'PeerServesResource', code: '2xx', count: 300 },
        { decision: 'PreferredCapable', code: '4xx', count: 45 },
      ],
      false404sPrevented: { routed: 300, healed: 2, awaited: 0 },
      unexpected404s: { retried: 2, unavailable: 0, relayed: 0 },
      retries: { refused: 3 },
      errors: {},
    },
    membership: { sources: [], refused: [] },
    publishing: undefined,
    otherWorkers: [],
    http2Engine: 'own',
    ...change,
  };
}

/** A proxy with everything to look at. */
export function troubledStatus(): StatusReport {
  const { decisions } = statusReportOf();
  return statusReportOf({
    ready: false,
    unreadiness: ['not every API server that can be reached has been read (b: nobody listens)'],
    view: 'server-local',
    viewCondition: 'without --peer-ca-file peer traffic cannot be authenticated',
    servers: [
      serverStatus({
        local: true,
        watches: [
          { resource: 'customresourcedefinitions', state: 'denied', condition: 'answered 403: our right is missing' },
          { resource: 'apiservices', state: 'watching', condition: '' },
        ],
      }),
      serverStatus({
        name: 'b',
        address: '10.0.0.12:6443',
        version: undefined,
        state: 'unready',
        since: '2026-01-02T03:58:20.000Z',
        condition: 'nobody listens',
        discoveryAgeSeconds: undefined,
        discovery: { shape: undefined, failure: 'nobody listens', reason: 'refused', errors: { refused: 9 } },
        nativeMixedVersionProxy: 'unknown',
        openExchanges: 0,
      }),
      serverStatus({
        name: 'c',
        address: '10.0.0.13:6443',
        version: '1.36.3',
        discoveryAgeSeconds: 75,
        discovery: { shape: 'v2', failure: 'answered 503', reason: 'status', errors: { status: 4 } },
      }),
    ],
    conflicts: [
      {
        group: 'example.com',
        version: 'v1',
        resource: 'widgets',
        subresource: '',
        field: 'scope',
        values: [
          { server: 'a', value: 'Cluster' },
          { server: 'c', value: 'Namespaced' },
        ],
      },
    ],
    decisions: {
      ...decisions,
      unexpected404s: { retried: 2, unavailable: 1, relayed: 1 },
      errors: { MVP_UNAVAILABLE: 5 },
    },
    membership: {
      sources: [{ source: 'dns', up: false, condition: 'SERVFAIL', members: 0, ageSeconds: undefined }],
      refused: [{ source: 'leases', id: 'x', address: '127.0.0.1:6443', reason: 'it is this proxy' }],
    },
    publishing: {
      identity: 'apiserver-x',
      leaseOf: 'proxy',
      announcementLease: 'apiserver-x',
      address: '10.0.0.1:6443',
      record: 'failing',
      recordAgeSeconds: undefined,
      leaseAgeSeconds: undefined,
      announcements: 0,
      errors: 3,
      message: 'etcd cannot be reached, start it',
    },
  });
}
