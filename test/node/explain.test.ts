import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestExplanation } from '../../src/admin/request-explanation.ts';
import { startObservedLab, until } from './support/running-lab.ts';

const MIGRATIONS = '/apis/storagemigration.k8s.io/v1/storageversionmigrations';

test('what is explained is what happens', async (t) => {
  const { mvproxy, clientOf, gateway, newest, old } = await startObservedLab(t);
  const explain = async (path: string, ...flags: string[]): Promise<RequestExplanation> => {
    const { exitCode, out, err } = await mvproxy('explain', 'GET', path, '--output=json', ...flags);
    assert.deepEqual([exitCode, err], [0, '']);
    return JSON.parse(out);
  };
  const client = clientOf(gateway);

  const skewed = await explain(MIGRATIONS, '--server=server-1');
  assert.deepEqual(
    skewed.servers.map(({ name, capability }) => [name, capability?.serves]),
    [
      ['server-3', 'yes'],
      ['server-2', 'no'],
      ['server-1', 'no'],
    ],
  );
  assert.deepEqual(
    skewed.outcomes.map(({ server, reason }) => [server, reason]),
    [['server-3', 'PeerServesResource']],
  );
  assert.equal((await client.request('GET', MIGRATIONS)).status, 200);

  const { out } = await mvproxy('explain', 'GET', MIGRATIONS, '--server=server-1');
  assert.match(out, /^ {2}verb list, group storagemigration\.k8s\.io, version v1, resource storageversionmigrations$/m);
  assert.match(out, /^server-1 +1\.34\.4 +\d+\.\d s ago +yes +no: does not know the group storagemigration\.k8s\.io$/m);
  assert.match(out, /^server-3 answers: the preferred server does not serve this\.$/m);
  assert.match(out, /^By itself, server-1 does not know the group storagemigration\.k8s\.io\.$/m);

  const unknown = await explain('/apis/nowhere.test/v1/things');
  assert.deepEqual(
    unknown.outcomes.map(({ reason }) => reason),
    ['NobodyCapable'],
  );
  assert.equal((await client.request('GET', '/apis/nowhere.test/v1/things')).status, 404);

  const { preference, outcomes } = await explain('/api/v1/pods', '--user-agent=kubelet/v1.36.0 (linux/amd64)');
  assert.equal(preference, 'A client of v1.36 prefers servers that are not older: server-3, server-2.');
  assert.deepEqual(
    outcomes.map(({ preferred }) => preferred),
    [['server-3', 'server-2']],
  );
  assert.equal((await explain('/api/v1/pods', '--user-agent=curl/8.0')).preference, '');

  assert.ok((await explain('/apis')).merged);
  assert.ok((await explain('/openapi/v3')).merged);
  const alone = await explain('/apis/storagemigration.k8s.io', '--server=server-1');
  assert.match(alone.alone?.text ?? '', /^By itself, server-1 has no document/);
  const direct = await clientOf(old).request('GET', '/apis/certificates.k8s.io/v1');
  const { resources }: { resources: { name: string }[] } = JSON.parse(direct.body.toString());
  const { alone: own } = await explain('/apis/certificates.k8s.io/v1', '--server=server-1');
  assert.deepEqual(
    own?.lists,
    resources.map(({ name }) => name),
  );

  await newest.kill();
  const down = await until(
    () => explain(MIGRATIONS),
    ({ outcomes }) => outcomes[0]?.answeredBy === 'proxy',
  );
  assert.match(
    down.outcomes[0]?.text ?? '',
    /^The proxy answers 503 with Retry-After: storageversionmigrations\.v1\.storagemigration\.k8s\.io is served by server-3/,
  );
});

test('one server’s own view is told apart from the merged one', async (t) => {
  const { gateway, mvproxy } = await startObservedLab(t);
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const groupsOf = async (server: string): Promise<string[]> => {
    const response = await fetch(`${gateway.adminUrl}/servers/${server}/discovery?path=/apis`, { headers: { accept } });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('age') ?? '', /^\d+$/);
    const { items }: { items: { metadata: { name: string } }[] } = JSON.parse(await response.text());
    return items.map(({ metadata }) => metadata.name);
  };
  assert.ok(!(await groupsOf('server-1')).includes('storagemigration.k8s.io'));
  assert.ok((await groupsOf('server-3')).includes('storagemigration.k8s.io'));
  const { exitCode, err } = await mvproxy('explain', 'GET', '/apis', '--server=nope');
  assert.deepEqual([exitCode, err], [2, 'There is no server "nope". The servers are: server-1, server-2, server-3.\n']);
});
