import type { ProxyReading, ServerReading } from '../metrics/proxy-reading.ts';

/** A server that is ready and of which nothing more is said. */
export function serverReading(overrides: Partial<ServerReading> = {}): ServerReading {
  return {
    name: 'a',
    state: 'ready',
    version: '1.37.2',
    discoveryAgeSeconds: 0,
    openExchanges: 0,
    connections: {},
    discovery: { errors: {} },
    nativeMixedVersionProxy: 'unknown',
    watches: [],
    ...overrides,
  };
}

/** A proxy of which nothing is to be said. */
export function proxyReading(overrides: Partial<ProxyReading> = {}): ProxyReading {
  return {
    ready: true,
    view: 'merged',
    servers: [],
    skew: { minors: 0, groupVersions: 0, resources: 0, conflicts: 0 },
    openAPIAges: new Map(),
    clients: { connections: { h2: 0, 'http/1.1': 0 }, streams: 0, watches: 0, faults: new Map() },
    retriesDenied: 0,
    reloadErrors: 0,
    certificateExpiry: new Map(),
    publishing: undefined,
    membership: [],
    ...overrides,
  };
}
