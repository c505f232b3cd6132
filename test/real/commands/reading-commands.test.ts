import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RequestExplanation } from '../../../src/admin/request-explanation.ts';
import type { StatusReport } from '../../../src/admin/status-report.ts';
import { labKubeconfig } from '../../../src/lab/pki/kubeconfig.ts';
import type { SurfacingReport } from '../../../src/surfacing/surfacing-report.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { ReadingCommands } from '../../support/reading-commands.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';

const NAMES = ['new', 'middle', 'old'] as const;
const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'middle', version: '1.36.3' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const { cert, key } = pki.admin;
const proxy = await startProxy(controlPlane);
const directory = await mkdtempDisposable(join(tmpdir(), 'mvproxy-commands-'));
after(() => directory.remove());
const urlOf = (name: string) => controlPlane.server(name).url;
const contexts = NAMES.map((name) => ({ name, server: urlOf(name), ca: pki.servingCa.cert, user: 'admin' }));
await writeFile(
  join(directory.path, 'config'),
  labKubeconfig(
    [
      ...contexts,
      { name: 'stranger', server: urlOf('old'), ca: pki.servingCa.cert, user: 'stranger' },
      { name: 'untrusted', server: urlOf('old'), ca: pki.clientCa.cert, user: 'admin' },
    ],
    { admin: { kind: 'certificate', cert, key }, stranger: { kind: 'token', token: 'nobody-gave-this' } },
  ),
);
const commands = new ReadingCommands(directory.path);
const SOURCES = {
  'the running proxy': [`--admin-server=${proxy.adminUrl}`],
  contexts: [`--context=${NAMES.join(',')}`, '--kubeconfig=config'],
} as const;

/** What a server answers itself, asked by another client than the proxy's. */
async function answerOf(url: string, path: string): Promise<{ readonly status: number; readonly body: string }> {
  const { status, body } = await apiRequest(`${url}${path}`, { ca: pki.servingCa.cert, cert, key });
  return { status, body: String(body) };
}

for (const [source, flags] of Object.entries(SOURCES)) {
  test(`explain by ${source}: who serves it, answers it`, async () => {
    for (const path of [
      '/api/v1/pods',
      '/apis/resource.k8s.io/v1/devicetaintrules',
      '/apis/certificates.k8s.io/v1/clustertrustbundles',
      '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies',
      '/apis/nowhere.test/v1/things',
    ]) {
      const { servers, outcomes } = await commands.json<RequestExplanation>(['explain', 'GET', path, ...flags]);
      const statuses = new Map<string, number>();
      for (const name of NAMES) statuses.set(name, (await answerOf(urlOf(name), path)).status);
      assert.deepEqual(
        servers.map(({ name, capability }) => [name, capability?.serves]),
        NAMES.map((name) => [name, statuses.get(name) === 200 ? 'yes' : 'no']),
        path,
      );
      for (const { preferred, server, answeredBy } of outcomes) {
        const answering = answeredBy === 'other' ? [server] : preferred;
        const isServed = [...statuses.values()].includes(200);
        for (const name of answering) assert.equal(statuses.get(name), isServed ? 200 : 404, `${path} by ${name}`);
      }
      const text = await commands.text(['explain', 'GET', path, ...flags]);
      for (const name of NAMES) assert.match(text, new RegExp(`^${name} +1\\.3[467]\\.[342] +N\\.N s ago +`, 'm'));
    }
  });

  test(`verify by ${source}: every server's own list is the judge`, async () => {
    for (const [target, groupVersion, resource] of [
      ['deployments.apps', 'apps/v1', 'deployments'],
      ['clustertrustbundles.v1.certificates.k8s.io', 'certificates.k8s.io/v1', 'clustertrustbundles'],
      [
        'mutatingadmissionpolicies.v1.admissionregistration.k8s.io',
        'admissionregistration.k8s.io/v1',
        'mutatingadmissionpolicies',
      ],
    ] as const) {
      const listed = new Map<string, boolean>();
      for (const name of NAMES) {
        const { status, body } = await answerOf(urlOf(name), `/apis/${groupVersion}`);
        const { resources = [] }: { resources?: { name: string }[] } = status === 200 ? JSON.parse(body) : {};
        listed.set(
          name,
          resources.some((each) => each.name === resource),
        );
      }
      await eventually('OpenAPI was read, too', async () => {
        const { versions } = await commands.json<SurfacingReport>(['verify', target, ...flags]);
        const openapi = versions[0]?.shapes.find(({ shape }) => shape === 'openapiV3');
        return openapi?.merged.state !== 'unknown';
      });
      const { verdict, versions } = await commands.json<SurfacingReport>(['verify', target, ...flags]);
      assert.equal(verdict, [...listed.values()].every(Boolean) ? 'surfaced' : 'surfaced-with-remarks');
      const list = versions[0]?.shapes.find(({ shape }) => shape === 'version');
      for (const name of NAMES) {
        assert.equal(list?.servers[name]?.state, listed.get(name) ? 'listed' : 'missing', `${target} on ${name}`);
      }
      assert.equal(list?.merged.state, 'listed');
      const through = await answerOf(proxy.url, `/apis/${groupVersion}`);
      assert.ok(through.body.includes(`"name":"${resource}"`), 'and so it is through the proxy');
      assert.match(await commands.text(['verify', target, ...flags]), /^resource list .*✓$/m);
    }
  });
}

test('status: the servers with the releases that they tell, and what became of requests', async () => {
  const path = '/apis/resource.k8s.io/v1/devicetaintrules';
  assert.equal((await answerOf(proxy.url, path)).status, 200);
  await eventually('every watch is open', async () => {
    const { servers } = await commands.json<StatusReport>(['status', ...SOURCES['the running proxy']]);
    return servers.every(({ watches }) => watches.every(({ state }) => state === 'watching'));
  });
  const { ready, view, servers, decisions } = await commands.json<StatusReport>([
    'status',
    '--fail-on=unready,stale,unexpected-404,server-local,conflict,watch',
    ...SOURCES['the running proxy'],
  ]);
  assert.deepEqual([ready, view], [true, 'merged']);
  for (const name of NAMES) {
    const { gitVersion }: { gitVersion: string } = JSON.parse((await answerOf(urlOf(name), '/version')).body);
    const found = servers.find((server) => server.name === name);
    assert.deepEqual([`v${found?.version}`, found?.state, found?.discovery.shape], [gitVersion, 'ready', 'v2']);
    assert.ok(
      found?.watches.every(({ state }) => state === 'watching'),
      JSON.stringify(found?.watches),
    );
  }
  assert.ok(decisions.requests > 0);
  assert.equal(decisions.unexpected404s.relayed, 0);
  const text = await commands.text(['status', ...SOURCES['the running proxy']]);
  assert.match(text, /^mvproxy VERSION {2}ready {2}up \S+ {2}merged view /);
  for (const name of NAMES) assert.match(text, new RegExp(`^${name} +1\\.3[467]\\.[342] +ready `, 'm'));
});

for (const [context, says] of [
  ['stranger', /^The API server of the context "stranger", .* does not accept the credentials of the context \(401\)/],
  [
    'untrusted',
    /^The API server of the context "untrusted", .*could not prove that it is the server .* check certificate-authority/,
  ],
] as const) {
  test(`a context whose server refuses is named with what to do: ${context}`, async () => {
    for (const question of [['explain', 'GET', '/api'], ['skew'], ['verify', 'apps']]) {
      const flags = [`--context=new,${context}`, '--kubeconfig=config'];
      const { exitCode, out, err } = await commands.run([...question, ...flags]);
      assert.deepEqual([exitCode, out], [3, ''], question.join(' '));
      assert.match(err, says);
    }
  });
}

test('a stopped server ends what its context was asked for, and shows in what the proxy says', async () => {
  await controlPlane.server('new').kill();
  for (const question of [['explain', 'GET', '/api'], ['skew'], ['verify', 'apps']]) {
    const { exitCode, out, err } = await commands.run([...question, ...SOURCES.contexts]);
    assert.deepEqual([exitCode, out], [3, '']);
    assert.match(err, /"new".*nothing listens there; check that the server runs/);
    assert.match(err, /--context middle,old can be answered\.$/m);
  }
  await eventually('status finds it', async () => {
    const { exitCode, out } = await commands.run(['status', '--fail-on=unready', ...SOURCES['the running proxy']]);
    return exitCode === 1 && /^new gets no requests, unready /m.test(out);
  });
});
