import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import {
  type Discovery,
  discoveryOf,
  NOPEER,
  ROOTS,
  unionOf,
  V2,
  V2_BETA_1,
  verbsByPath,
} from '../support/aggregated-discovery.ts';
import { eventually } from '../support/eventually.ts';
import { type Answer, type HttpClient, header, headerValues, httpClient, PROTOCOLS } from '../support/http-client.ts';
import { assertSameAnswer } from '../support/same-answer.ts';

/** With every API on, the three releases differ in two dozen entries, in both directions. */
const runtimeConfig = 'api/all=true';
/** Leaves 1.37 with v1 and v1alpha3, between which the betas of the others belong. */
const withoutBetas = `${runtimeConfig},resource.k8s.io/v1beta1=false,resource.k8s.io/v1beta2=false`;
/** Gives 1.36 scheduling.k8s.io/v1alpha2, and 1.37 v1beta1 and v1alpha3 instead: versions that must interleave. */
const extraArgs = ['--feature-gates=GenericWorkload=true'];
const controlPlane = await startControlPlane({
  servers: [
    { name: 'older', version: '1.34.4', runtimeConfig },
    { name: 'old', version: '1.36.3', runtimeConfig, extraArgs },
    { name: 'new', version: '1.37.2', runtimeConfig: withoutBetas, extraArgs },
  ],
});
after(() => controlPlane.stop());
const { pki, servers } = controlPlane;

const clients: HttpClient[] = [];
after(() => {
  for (const client of clients) client.close();
});

function clientOf({ url }: { readonly url: string }, protocol: 'h2' | 'http/1.1' = 'h2'): HttpClient {
  const client = httpClient({ url, protocol, ca: pki.servingCa.cert, certificate: pki.jane });
  clients.push(client);
  return client;
}

/** Versions that come from two servers each. */
const INTERLEAVED = new Map([
  ['scheduling.k8s.io', ['v1', 'v1beta1', 'v1alpha3', 'v1alpha2']],
  ['resource.k8s.io', ['v1', 'v1beta2', 'v1beta1', 'v1alpha3']],
]);

/** clustertrustbundles are in it from 1.37 on. */
const CERTIFICATES = '/apis/certificates.k8s.io/v1';
/** Aggregated discovery does not have it, so that nobody can merge it. */
const HASH = /,\s*"storageVersionHash": ?"[^"]*"/g;

const [gateway, replica, sidecar] = await Promise.all([
  startProxy(controlPlane, { name: 'gateway' }),
  startProxy(controlPlane, { name: 'replica', servers: servers.toReversed() }),
  startProxy(controlPlane, { name: 'sidecar', extraArgs: [`--local-server=${controlPlane.server('older').url}`] }),
]);
const merged = clientOf(gateway);
const own = servers.map((server) => clientOf(server));
const newest = clientOf(controlPlane.server('new'));

// Servers that have just started may still change what they say, which a proxy reads some seconds later.
await eventually('every proxy lists what the servers do', async () => {
  for (const root of ROOTS) {
    const union = unionOf(await Promise.all(own.map((client) => discoveryOf(client, root, NOPEER))));
    for (const { url } of [gateway, replica, sidecar]) {
      const document = await discoveryOf(clientOf({ url }), root, V2);
      const isCurrent = document.items.every(({ versions }) => versions.every((one) => one.freshness === 'Current'));
      if (!isCurrent || !isDeepStrictEqual(verbsByPath(document), union)) return false;
    }
  }
  return true;
});

const ask = (client: HttpClient, target: string, headers: readonly string[]): Promise<Answer> =>
  client.request({ target, headers });

describe('the union', () => {
  for (const root of ROOTS) {
    for (const accept of [V2, V2_BETA_1]) {
      test(`${root} (${accept}) is the union of the servers' own documents`, async (t) => {
        const documents = await Promise.all(own.map((client) => discoveryOf(client, root, NOPEER)));
        const actual = await discoveryOf(merged, root, accept);
        const union = unionOf(documents);
        assert.deepEqual(sorted(verbsByPath(actual)), sorted(union));
        assert.equal(actual.kind, 'APIGroupDiscoveryList');
        assert.equal(actual.apiVersion, accept === V2 ? 'apidiscovery.k8s.io/v2' : 'apidiscovery.k8s.io/v2beta1');
        const alone = documents.map((document) => verbsByPath(document).size);
        t.diagnostic(`${union.size} entries; the servers have ${alone.join(', ')} of them`);
        if (root === '/apis') assert.ok(alone.every((size) => size < union.size));
      });
    }

    test(`every entry of ${root} is described as a server describes it, and is Current`, async () => {
      const described = (document: Discovery) =>
        document.items.flatMap(({ metadata, versions }) =>
          versions.flatMap(({ version, resources = [] }) =>
            resources.map(({ verbs: _verbs, subresources: _subresources, ...rest }) => ({
              path: `${metadata.name}/${version}/${rest.resource}`,
              text: JSON.stringify(rest),
            })),
          ),
        );
      const documents = await Promise.all(own.map((client) => discoveryOf(client, root, NOPEER)));
      const known = new Set(documents.flatMap(described).map(({ path, text }) => `${path} ${text}`));
      const actual = await discoveryOf(merged, root, V2);
      for (const { path, text } of described(actual)) assert.ok(known.has(`${path} ${text}`), `${path}: ${text}`);
      const stale = actual.items.flatMap(({ versions }) => versions.filter(({ freshness }) => freshness !== 'Current'));
      assert.deepEqual(stale, []);
    });
  }

  test('groups stand in the order of the newest server, and those it lacks do not disturb it', async () => {
    const leading = (await discoveryOf(newest, '/apis', NOPEER)).items.map(({ metadata }) => metadata.name);
    const groups = (await discoveryOf(merged, '/apis', V2)).items.map(({ metadata }) => metadata.name);
    assert.deepEqual(
      groups.filter((group) => leading.includes(group)),
      leading,
    );
  });

  test('the preferred version of each group is the newest server’s, else Kubernetes’ choice', async () => {
    const preferred = new Map(
      (await discoveryOf(newest, '/apis', NOPEER)).items.map(({ metadata, versions }) => [
        metadata.name,
        versions[0]?.version,
      ]),
    );
    for (const { metadata, versions } of (await discoveryOf(merged, '/apis', V2)).items) {
      const names = versions.map(({ version }) => version);
      assert.equal(names[0], preferred.get(metadata.name) ?? names.toSorted(byStability)[0], metadata.name);
      assert.deepEqual(names, names.toSorted(byStability), `${metadata.name}: stable before beta before alpha`);
      const interleaved = INTERLEAVED.get(metadata.name ?? '');
      if (interleaved !== undefined) assert.deepEqual(names, interleaved, metadata.name);
    }
  });
});

describe('the server-local view', () => {
  for (const root of ROOTS) {
    for (const [name, headers] of [
      ['JSON', ['accept', NOPEER]],
      ['JSON, compressed', ['accept', NOPEER, 'accept-encoding', 'gzip']],
      ['protobuf', ['accept', NOPEER.replace('json', 'vnd.kubernetes.protobuf')]],
      ['YAML', ['accept', NOPEER.replace('json', 'yaml')]],
      ['JSON, first choice of several', ['accept', `${NOPEER},${V2},application/json`]],
    ] as const) {
      test(`profile=nopeer of ${root} (${name}) is byte for byte the local server's own`, async () => {
        for (const protocol of PROTOCOLS) {
          const through = await ask(clientOf(sidecar, protocol), root, headers);
          const direct = await ask(clientOf(controlPlane.server('older'), protocol), root, headers);
          assert.equal(direct.status, 200);
          assert.ok(header(direct, 'etag'));
          assertSameAnswer(through, direct, protocol);
          const condition = [...headers, 'if-none-match', header(direct, 'etag') ?? ''];
          const unchanged = await ask(clientOf(sidecar, protocol), root, condition);
          assert.equal(unchanged.status, 304);
          assertSameAnswer(
            unchanged,
            await ask(clientOf(controlPlane.server('older'), protocol), root, condition),
            '304',
          );
        }
      });
    }

    test(`profile=nopeer of ${root} at a gateway is one server's own`, async () => {
      const direct = await Promise.all(own.map((client) => ask(client, root, ['accept', NOPEER])));
      const answer = await ask(merged, root, ['accept', NOPEER]);
      assert.ok(direct.some(({ body }) => body.equals(answer.body)));
    });
  }
});

describe('the answer', () => {
  for (const root of ROOTS) {
    for (const accept of [V2, V2_BETA_1]) {
      test(`two proxies give equal bytes and equal ETags for ${root} (${accept})`, async () => {
        for (const encoding of ['identity', 'gzip']) {
          const headers = ['accept', accept, 'accept-encoding', encoding];
          const [one, other] = [await ask(merged, root, headers), await ask(clientOf(replica), root, headers)];
          assert.match(header(one, 'etag') ?? '', /^"[0-9A-F]{128}"$/);
          assertSameAnswer(other, one, encoding);
          assertSameAnswer(await ask(clientOf(sidecar), root, headers), one, `${encoding}, sidecar`);
        }
      });
    }

    test(`${root} carries kube-apiserver's headers`, async () => {
      const direct = await ask(newest, root, ['accept', V2]);
      for (const protocol of PROTOCOLS) {
        const answer = await ask(clientOf(gateway, protocol), root, ['accept', V2]);
        for (const name of ['content-type', 'vary', 'cache-control']) {
          assert.deepEqual(headerValues(answer, name), headerValues(direct, name), name);
        }
        assert.equal(header(answer, 'content-encoding'), undefined);
        assert.equal(answer.body.at(-1), 0x0a);
      }
      const beta = await ask(merged, root, ['accept', V2_BETA_1]);
      assert.equal(header(beta, 'content-type'), V2_BETA_1);
    });

    test(`${root} compressed is the same document`, async () => {
      const plain = await ask(merged, root, ['accept', V2]);
      const compressed = await ask(merged, root, ['accept', V2, 'accept-encoding', 'gzip']);
      assert.equal(header(compressed, 'content-encoding'), 'gzip');
      assert.deepEqual(headerValues(compressed, 'vary'), ['Accept', 'Accept-Encoding']);
      assert.equal(header(compressed, 'etag'), header(plain, 'etag'));
      assert.deepEqual(gunzipSync(compressed.body), plain.body);
      assert.ok(compressed.body.length < plain.body.length / 4);
      const refused = await ask(merged, root, ['accept', V2, 'accept-encoding', 'gzip;q=0, *']);
      assert.equal(header(refused, 'content-encoding'), undefined);
      assert.deepEqual(refused.body, plain.body);
    });

    test(`${root} that the client has already is 304 without a body`, async () => {
      const { headers } = await ask(merged, root, ['accept', V2]);
      const etag = header({ headers }, 'etag') ?? '';
      const matching = [etag, `W/${etag}`, `"other", ${etag}`, `"other" , W/${etag},"third"`, '*'];
      for (const protocol of PROTOCOLS) {
        const client = clientOf(gateway, protocol);
        for (const condition of matching) {
          const answer = await ask(client, root, ['accept', V2, 'if-none-match', condition]);
          assert.equal(answer.status, 304, condition);
          assert.equal(answer.body.length, 0);
          assert.equal(header(answer, 'etag'), etag);
          assert.equal(header(answer, 'vary'), 'Accept');
          assert.equal(header(answer, 'cache-control'), 'public');
        }
        for (const condition of ['"other"', etag.slice(1, -1), '']) {
          const answer = await ask(client, root, ['accept', V2, 'if-none-match', condition]);
          assert.equal(answer.status, 200, condition);
        }
      }
    });

    test(`${root} indented ends as kube-apiserver's does`, async () => {
      const [answer, direct] = await Promise.all(
        [merged, newest].map((client) => ask(client, `${root}?pretty=1`, ['accept', V2])),
      );
      assert.ok(answer !== undefined && direct !== undefined);
      const indented = (body: Buffer): string => JSON.stringify(JSON.parse(body.toString()), undefined, 2);
      assert.equal(direct.body.toString(), indented(direct.body));
      assert.equal(answer.body.toString(), indented(answer.body));
    });
  }

  test('v2beta1 alone is served although newer servers refuse it', async () => {
    const direct = await ask(newest, '/apis', ['accept', V2_BETA_1]);
    assert.equal(direct.status, 406);
    const answer = await ask(merged, '/apis', ['accept', V2_BETA_1]);
    assert.equal(answer.status, 200);
    const v2 = await ask(merged, '/apis', ['accept', V2]);
    assert.equal(header(answer, 'etag'), header(v2, 'etag'), 'the same content');
    const version = 'apidiscovery.k8s.io/v2';
    assert.equal(answer.body.toString().replace(`${version}beta1`, version), v2.body.toString());
  });

  for (const [what, accept] of Object.entries({
    'JSON, server-local': 'application/json;profile=nopeer',
    protobuf: 'application/vnd.kubernetes.protobuf',
    YAML: 'application/yaml',
  })) {
    test(`unaggregated (Accept: ${what}) documents are the local server's own`, async () => {
      const older = clientOf(controlPlane.server('older'));
      for (const target of ['/api', '/apis', '/api/v1', '/apis/certificates.k8s.io', CERTIFICATES]) {
        const answer = await ask(clientOf(sidecar), target, ['accept', accept]);
        assert.equal(answer.status, 200);
        assertSameAnswer(answer, await ask(older, target, ['accept', accept]), target);
      }
    });
  }

  test('what the server cannot write is its own 406', async () => {
    for (const root of ROOTS) {
      for (const accept of ['text/html', 'application/xml, text/plain', `${V2.replace('v=v2', 'v=v9')}`]) {
        const answer = await ask(clientOf(sidecar), root, ['accept', accept]);
        assert.equal(answer.status, 406, accept);
        assertSameAnswer(answer, await ask(clientOf(controlPlane.server('older')), root, ['accept', accept]), accept);
      }
    }
    for (const target of ['/apis/', '/apis/certificates.k8s.io', CERTIFICATES, '/api/v1']) {
      const answer = await ask(clientOf(sidecar), target, ['accept', V2]);
      assert.equal(answer.status, 406, `${target} has no aggregated form`);
      assertSameAnswer(answer, await ask(clientOf(controlPlane.server('older')), target, ['accept', V2]), target);
    }
  });
});

describe('unaggregated', () => {
  /** What a client that knows no other discovery learns, as `verbsByPath` puts it. */
  async function walk(client: HttpClient): Promise<Map<string, Set<string>>> {
    const read = async (target: string) => {
      const answer = await ask(client, target, ['accept', 'application/json']);
      assert.equal(answer.status, 200, target);
      return JSON.parse(answer.body.toString());
    };
    const paths = new Map<string, Set<string>>();
    const { groups }: { groups: { name: string; versions: { groupVersion: string }[] }[] } = await read('/apis');
    for (const { name, versions } of groups) {
      paths.set(name, new Set());
      for (const { groupVersion } of versions) {
        paths.set(groupVersion, new Set());
        const list: { resources: { name: string; verbs: string[] }[] } = await read(`/apis/${groupVersion}`);
        for (const resource of list.resources) paths.set(`${groupVersion}/${resource.name}`, new Set(resource.verbs));
      }
    }
    return paths;
  }

  test('documents, read one by one, say what the aggregated one says', async () => {
    const aggregated = sorted(verbsByPath(await discoveryOf(merged, '/apis', V2)));
    for (const client of [merged, clientOf(replica, 'http/1.1'), clientOf(sidecar)]) {
      assert.deepEqual(sorted(await walk(client)), aggregated);
    }
  });

  for (const accept of [undefined, 'application/json', '*/*', `${V2},application/json`]) {
    test(`lists (Accept: ${accept}) are the newest server's but for storageVersionHash`, async () => {
      const headers = accept === undefined ? ['accept', ''] : ['accept', accept];
      for (const target of [CERTIFICATES, `${CERTIFICATES}?pretty=1`, `${CERTIFICATES}/`, '/api/v1']) {
        const direct = await ask(newest, target, headers);
        const through = await ask(clientOf(sidecar), target, headers);
        assert.equal(through.body.toString(), direct.body.toString().replaceAll(HASH, ''), target);
        for (const name of ['content-type', 'cache-control', 'vary', 'etag', 'content-encoding']) {
          assert.deepEqual(headerValues(through, name), headerValues(direct, name), name);
        }
        const again = await ask(clientOf(replica), target, headers);
        assert.deepEqual(again.body, through.body, 'of another proxy');
      }
    });
  }

  test('a list of the local server holds what only a newer one has', async () => {
    const lists = [clientOf(controlPlane.server('older')), clientOf(sidecar)].map(async (client) => {
      const { body } = await ask(client, CERTIFICATES, ['accept', 'application/json']);
      return body.toString().includes('"name":"clustertrustbundles"');
    });
    assert.deepEqual(await Promise.all(lists), [false, true]);
  });

  test('the preferred version of each group is the first of the aggregated document', async () => {
    const { body } = await ask(clientOf(sidecar), '/apis', ['accept', 'application/json']);
    const list: { groups: { name: string; preferredVersion: { version: string } }[] } = JSON.parse(body.toString());
    assert.deepEqual(
      list.groups.map(({ name, preferredVersion }) => [name, preferredVersion.version]),
      (await discoveryOf(merged, '/apis', V2)).items.map(({ metadata, versions }) => [
        metadata.name,
        versions[0]?.version,
      ]),
    );
    for (const group of list.groups) {
      const answer = await ask(merged, `/apis/${group.name}`, ['accept', 'application/json']);
      assert.deepEqual(JSON.parse(answer.body.toString()), { kind: 'APIGroup', apiVersion: 'v1', ...group });
    }
  });

  test('what nobody has is the local server’s 404', async () => {
    for (const target of ['/apis/nowhere.example', '/apis/nowhere.example/v1', '/apis/apps/v9', '/api/v9']) {
      const through = await ask(clientOf(sidecar), target, ['accept', 'application/json']);
      assert.equal(through.status, 404, target);
      assertSameAnswer(
        through,
        await ask(clientOf(controlPlane.server('older')), target, ['accept', 'application/json']),
        target,
      );
    }
  });

  test('who may not read is answered as the server answers', async () => {
    for (const target of ['/apis', '/apis/apps', CERTIFICATES]) {
      const nobody = (url: string) => httpClient({ url, protocol: 'http/1.1', ca: pki.servingCa.cert });
      const [through, direct] = [nobody(sidecar.url), nobody(controlPlane.server('older').url)];
      clients.push(through, direct);
      const answer = await ask(through, target, ['accept', 'application/json']);
      assert.equal(answer.status, 403);
      assertSameAnswer(answer, await ask(direct, target, ['accept', 'application/json']), target);
    }
  });
});

test('a custom resource joins the merged view and leaves it again', async () => {
  const name = 'widgets.custom.example';
  const crd = {
    metadata: { name },
    spec: {
      group: 'custom.example',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  };
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const admin = httpClient({
    url: controlPlane.server('old').url,
    protocol: 'h2',
    ca: pki.servingCa.cert,
    certificate: pki.admin,
  });
  clients.push(admin);
  const isListed = async (): Promise<boolean> =>
    verbsByPath(await discoveryOf(merged, '/apis', V2)).has('custom.example/v1/widgets');
  assert.equal(await isListed(), false);
  const created = await admin.request({ method: 'POST', target: definitions, body: crd });
  assert.equal(created.status, 201, created.body.toString());
  await eventually('the custom resource is listed', isListed);
  const deleted = await admin.request({ method: 'DELETE', target: `${definitions}/${name}` });
  assert.equal(deleted.status, 200, deleted.body.toString());
  await eventually('the custom resource is no longer listed', async () => !(await isListed()));
});

function sorted(paths: Map<string, Set<string>>): [string, string[]][] {
  return [...paths]
    .map(([path, verbs]): [string, string[]] => [path, [...verbs].sort()])
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

/** Stable before beta before alpha, then the higher number first, as Kubernetes orders versions. */
function byStability(left: string, right: string): number {
  const [a, b] = [rank(left), rank(right)];
  return b[0] - a[0] || b[1] - a[1] || b[2] - a[2];
}

function rank(version: string): [stability: number, major: number, minor: number] {
  const [, major = '0', stability, minor = '0'] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  return [stability === undefined ? 2 : stability === 'beta' ? 1 : 0, Number(major), Number(minor)];
}
