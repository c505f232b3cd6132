import assert from 'node:assert/strict';
import { after, before, describe, it, test } from 'node:test';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { discoveryOf, NOPEER, V2, V2_BETA_1, verbsByPath } from '../support/aggregated-discovery.ts';
import { type Answer, type HttpClient, header, requestOnce } from '../support/http-client.ts';
import { metricSum } from '../support/metrics.ts';
import { isUnknownResource } from '../support/unknown-resource.ts';
import { contentOf, type Reordered, reorderedLists } from './support-discovery-content.ts';
import { NativePair, type NativeSpec, reroutedRequests } from './support-native-pair.ts';

type Reorderings = Readonly<Record<string, Reordered>>;

interface PairCase {
  readonly title: string;
  readonly one: NativeSpec;
  readonly two: NativeSpec;
  /** Some of the entries that `one` lacks, and of those that `two` lacks. */
  readonly lacks: { readonly one: readonly string[]; readonly two: readonly string[] };
  /** The lists that each server has in another order than we. */
  readonly reordered: { readonly one: Reorderings; readonly two: Reorderings };
  /** The same once there is a custom resource. */
  readonly reorderedByCustom: { readonly one: Reorderings; readonly two: Reorderings };
}

// Explained in docs/discovery.md, "Compared with the native feature".
const ALPHA_BEFORE_BETA: Reorderings = {
  'versions of scheduling.k8s.io': {
    native: ['v1alpha2', 'v1beta1', 'v1alpha3'],
    ours: ['v1beta1', 'v1alpha3', 'v1alpha2'],
  },
};
const CUSTOM_BEFORE_BUILT_IN: Reorderings = {
  groups: {
    native: ['custom.example', 'storagemigration.k8s.io'],
    ours: ['storagemigration.k8s.io', 'custom.example'],
  },
};
const NONE = { one: {}, two: {} };

/** 1.36 lacks it. */
const MIGRATION = 'storagemigration.k8s.io/v1';

const allApis = (runtimeConfig: string): Omit<NativeSpec, 'version'> => ({
  runtimeConfig: `api/all=true${runtimeConfig}`,
  // Gives 1.36 scheduling.k8s.io/v1alpha2, and 1.37 v1beta1 and v1alpha3 instead.
  extraArgs: ['--feature-gates=GenericWorkload=true'],
});

const PAIRS: readonly PairCase[] = [
  {
    title: 'two servers of 1.36, each without a version the other has',
    one: { version: '1.36.3', runtimeConfig: 'batch/v1=false' },
    two: { version: '1.36.3', runtimeConfig: 'apps/v1=false' },
    lacks: {
      one: ['batch', 'batch/v1', 'batch/v1/cronjobs/status', 'batch/v1/jobs'],
      two: ['apps', 'apps/v1', 'apps/v1/deployments', 'apps/v1/deployments/scale'],
    },
    reordered: NONE,
    reorderedByCustom: NONE,
  },
  {
    title: '1.36 and 1.37 as they come',
    one: { version: '1.36.3' },
    two: { version: '1.37.2' },
    lacks: {
      one: [MIGRATION, 'certificates.k8s.io/v1/clustertrustbundles', 'storage.k8s.io/v1/csinodes/status'],
      two: [],
    },
    reordered: NONE,
    reorderedByCustom: { one: CUSTOM_BEFORE_BUILT_IN, two: {} },
  },
  {
    title: '1.36 and 1.37 with every API on',
    one: { version: '1.36.3', ...allApis('') },
    two: { version: '1.37.2', ...allApis(',resource.k8s.io/v1beta1=false,resource.k8s.io/v1beta2=false') },
    lacks: {
      one: [MIGRATION, 'scheduling.k8s.io/v1beta1', 'scheduling.k8s.io/v1alpha3'],
      two: ['scheduling.k8s.io/v1alpha2', 'resource.k8s.io/v1beta1', 'resource.k8s.io/v1beta2'],
    },
    reordered: { one: ALPHA_BEFORE_BETA, two: ALPHA_BEFORE_BETA },
    reorderedByCustom: { one: { ...ALPHA_BEFORE_BETA, ...CUSTOM_BEFORE_BUILT_IN }, two: ALPHA_BEFORE_BETA },
  },
];

const CUSTOM = 'widgets.custom.example';
const CRD = {
  metadata: { name: CUSTOM },
  spec: {
    group: 'custom.example',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object' } },
        subresources: { status: {} },
      },
    ],
  },
};
const UNREACHABLE = 'v1.unreachable.example';
/** An aggregated API whose server never was. */
const API_SERVICE = {
  metadata: { name: UNREACHABLE },
  spec: {
    group: 'unreachable.example',
    version: 'v1',
    groupPriorityMinimum: 1000,
    versionPriority: 15,
    insecureSkipTLSVerify: true,
    service: { namespace: 'default', name: 'nowhere' },
  },
};

for (const { title, one, two, lacks, reordered, reorderedByCustom } of PAIRS) {
  describe(`${title}, both with their own mixed version proxy`, () => {
    let pair: NativePair;

    before(async () => {
      pair = await NativePair.start(one, two);
      await pair.converged([]);
    });

    after(() => pair?.stop());

    it('differ in what they serve, and list it all', async () => {
      const local = (await pair.local()).map(verbsByPath);
      for (const [index, paths] of [lacks.one, lacks.two].entries()) {
        for (const path of paths) {
          assert.ok(!local[index]?.has(path), `${path} is lacking`);
          assert.ok(local[1 - index]?.has(path), `${path} is served by the other`);
        }
      }
      for (const merged of await pair.native()) {
        for (const path of [...lacks.one, ...lacks.two]) assert.ok(verbsByPath(merged).has(path), path);
      }
    });

    describe('with built-in APIs alone', () => {
      comparesWithOurs(() => pair, reordered);
    });

    describe('with a custom resource and an aggregated API that nobody answers for', () => {
      before(async () => {
        for (const [target, body] of [
          ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions', CRD],
          ['/apis/apiregistration.k8s.io/v1/apiservices', API_SERVICE],
        ] as const) {
          const { status, body: answer } = await pair.ours.request({ method: 'POST', target, body });
          assert.equal(status, 201, answer.toString());
        }
        await pair.converged(['custom.example/v1/widgets/status', 'unreachable.example/v1']);
      });

      it('say that it is stale', async () => {
        for (const document of [...(await pair.native()), await discoveryOf(pair.ours, '/apis', V2)]) {
          const content = contentOf(document);
          assert.deepEqual(content.get('unreachable.example/v1'), { version: 'v1', freshness: 'Stale' });
          assert.equal(content.get('custom.example/v1')?.['freshness'], 'Current');
        }
      });

      comparesWithOurs(() => pair, reorderedByCustom);
    });

    it('keep what only one serves out of every other shape, which we merge', async () => {
      const path = lacks.one.find((lacking) => lacking.split('/').length === 2) ?? '';
      const ask = async (client: HttpClient, target: string, accept: string): Promise<Answer> =>
        client.request({ target, headers: ['accept', accept] });

      assert.equal((await ask(pair.one, `/apis/${path}`, 'application/json')).status, 404);
      assert.equal((await ask(pair.ours, `/apis/${path}`, 'application/json')).status, 200);
      assert.equal((await ask(pair.one, '/apis', V2_BETA_1)).status, 406);
      const beta = await ask(pair.ours, '/apis', V2_BETA_1);
      const v2 = await discoveryOf(pair.ours, '/apis', V2);
      assert.deepEqual({ ...JSON.parse(beta.body.toString()), apiVersion: v2.apiVersion }, v2);
      const openApi = await Promise.all(
        [pair.one, pair.two, pair.ours].map(
          async (client) => (await ask(client, '/openapi/v3', 'application/json')).body,
        ),
      );
      assert.deepEqual(
        openApi.map((body) => body.includes(`"apis/${path}"`)),
        [false, true, true],
        'in OpenAPI v3 of the server that lacks it, of the one that has it, and in ours',
      );
    });

    it('answer /api alike, of which they merge nothing', async () => {
      const bodies = await Promise.all(
        [pair.one, pair.two, pair.ours].flatMap((client) =>
          [V2, NOPEER].map(async (accept) => JSON.stringify(await discoveryOf(client, '/api', accept))),
        ),
      );
      assert.equal(new Set(bodies).size, 1);
    });
  });
}

/** Both servers' merged documents beside ours. */
function comparesWithOurs(
  given: () => NativePair,
  reordered: { readonly one: Reorderings; readonly two: Reorderings },
): void {
  for (const name of ['one', 'two'] as const) {
    const expected = reordered[name];
    const isSame = Object.keys(expected).length === 0;

    it(`${name} merges to the content of our document, every field of every entry`, async (t) => {
      const ours = contentOf(await discoveryOf(given().ours, '/apis', V2));
      assert.deepEqual(ours, contentOf(await discoveryOf(given()[name], '/apis', V2)));
      t.diagnostic(`${ours.size} groups, versions, resources and subresources`);
    });

    it(`${name} has ${isSame ? 'our order' : `another order of ${Object.keys(expected).join(', ')}`}`, async () => {
      const [ours, native] = await Promise.all(
        [given().ours, given()[name]].map((one) => discoveryOf(one, '/apis', V2)),
      );
      assert.ok(ours !== undefined && native !== undefined);
      assert.deepEqual(reorderedLists(ours, native), expected);
    });

    it(`${name} ${isSame ? 'publishes our bytes and our ETag' : 'differs from our bytes in that alone'}`, async () => {
      const clients = [given().ours, given()[name]] as const;
      const ask = async (etag = ''): Promise<Answer[]> =>
        Promise.all(
          clients.map((one) => one.request({ target: '/apis', headers: ['accept', V2, 'if-none-match', etag] })),
        );
      const [ours, native] = await ask();
      assert.ok(ours !== undefined && native !== undefined);
      assert.equal(native.body.equals(ours.body), isSame);
      assert.deepEqual(Buffer.from(native.body).sort(), Buffer.from(ours.body).sort());
      assert.equal(header(native, 'content-type'), header(ours, 'content-type'));
      const conditional = await ask(header(ours, 'etag'));
      assert.deepEqual(
        conditional.map(({ status }) => status),
        [304, isSame ? 304 : 200],
      );
    });
  }
}

describe('the proxy in front of servers that forward by themselves', () => {
  const JOBS = '/apis/batch/v1/namespaces/default/jobs';
  const LOCAL_ONLY = ['x-kubernetes-peer-proxied', 'true'];
  let pair: NativePair;

  before(async () => {
    pair = await NativePair.start({ version: '1.36.3', runtimeConfig: 'batch/v1=false' }, { version: '1.36.3' });
    await pair.converged([]);
  });

  after(() => pair?.stop());

  test('a server sends on what it lacks, unless it is told that somebody else did', async () => {
    const sent = await reroutedRequests(pair.one, 'jobs');
    assert.equal((await pair.one.request({ target: JOBS })).status, 200);
    assert.equal(await reroutedRequests(pair.one, 'jobs'), sent + 1);
    assert.ok(isUnknownResource(await pair.one.request({ target: JOBS, headers: LOCAL_ONLY })));
    assert.equal(await reroutedRequests(pair.one, 'jobs'), sent + 1);
  });

  test('sees what each serves by itself, and leaves nothing to be sent on', async () => {
    const options = { extraArgs: [`--local-server=${pair.server('one').url}`], name: 'sidecar' };
    const sidecar = await startProxy(pair.controlPlane, options);
    const client = pair.client(sidecar);
    const before = await Promise.all([pair.one, pair.two].map((server) => reroutedRequests(server, 'jobs')));
    const local = await discoveryOf(client, '/apis', NOPEER);
    assert.ok(!verbsByPath(local).has('batch/v1'));
    for (let i = 0; i < 20; i++) {
      assert.equal((await client.request({ target: JOBS })).status, 200);
      // Each connection of a client has a preferred server of its own.
      const { pki } = pair.controlPlane;
      const options = {
        url: pair.gateway.url,
        protocol: 'h2',
        ca: pki.servingCa.cert,
        certificate: pki.admin,
      } as const;
      assert.equal((await requestOnce(options, { target: JOBS })).status, 200);
    }
    assert.equal(await metricSum(sidecar, 'mvproxy_requests_total', 'decision="PeerServesResource"'), 20);
    const crossed = await metricSum(pair.gateway, 'mvproxy_requests_total', 'decision="PeerServesResource"');
    assert.ok(crossed > 0, 'the gateway preferred the server that lacks them, too');
    const after = await Promise.all([pair.one, pair.two].map((server) => reroutedRequests(server, 'jobs')));
    assert.deepEqual(after, before);
  });

  test('serves clients that claim to be a server sending on', async () => {
    for (let i = 0; i < 5; i++) {
      assert.equal((await pair.ours.request({ target: JOBS, headers: LOCAL_ONLY })).status, 200);
    }
  });
});
