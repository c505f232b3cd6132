import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfiguration } from '../../src/config/load.ts';
import { startDaemon } from '../../src/daemon/daemon.ts';
import { createPki } from '../../src/lab/pki/pki.ts';
import { type ApiClient, connectClient, H1Client } from '../support/api-client.ts';
import { type LogEntry, recorder, serveFlags, startFake } from '../support/embedded-daemon.ts';
import { Inbox } from '../support/loopback.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from './support/running-lab.ts';

const ACCEPT = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const ONLY_NEW = '/apis/certificates.k8s.io/v1/clustertrustbundles';

/** A daemon whose list of servers is in a file. */
async function listedInFile(t: TestContext, extra = '') {
  const directory = await temporaryDirectory(t);
  const pki = await createPki(join(directory, 'pki'));
  const [old, recent] = [await startFake(t, pki, 'old', '1.34.4'), await startFake(t, pki, 'new', '1.37.2')];
  const file = join(directory, 'mvproxy.yaml');
  const write = async (lines: readonly string[]) => {
    const text = [
      'apiVersion: config.mixed-version-proxy.io/v1alpha1',
      'kind: MixedVersionProxyConfiguration',
      ...lines,
    ];
    await writeFile(`${file}.next`, text.join('\n'));
    await rename(`${file}.next`, file);
  };
  const list = (...servers: readonly (typeof old)[]) =>
    write(['servers:', ...servers.map((server) => `- {name: ${server.name}, url: "${server.url}"}`), extra]);
  await list(old);
  const log = new Inbox<LogEntry>();
  const flags = new Map(Object.entries(serveFlags(pki)).map(([name, value]) => [name, [value]]));
  const read = () => loadConfiguration({ configFile: file, flags });
  const daemon = await startDaemon(await read(), { logger: recorder(log), source: { file, read } });
  t.after(() => daemon.stop(0));
  await daemon.ready();
  const { servingCa, admin } = pki;
  const client = await connectClient('h2', daemon.servingAddress, {
    ca: servingCa.cert,
    cert: admin.cert,
    key: admin.key,
  });
  t.after(() => client.close());
  const freshness = async (group: string): Promise<Record<string, string>> => {
    const { text } = await client.request({ path: '/apis', headers: { accept: ACCEPT } });
    const items: { metadata: { name: string }; versions: { version: string; freshness: string }[] }[] =
      JSON.parse(text).items;
    const versions = items.find(({ metadata }) => metadata.name === group)?.versions ?? [];
    return Object.fromEntries(versions.map((version) => [version.version, version.freshness]));
  };
  const logged = async (level: string, pattern: RegExp) => {
    for (;;) {
      const entry = await log.next();
      if (entry.level === level && pattern.test(entry.message)) return entry;
    }
  };
  const status = async () => {
    const http = new H1Client(daemon.adminAddress ?? '', { ca: '' });
    const { text } = await http.request({ path: '/status' });
    http.close();
    return JSON.parse(text);
  };
  return { old, recent, list, write, client, freshness, logged, status };
}

/** The answer once the server that was added has been read; until then requests may come again, and none is told 404. */
async function answered(client: ApiClient) {
  for (;;) {
    const answer = await client.request({ path: ONLY_NEW });
    if (answer.status !== 503) return answer;
    assert.equal(answer.headers['retry-after'], '1');
  }
}

/** Documents follow the routing table once they were hashed and compressed. */
async function published(freshness: (group: string) => Promise<Record<string, string>>, word: string): Promise<void> {
  await until(
    () => freshness('storagemigration.k8s.io'),
    (versions) => versions['v1'] === word,
  );
}

test('a server added to the file serves what only it has, and is in the merged view', async (t) => {
  const { old, recent, list, client, freshness, logged } = await listedInFile(t);
  assert.match((await client.request({ path: ONLY_NEW })).text, /"servedBy":"old"/);
  assert.deepEqual(await freshness('storagemigration.k8s.io'), {});
  await list(old, recent);
  await logged('info', /the list of servers was reloaded/);
  assert.match((await answered(client)).text, /"servedBy":"new"/);
  await published(freshness, 'Current');
});

test('a server that stays on the list keeps its connections, and what is open on them', async (t) => {
  const { old, recent, list, client, logged } = await listedInFile(t);
  const path = '/api/v1/namespaces/default/configmaps';
  old.handler = (stream, headers) => {
    stream.respond({ ':status': 200 });
    stream.write('{}\n');
    if (!headers[':path']?.includes('watch')) stream.end();
  };
  const watch = await client.open({ path: `${path}?watch=true` });
  const sessions = [...old.sessions];
  for (const servers of [[old, recent], [old]]) {
    await list(...servers);
    await logged('info', /the list of servers was reloaded/);
  }
  assert.equal((await client.request({ path })).status, 200);
  assert.equal(watch.body.closed, false);
  assert.deepEqual([...old.sessions], sessions);
});

test('a list of which no server becomes ready is refused and changes nothing, and is taken once one does', async (t) => {
  const { recent, list, client, logged, status } = await listedInFile(t);
  await recent.stop();
  await list(recent);
  const { fields } = await logged('error', /cannot be used; the old ones stay in use/);
  assert.match(String(fields['error']), /No server became ready with the changed list/);
  assert.deepEqual(
    (await status()).servers.map(({ name }: { name: string }) => name),
    ['old'],
  );
  assert.equal((await client.request({ path: '/api/v1/namespaces/default/configmaps' })).status, 200);
  await recent.start();
  await logged('info', /the list of servers was reloaded/);
  assert.match((await client.request({ path: ONLY_NEW })).text, /"servedBy":"new"/);
});

test('what only a server had that left the file stays listed as Stale and is answered 503', async (t) => {
  const { old, recent, list, client, freshness, logged, status } = await listedInFile(t);
  await list(old, recent);
  await logged('info', /the list of servers was reloaded/);
  await answered(client);
  await list(old);
  await logged('info', /the list of servers was reloaded/);
  const { status: code, headers, text } = await client.request({ path: ONLY_NEW });
  assert.deepEqual([code, headers['retry-after']], [503, '1']);
  assert.match(text, /is served by new \(left the control plane\)/);
  await published(freshness, 'Stale');
  const gone = (await status()).servers.find(({ name }: { name: string }) => name === 'new');
  assert.equal(gone.state, 'gone');
  assert.match(gone.condition, /left the control plane \d+ s ago/);
});

test('a file that cannot be used changes nothing', async (t) => {
  const { write, client, logged } = await listedInFile(t);
  await write(['servers: [{name: old, url: "http://plain:6443"}]']);
  const { fields } = await logged('error', /cannot be used; the old ones stay in use/);
  assert.match(String(fields['error']), /servers\[0\]\.url/);
  assert.equal((await client.request({ path: '/api/v1/namespaces/default/configmaps' })).status, 200);
});

test('a field that needs a restart is named, and keeps its value', async (t) => {
  const { old, write, logged } = await listedInFile(t);
  await write([`servers: [{name: old, url: "${old.url}"}]`, 'health: {fall: 7}']);
  const { fields } = await logged('warn', /need a restart/);
  assert.equal(fields['fields'], 'health.fall');
});
