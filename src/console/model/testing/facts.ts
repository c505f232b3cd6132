import type {
  Decision,
  Explanation,
  ProxyStatus,
  ServerStatus,
  ServerTransition,
  SkewCell,
  SkewReport,
  SkewRow,
  Timeline,
  TimelineItem,
  Unexpected404,
} from '../answers.ts';

/** What a proxy that a test plays would know. */
export interface PlayedFacts {
  status: ProxyStatus;
  skew: SkewReport;
  decisions: readonly Decision[];
  timeline: Timeline;
  unexpected404s: readonly Unexpected404[];
  /** By server, newest first; of others there is that they are what they are. */
  histories: Readonly<Record<string, readonly ServerTransition[]>>;
  explanation: Explanation;
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

export function server(name: string, version: string, more: Partial<ServerStatus> = {}): ServerStatus {
  return {
    name,
    version,
    address: `${name}.example:6443`,
    state: 'ready',
    since: new Date(Date.now() - 600_000).toISOString(),
    condition: '',
    discovery: { failure: '' },
    discoveryAgeSeconds: 1.2,
    openExchanges: 12,
    ...more,
  };
}

export function status(servers: readonly ServerStatus[], more: Partial<ProxyStatus> = {}): ProxyStatus {
  return { view: 'merged', generation: 7, settled: true, servers, startedAt: new Date().toISOString(), ...more };
}

export function row(resource: string, servers: readonly SkewCell[], more: Partial<SkewRow> = {}): SkewRow {
  return {
    group: 'apps',
    version: 'v1',
    resource,
    subresource: '',
    kind: 'Deployment',
    scope: 'Namespaced',
    servers,
    findings: [],
    ...more,
  };
}

export const SERVED: SkewCell = { serves: 'yes', verbs: VERBS };
export const ABSENT: SkewCell = { serves: 'no', verbs: [] };

export function skew(servers: readonly ServerStatus[], rows: readonly SkewRow[]): SkewReport {
  return {
    generatedAt: new Date().toISOString(),
    servers: servers.map(({ name, version = '', state, condition }) => ({
      name,
      version,
      ready: state === 'ready',
      condition,
    })),
    rows,
    findings: [],
    storage: null,
  };
}

/** As many rows as one wants, over six servers; every tenth differs. */
export function manyRows(count: number): readonly SkewRow[] {
  return Array.from({ length: count }, (_, at) => {
    const differs = at % 10 === 0;
    const cells = Array.from({ length: 6 }, (__, column) => (differs && column > 2 ? ABSENT : SERVED));
    const group = `team${at % 40}.example.com`;
    return row(`things${at}`, cells, {
      group,
      version: 'v1',
      kind: `Thing${at}`,
      findings: differs ? ['OnlyNewerReleases'] : [],
    });
  });
}

export function transition(to: string, more: Partial<ServerTransition> = {}): ServerTransition {
  return { at: new Date(Date.now() - 600_000).toISOString(), to, why: '', version: '1.36.3', ...more };
}

/** As `/servers/NAME/history` has it. */
export function historyOf({ histories, status }: PlayedFacts, name: string): readonly ServerTransition[] | undefined {
  const known = status.servers.find((each) => each.name === name);
  return histories[name] ?? (known && [transition(known.state, { why: known.condition, at: known.since })]);
}

export function decision(id: number, more: Partial<Decision> = {}): Decision {
  return {
    id,
    at: new Date(Date.now() - 1_000).toISOString(),
    method: 'GET',
    verb: 'get',
    group: 'apps',
    version: 'v1',
    resource: 'deployments',
    subresource: '',
    namespace: 'default',
    name: `web-${id}`,
    path: `/apis/apps/v1/namespaces/default/deployments/web-${id}`,
    client: 'kubectl',
    decision: 'PreferredCapable',
    server: 'cp-1',
    status: 200,
    attempts: 1,
    milliseconds: 3.2,
    error: '',
    unknownType: null,
    traceId: '',
    notable: false,
    ...more,
  };
}

export function item(id: number, more: Partial<TimelineItem> = {}): TimelineItem {
  return {
    id,
    at: new Date(Date.now() - 60_000).toISOString(),
    type: 'server-state',
    server: 'cp-1',
    to: 'ready',
    text: 'cp-1 is ready.',
    appeared: [],
    vanished: [],
    ...more,
  };
}

export function unexpected404(more: Partial<Unexpected404> = {}): Unexpected404 {
  return {
    group: 'batch',
    version: 'v1',
    resource: 'jobs',
    client: 'kube-controller-manager',
    server: 'cp-4',
    outcome: 'relayed',
    count: 1,
    lastAt: new Date(Date.now() - 20_000).toISOString(),
    lastPath: '/apis/batch/v1/jobs',
    ...more,
  };
}

export const EXPLANATION: Explanation = {
  method: 'GET',
  path: '/apis/apps/v1/deployments',
  request: {
    isResourceRequest: true,
    verb: 'list',
    apiGroup: 'apps',
    apiVersion: 'v1',
    namespace: '',
    resource: 'deployments',
    subresource: '',
    name: '',
  },
  refused: null,
  subject: 'deployments.v1.apps',
  servers: [],
  merged: false,
  preference: '',
  outcomes: [{ preferred: ['cp-1'], text: 'cp-1 answers: it serves deployments.' }],
  alone: null,
};

/** Six servers amid an upgrade, all well. */
export function facts(more: Partial<PlayedFacts> = {}): PlayedFacts {
  const servers = [1, 2, 3]
    .map((at) => server(`cp-${at}`, '1.37.2'))
    .concat([4, 5, 6].map((at) => server(`cp-${at}`, '1.36.3')));
  return {
    status: status(servers),
    skew: skew(servers, manyRows(100)),
    decisions: [],
    timeline: { since: new Date(Date.now() - 3_600_000).toISOString(), items: [] },
    unexpected404s: [],
    histories: {},
    explanation: EXPLANATION,
    ...more,
  };
}
