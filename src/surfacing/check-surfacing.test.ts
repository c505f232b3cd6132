import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mergeDiscovery } from '../discovery/merge.ts';
import { publishDiscovery } from '../discovery/published-discovery.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import type { Answer } from './answer.ts';
import { checkSurfacing } from './check-surfacing.ts';
import { REASONS, type ReasonCode } from './reasons.ts';
import type { Shape, ShapeFinding } from './shape.ts';
import type { SurfacingReport } from './surfacing-report.ts';
import { surfacingTarget } from './surfacing-target.ts';
import { type AskedServer, askedServer, openAPIPaths } from './testing/asked-server.ts';
import { apiServiceObject, definitionObject } from './testing/cluster-objects.ts';

const PODS = { v1: { pods: ['get'] } };
const PLAIN = discoveryOf({ ...PODS, 'apps/v1': { deployments: ['get'] } });
const WIDGETS = { 'example.com/v1': { widgets: ['get', 'list'] } };
const WITH_WIDGETS = discoveryOf({ ...PODS, 'apps/v1': { deployments: ['get'] }, ...WIDGETS });
const WIDGET_DEFINITION = definitionObject('widgets.example.com');
/** Every real server keeps some. */
const OBJECTS = { apiServices: [apiServiceObject('apps/v1')] };
const REGISTERED = {
  apiServices: [...OBJECTS.apiServices, apiServiceObject('example.com/v1', { automanaged: 'true' })],
};

interface Check {
  readonly servers: readonly AskedServer[];
  /** Default: the union of what the proxy has read. null: no merged view. */
  readonly merged?: ServerDiscovery | null;
}

const seen = new Set<ReasonCode>();

async function check(text: string, { servers, merged }: Check): Promise<SurfacingReport> {
  const known = servers.map(askedServer);
  const inputs = known.flatMap(({ name, version, condition, tables }) =>
    tables === undefined ? [] : [{ server: name, version, ready: condition === '', fresh: true, discovery: tables }],
  );
  const union = merged === undefined ? mergeDiscovery(inputs) : merged;
  const published = union === null ? undefined : await publishDiscovery(union);
  const described = merged ? [merged] : known.flatMap(({ tables }) => tables ?? []);
  const paths = [...new Set(described.flatMap(openAPIPaths))];
  const openapiV3: Answer<readonly string[]> =
    union === null ? { kind: 'not-offered' } : { kind: 'read', value: paths };
  const report = await checkSurfacing(surfacingTarget(text), {
    servers: known,
    merged: () => Promise.resolve({ published, openapiV3 }),
  });
  for (const { code } of report.remarks) seen.add(code);
  return report;
}

const codes = ({ remarks }: SurfacingReport) => remarks.map(({ code }) => code);
const finding = ({ versions }: SurfacingReport, shape: Shape, server: string): ShapeFinding | undefined => {
  const row = versions[0]?.shapes.find((each) => each.shape === shape);
  return server === 'merged' ? row?.merged : row?.servers[server];
};

const both = (options: Omit<AskedServer, 'name' | 'version'>): readonly AskedServer[] => [
  { name: 'old', version: 'v1.34.4', ...options },
  { name: 'new', version: 'v1.37.2', ...options },
];

test('a type that everybody serves is surfaced everywhere, and nothing is remarked', async () => {
  for (const text of ['widgets.example.com', 'widgets.v1.example.com', 'example.com/v1/widgets', 'example.com']) {
    const report = await check(text, {
      servers: both({ serves: WITH_WIDGETS, definitions: [WIDGET_DEFINITION], ...REGISTERED, beta: true }),
    });
    assert.deepEqual([report.verdict, report.remarks], ['surfaced', []], text);
    assert.equal(report.target.group, 'example.com');
    assert.deepEqual(
      report.versions[0]?.shapes.map(({ shape, servers, merged }) => [shape, servers['old']?.state, merged.state]),
      [
        ...['v2', 'v2beta1', 'root', 'group', 'version', 'openapiV3'].map((shape) => [shape, 'listed', 'listed']),
        ['crd', 'listed', 'not-applicable'],
        ['apiService', 'listed', 'not-applicable'],
      ],
    );
  }
});

test('the core group has no group document and no definitions', async () => {
  for (const text of ['core', '', 'pods', 'core/v1', 'v1/pods']) {
    const report = await check(text, { servers: both({ serves: PLAIN, apiServices: [apiServiceObject('/v1')] }) });
    assert.deepEqual([report.verdict, report.remarks], ['surfaced', []], text);
    assert.deepEqual(
      report.versions.flatMap(({ shapes }) => shapes.map(({ shape, path }) => `${shape} ${path}`)),
      ['v2 /api', 'v2beta1 /api', 'root /api', 'version /api/v1', 'openapiV3 /openapi/v3', 'apiService v1.'],
    );
  }
});

test('a form that a server does not offer is no gap', async () => {
  const report = await check('apps/v1', { servers: both({ serves: PLAIN, ...OBJECTS }) });
  assert.equal(finding(report, 'v2beta1', 'new')?.state, 'not-applicable');
  assert.equal(report.verdict, 'surfaced');
});

test('a server before aggregated discovery is judged by its resource lists', async () => {
  const refuses = (path: string) => (path === '/api' || path === '/apis' ? 406 : undefined);
  const ancient = { name: 'ancient', version: 'v1.25.0', serves: PLAIN, ...OBJECTS, refuses };
  const report = await check('apps/v1/deployments', { servers: [ancient] });
  assert.equal(finding(report, 'version', 'ancient')?.state, 'listed');
  assert.equal(report.verdict, 'surfaced');
});

test('what only a newer or only an older release has is said with the release', async () => {
  const [old, newer] = both({ serves: PLAIN, ...OBJECTS });
  assert.ok(old && newer);
  const serves = { serves: WITH_WIDGETS, apiServices: [...OBJECTS.apiServices, apiServiceObject('example.com/v1')] };
  const { apiServices } = serves;
  const up = await check('example.com', {
    servers: [
      { ...old, apiServices },
      { ...newer, ...serves },
    ],
  });
  assert.deepEqual([codes(up), up.verdict], [['OnlyNewerReleases'], 'surfaced-with-remarks']);
  assert.match(up.remarks[0]?.message ?? '', /exists from 1\.37\.2 on/);
  assert.deepEqual(up.remarks[0]?.servers, ['old']);
  const down = await check('example.com', {
    servers: [
      { ...old, ...serves },
      { ...newer, apiServices },
    ],
  });
  assert.deepEqual(codes(down), ['OnlyOlderReleases']);
  assert.match(down.remarks[0]?.message ?? '', /exists up to 1\.34\.4/);
  const alike = await check('example.com', {
    servers: [
      { ...newer, apiServices },
      { ...newer, ...serves, name: 'twin' },
    ],
  });
  assert.deepEqual(codes(alike), ['ServersDiffer']);
});

test('resources that only some servers of a group-version have are named', async () => {
  const more = discoveryOf({ ...PODS, 'apps/v1': { deployments: ['get'], rockets: ['get'] } });
  const [old, newer] = both({ serves: PLAIN, ...OBJECTS });
  assert.ok(old && newer);
  const report = await check('apps/v1', { servers: [old, { ...newer, serves: more }] });
  assert.deepEqual(codes(report), ['ResourcesDiffer']);
  assert.match(report.remarks[0]?.message ?? '', /only new \(1\.37\.2\) serves: rockets\./);
});

test('a type that nobody serves comes with the nearest name', async () => {
  const servers = both({ serves: WITH_WIDGETS, definitions: [WIDGET_DEFINITION], ...REGISTERED });
  for (const [text, suggestion] of [
    ['wigets.example.com', 'Did you mean widgets?'],
    ['exampel.com', 'Did you mean example.com?'],
    ['example.com/v2', 'Of example.com there is v1.'],
    ['podz', 'Did you mean pods?'],
    ['apsp', 'Did you mean apps?'],
    ['deploymnets.apps', 'Did you mean deployments?'],
  ] as const) {
    const report = await check(text, { servers });
    assert.equal(report.verdict, 'not-surfaced', text);
    assert.equal(report.remarks[0]?.code, 'ServedNowhere', text);
    assert.equal(codes(report).includes('CRDAbsent'), text === 'wigets.example.com' || text === 'exampel.com', text);
    assert.ok(report.remarks[0]?.message.endsWith(suggestion), `${text}: ${report.remarks[0]?.message}`);
  }
  const strange = await check('things.nowhere.test', { servers });
  assert.deepEqual(codes(strange), ['ServedNowhere', 'CRDAbsent']);
  assert.doesNotMatch(strange.remarks[0]?.message ?? '', /Did you mean/);
});

for (const [code, definition, message] of [
  [
    'CRDNotEstablished',
    definitionObject('widgets.example.com', { Established: ['False', 'wait'] }),
    /EstablishedReason: wait/,
  ],
  [
    'CRDNamesConflict',
    definitionObject('widgets.example.com', { NamesAccepted: ['False', '"wd" is taken'] }),
    /"wd" is taken/,
  ],
  [
    'CRDTerminating',
    definitionObject(
      'widgets.example.com',
      { Terminating: ['True', 'going'] },
      { deletionTimestamp: '2026-01-01T00:00:00Z' },
    ),
    /TerminatingReason: going/,
  ],
  [
    'CRDVersionNotServed',
    definitionObject(
      'widgets.example.com',
      {},
      {
        versions: [
          { name: 'v1', served: false },
          { name: 'v2', served: true },
        ],
      },
    ),
    /has it with served: false\. It serves v2\./,
  ],
  [
    'CRDVersionNotServed',
    definitionObject('widgets.example.com', {}, { versions: [{ name: 'v2', served: true }] }),
    /does not have it\. It serves v2\./,
  ],
  ['CRDLag', WIDGET_DEFINITION, /is Established, and old \(1\.34\.4\) and new \(1\.37\.2\) do not serve it yet/],
] as const) {
  test(`${code} is why nobody serves it (${message.source})`, async () => {
    const report = await check('example.com/v1/widgets', {
      servers: both({ serves: PLAIN, definitions: [definition], ...OBJECTS }),
    });
    assert.deepEqual([report.verdict, codes(report)], ['not-surfaced', [code]]);
    assert.match(report.remarks[0]?.message ?? '', message);
  });
}

test('a definition that some servers have not taken up yet is lag, not skew', async () => {
  const [old, newer] = both({ serves: PLAIN, definitions: [WIDGET_DEFINITION], ...REGISTERED });
  assert.ok(old && newer);
  const report = await check('widgets.example.com', { servers: [old, { ...newer, serves: WITH_WIDGETS }] });
  assert.deepEqual([report.verdict, codes(report)], ['surfaced-with-remarks', ['CRDLag']]);
  assert.deepEqual(report.remarks[0]?.servers, ['old']);
});

test('a definition that is deleted while servers still list the type is said to be', async () => {
  const report = await check('widgets.example.com', { servers: both({ serves: WITH_WIDGETS, ...REGISTERED }) });
  assert.deepEqual(codes(report), ['CRDDeleted']);
});

test('of a group every definition is looked at, and none alone makes the group unsurfaced', async () => {
  const broken = definitionObject('gadgets.example.com', { NamesAccepted: ['False', 'taken'] });
  const report = await check('example.com', {
    servers: both({ serves: WITH_WIDGETS, definitions: [WIDGET_DEFINITION, broken], ...REGISTERED }),
  });
  assert.deepEqual([report.verdict, codes(report)], ['surfaced-with-remarks', ['CRDNamesConflict']]);
});

test('an APIService that an older server deleted: the cause, the culprit and the cure', async () => {
  const unregistered = ['example.com'];
  const report = await check('example.com/v1', {
    servers: [
      { name: 'old', version: 'v1.34.4', serves: PLAIN, ...OBJECTS },
      { name: 'new', version: 'v1.37.2', serves: WITH_WIDGETS, ...OBJECTS, unregistered },
    ],
  });
  assert.deepEqual(
    [report.verdict, codes(report)],
    ['surfaced-with-remarks', ['OnlyNewerReleases', 'APIServiceDeletedByOlderServer']],
  );
  const remark = report.remarks[1];
  assert.deepEqual(remark?.servers, ['old']);
  assert.match(remark.message, /v1\.example\.com is missing although new \(1\.37\.2\) serves/);
  assert.match(remark.message, /A start of old \(1\.34\.4\) deleted it/);
  assert.match(remark.message, /The proxy lists it nevertheless/);
  assert.match(remark.remedy, /^Restart new:.*Every later start of old deletes it again/);
  assert.equal(finding(report, 'root', 'new')?.state, 'missing');
  assert.equal(finding(report, 'root', 'merged')?.state, 'listed');
});

test('a missing APIService is not blamed on a server that is not older, nor claimed to be merged when it is not', async () => {
  const servers = both({ serves: WITH_WIDGETS, ...OBJECTS });
  const report = await check('example.com/v1', { servers });
  assert.deepEqual(codes(report), ['APIServiceMissing']);
  const unmerged = await check('example.com/v1', { servers, merged: PLAIN });
  assert.deepEqual([unmerged.verdict, codes(unmerged)], ['not-surfaced', ['APIServiceMissing', 'NotMerged']]);
  assert.doesNotMatch(unmerged.remarks[0]?.message ?? '', /nevertheless/);
});

test('a server without any APIService objects is not judged by them', async () => {
  const refuses = (path: string) => (path.endsWith('/apiservices') ? 404 : undefined);
  const without = await check('apps/v1', { servers: both({ serves: PLAIN, refuses }) });
  assert.deepEqual([without.verdict, finding(without, 'apiService', 'new')?.state], ['surfaced', 'not-applicable']);
  const report = await check('apps/v1', { servers: both({ serves: PLAIN }) });
  assert.deepEqual([report.verdict, finding(report, 'apiService', 'new')?.state], ['surfaced', 'not-applicable']);
});

test('an extension server that is down makes its group Stale, with the message of its APIService', async () => {
  const stale = discoveryOf({ ...PODS, 'metrics.test/v1': {} }, ['metrics.test/v1']);
  const refuses = (path: string) => (path === '/apis/metrics.test/v1' ? 503 : undefined);
  const down = apiServiceObject('metrics.test/v1', { service: 'metrics', available: ['False', 'no endpoints'] });
  const report = await check('metrics.test', { servers: both({ serves: stale, apiServices: [down], refuses }) });
  assert.deepEqual([report.verdict, codes(report)], ['surfaced-with-remarks', ['APIServiceUnavailable']]);
  assert.match(
    report.remarks[0]?.message ?? '',
    /AvailableReason: no endpoints\): the extension server behind Service default\/metrics/,
  );
  assert.equal(finding(report, 'v2', 'merged')?.state, 'stale');
  assert.equal(finding(report, 'version', 'merged')?.state, 'stale');
  assert.equal(finding(report, 'version', 'new')?.state, 'stale');
});

test('servers that hang, are dead, fail or have left are named, and what they served is not forgotten', async () => {
  const builtIn = { apiServices: [...OBJECTS.apiServices, apiServiceObject('example.com/v1')] };
  const lost = { serves: WITH_WIDGETS, ...builtIn };
  const servers: readonly AskedServer[] = [
    { name: 'hung', version: 'v1.37.2', ...lost, condition: 'no answer', state: 'unready', refuses: () => ({}) },
    {
      name: 'dead',
      version: 'v1.37.2',
      ...lost,
      condition: 'refused',
      state: 'unready',
      refuses: () => ({ cause: 'connect', reason: 'refused', message: 'nobody listens' }),
    },
    {
      name: 'gone',
      version: 'v1.37.2',
      ...lost,
      state: 'gone',
      condition: 'left 3 s ago',
      refuses: () => ({ cause: 'connect', reason: 'refused' }),
    },
    { name: 'live', version: 'v1.34.4', serves: PLAIN, ...builtIn },
  ];
  const report = await check('example.com', { servers });
  assert.equal(report.verdict, 'surfaced-with-remarks');
  assert.deepEqual(codes(report), ['OnlyNewerReleases', 'Stale', 'ServerHung', 'ServerUnreachable', 'ServerGone']);
  assert.match(report.remarks[3]?.message ?? '', /nobody listens; its state is unready: refused/);
  assert.equal(finding(report, 'v2', 'hung')?.state, 'unknown');
});

test('a server that answers but is not ready, whose discovery fails, or that answers badly is said to', async () => {
  const refuses = (path: string) => (path === '/openapi/v3' ? 500 : undefined);
  const report = await check('apps', {
    servers: [
      {
        name: 'ill',
        version: 'v1.37.2',
        serves: PLAIN,
        ...OBJECTS,
        condition: 'etcd',
        state: 'unready',
        discoveryFailure: 'half a document',
        refuses,
      },
    ],
  });
  assert.deepEqual(codes(report), ['Stale', 'ServerNotReady', 'DiscoveryFailing', 'LookingFailed']);
  assert.match(report.remarks[3]?.message ?? '', /GET \/openapi\/v3 was answered 500/);
  assert.equal(finding(report, 'openapiV3', 'ill')?.state, 'unknown');
});

test('what the proxy may not look at is named with the rule that is missing, once for equal servers', async () => {
  const refuses = (path: string) => (/^\/apis\/api(extensions|registration)/.test(path) ? 403 : undefined);
  const report = await check('apps/v1', { servers: both({ serves: PLAIN, refuses }) });
  assert.deepEqual(codes(report), ['LookingForbidden']);
  assert.deepEqual(report.remarks[0]?.servers, ['old', 'new']);
  assert.match(
    report.remarks[0]?.message ?? '',
    /list customresourcedefinitions in apiextensions\.k8s\.io; list apiservices/,
  );
  const all = await check('apps/v1', { servers: both({ serves: PLAIN, refuses: () => 401 }) });
  assert.match(all.remarks[0]?.message ?? '', /ClusterRole system:discovery/);
});

test('tables that are behind a server are told from the server', async () => {
  const early = await check('example.com', { servers: both({ serves: WITH_WIDGETS, tables: PLAIN, ...REGISTERED }) });
  assert.deepEqual([early.verdict, codes(early)], ['not-surfaced', ['NotInTables', 'NotInTables', 'NotMerged']]);
  assert.match(early.remarks[0]?.message ?? '', /its discovery was read 1\.5 s ago/);
  const late = await check('example.com', { servers: both({ serves: PLAIN, tables: WITH_WIDGETS, ...OBJECTS }) });
  assert.deepEqual(
    [late.verdict, codes(late)],
    ['not-surfaced', ['ServedNowhere', 'CRDAbsent', 'StillInTables', 'StillInTables']],
  );
});

test('a document of a server that contradicts its others is named', async () => {
  const report = await check('apps/v1', { servers: both({ serves: PLAIN, ...OBJECTS, unregistered: ['apps'] }) });
  assert.deepEqual(codes(report), ['MissingInShape', 'MissingInShape']);
  assert.match(report.remarks[0]?.message ?? '', /leave it out of their own unaggregated root/);
});

test('without a merged view the servers alone decide', async () => {
  const report = await check('apps', { servers: both({ serves: PLAIN, ...OBJECTS }), merged: null });
  assert.deepEqual([report.verdict, codes(report)], ['surfaced-with-remarks', ['NoMergedView']]);
  const absent = await check('nothing.test', { servers: both({ serves: PLAIN, ...OBJECTS }), merged: null });
  assert.equal(absent.verdict, 'not-surfaced');
});

test('each version of a group is judged for itself, in Kubernetes’ order', async () => {
  const two = discoveryOf({
    ...PODS,
    'example.com/v1': { widgets: ['get'] },
    'example.com/v1beta1': { widgets: ['get'] },
  });
  const apiServices = ['v1', 'v1beta1'].map((version) => apiServiceObject(`example.com/${version}`));
  const [old, newer] = both({ serves: two, apiServices });
  assert.ok(old && newer);
  const serves = discoveryOf({ ...PODS, 'example.com/v1': { widgets: ['get'] } });
  const report = await check('example.com', { servers: [old, { ...newer, serves }] });
  assert.deepEqual(
    report.versions.map(({ version }) => version),
    ['v1', 'v1beta1'],
  );
  assert.deepEqual(codes(report), ['OnlyOlderReleases']);
  assert.equal(
    report.summary,
    'example.com/v1beta1 is surfaced through the proxy, with one remark. example.com/v1 is surfaced everywhere: by every server and, through the proxy, in every shape.',
  );
});

test('a server that cannot be asked is not taken for one that serves less', async () => {
  const [old, newer] = both({ serves: PLAIN, ...OBJECTS });
  assert.ok(old && newer);
  const report = await check('apps/v1', { servers: [old, { ...newer, refuses: () => ({}) }] });
  assert.deepEqual(codes(report), ['ServerHung']);
});

test('a server that answers nothing is asked no further questions', async () => {
  let asked = 0;
  const refuses = () => {
    asked++;
    return {};
  };
  await check('example.com/v1/widgets', {
    servers: [{ name: 'hung', version: 'v1.37.2', serves: WITH_WIDGETS, refuses }],
  });
  assert.equal(asked, 5);
});

after(() => {
  assert.deepEqual(
    Object.keys(REASONS).filter((code) => ![...seen].some((each) => each === code)),
    [],
  );
});
