import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { TestCa } from '../../../test/support/certificates.ts';
import type { RequestExplanation } from '../../admin/request-explanation.ts';
import { type TemporaryFiles, temporaryFiles } from '../../config/testing/temporary-files.ts';
import { discoveryOf } from '../../discovery/testing/discovery-of.ts';
import type { APIGroupDiscovery } from '../../kubernetes/aggregated-discovery.ts';
import { findRecording } from '../../lab/recording/find-recording.ts';
import { recordedServer } from '../../lab/recording/testing/recorded-server.ts';
import type { SkewReport } from '../../skew/skew-report.ts';
import type { ExchangeHandler, ServerExchange } from '../../wire/exchange.ts';
import { fieldValue } from '../../wire/fields.ts';
import { type Listener, listen } from '../../wire/listener.ts';
import { run } from '../main.ts';
import { capturedIo } from '../testing/captured-io.ts';

const TOKEN = 'secret-token';
/** What an extension API server may call a resource. */
const EVIL = '\u001b]0;owned\u0007\u009b2J\u202e<script>alert(1)\nerror: forged';

function answer(exchange: ServerExchange, status: number, type: string, body: string): void {
  const sink = exchange.respond({ status, fields: ['content-type', type] }, false);
  sink.write(Buffer.from(body));
  sink.end([]);
}

describe('commands that ask the API servers of contexts', () => {
  const listeners: Listener[] = [];
  let files: TemporaryFiles;
  before(async () => {
    const ca = await TestCa.create('ca');
    const other = await TestCa.create('other');
    const serving = await ca.issue({ commonName: 'server', ips: ['127.0.0.1'], usage: 'server' });
    const start = async (handler: ExchangeHandler) => {
      const listener = await listen({ host: '127.0.0.1', port: 0, tls: serving, handler });
      listeners.push(listener);
      return `https://127.0.0.1:${listener.port}`;
    };
    const recorded = async (release: string, more: readonly APIGroupDiscovery[] = []) => {
      const recording = await findRecording(release);
      const serve = recordedServer({ ...recording, apis: [...recording.apis, ...more] });
      return start((exchange) => {
        const isKnown = fieldValue(exchange.head.fields, 'authorization') === `Bearer ${TOKEN}`;
        if (isKnown) void serve(exchange);
        else exchange.respond({ status: 401, fields: [] }, true);
      });
    };
    const always = (status: number, type: string, body: string) => start((each) => answer(each, status, type, body));
    const gone = await start(() => {});
    await listeners.pop()?.close(0);
    const servers: Record<string, string> = {
      old: await recorded('1.34'),
      new: await recorded('1.37'),
      custom: await recorded('1.34', discoveryOf({ 'example.com/v1': { widgets: ['get', 'list'] } }).apis),
      hostile: await recorded('1.34', discoveryOf({ 'evil.test/v1': { [EVIL]: ['get', 'list'] } }).apis),
      forbidding: await always(403, 'application/json', '{}'),
      website: await always(200, 'text/html', '<html>'),
      nothing: await always(404, 'text/plain', 'not here'),
      starting: await always(503, 'text/plain', 'starting'),
      gone,
    };
    const clusters = [
      ...Object.entries(servers).map(([name, server]) => ({
        name,
        cluster: { server, 'certificate-authority': 'ca.crt' },
      })),
      { name: 'untrusted', cluster: { server: servers['old'], 'certificate-authority': 'other.crt' } },
      { name: 'slashed', cluster: { server: `${servers['old']}/`, 'certificate-authority': 'ca.crt' } },
      { name: 'plain', cluster: { server: 'http://127.0.0.1:8080', 'certificate-authority': 'ca.crt' } },
      { name: 'behind', cluster: { server: `${servers['old']}/k8s/clusters/c-1`, 'certificate-authority': 'ca.crt' } },
      { name: 'unvouched', cluster: { server: servers['old'] } },
    ];
    const users = [
      { name: 'good', user: { token: TOKEN } },
      { name: 'bad', user: { token: 'other' } },
      { name: 'plugin', user: { exec: { command: 'aws' } } },
    ];
    const contexts = [
      ...clusters.map(({ name }) => ({ name, context: { cluster: name, user: 'good' } })),
      { name: 'old-again', context: { cluster: 'old', user: 'good' } },
      { name: 'stranger', context: { cluster: 'new', user: 'bad' } },
      { name: 'plugin', context: { cluster: 'new', user: 'plugin' } },
    ];
    files = await temporaryFiles({
      'ca.crt': ca.cert,
      'other.crt': other.cert,
      config: stringify({ apiVersion: 'v1', kind: 'Config', clusters, users, contexts }),
      'not.yaml': '}{',
      'more.yaml': stringify({
        apiVersion: 'v1',
        kind: 'Config',
        contexts: [
          { name: 'added', context: { cluster: 'old', user: 'good' } },
          { name: 'new', context: { cluster: 'gone', user: 'bad' } },
        ],
      }),
    });
  });
  after(async () => {
    for (const listener of listeners) await listener.close(0);
    await files[Symbol.asyncDispose]();
  });

  async function mvproxy(...args: readonly string[]) {
    const io = capturedIo({ directory: files.directory, environment: { KUBECONFIG: `${files.directory}/config` } });
    const exitCode = await run(['node', 'mvproxy', ...args], io);
    return { exitCode, out: io.out, err: io.err };
  }

  it('takes contexts of all files of $KUBECONFIG, as kubectl does', async () => {
    const { directory } = files;
    const environment = { KUBECONFIG: `${directory}/nowhere:${directory}/config::${directory}/more.yaml` };
    const io = capturedIo({ directory, environment });
    assert.equal(await run(['node', 'mvproxy', 'skew', '--context=added,new', '--output=json'], io), 0, io.err);
    const { servers }: SkewReport = JSON.parse(io.out);
    assert.deepEqual(
      servers.map(({ name, version }) => [name, version]),
      [
        ['new', '1.37.2'],
        ['added', '1.34.4'],
      ],
    );
    const other = capturedIo({ directory, environment });
    assert.equal(await run(['node', 'mvproxy', 'skew', '--context=added,x', '--kubeconfig=more.yaml'], other), 2);
    assert.match(other.err, /"added" cannot be used:\n.*needs the cluster "old", which is not in the file/);
  });

  async function skew(...flags: readonly string[]): Promise<SkewReport> {
    const { exitCode, out, err } = await mvproxy('skew', '--output=json', ...flags);
    assert.deepEqual([exitCode, err], [0, '']);
    return JSON.parse(out);
  }

  it('skew says of contexts what it says of recordings of the same servers', async () => {
    const contexts = await skew('--context=old,new', '--all');
    assert.deepEqual(
      contexts.servers.map(({ name, version, discoveryAgeSeconds: age }) => [name, version, age !== null && age < 60]),
      [
        ['new', '1.37.2', true],
        ['old', '1.34.4', true],
      ],
    );
    const recordings = await skew('--recorded=1.34,1.37', '--all');
    assert.deepEqual(contexts.rows, recordings.rows);
    assert.deepEqual(contexts.summary, recordings.summary);
  });

  it('skew takes contexts given twice, and a recording beside a context', async () => {
    const { servers } = await skew('--context=old', '--context=new', '--kubeconfig=config');
    assert.deepEqual(
      servers.map(({ name }) => name),
      ['new', 'old'],
    );
    const mixed = await skew('--context=old', '--recorded=1.37');
    assert.deepEqual(
      mixed.servers.map(({ name, discoveryAgeSeconds }) => [name, discoveryAgeSeconds === null]),
      [
        ['1.37.2', true],
        ['old', false],
      ],
    );
  });

  it('a release as it is shipped cannot tell which custom types somebody has', async () => {
    const { rows, findings } = await skew('--context=custom', '--recorded=1.37', '--group=example.com', '--all');
    assert.deepEqual(
      rows.map(({ resource, servers }) => [resource, servers.map(({ serves }) => serves)]),
      [['widgets', ['unknown', 'yes']]],
    );
    assert.deepEqual(findings, []);
    const { findings: between } = await skew('--context=custom,new', '--group=example.com');
    assert.deepEqual(
      between.map(({ code, servers }) => [code, servers]),
      [['ServersDiffer', ['new']]],
    );
  });

  it('a server that does not say how it stores is unknown, whatever else is known of it', async () => {
    const { storage, findings } = await skew('--context=old', '--recorded=1.37', '--storage');
    assert.equal(storage?.verdict, 'unknown');
    assert.deepEqual(
      findings.filter(({ code }) => code === 'StorageVersionUnknown').map(({ subject }) => subject),
      ['old'],
    );
  });

  it('explain says what a proxy in front of them would do', async () => {
    const path = '/apis/storagemigration.k8s.io/v1/storageversionmigrations';
    const { exitCode, out } = await mvproxy('explain', 'GET', path, '--context=old,new', '--output=json');
    assert.equal(exitCode, 0);
    const { servers, outcomes }: RequestExplanation = JSON.parse(out);
    assert.deepEqual(
      servers.map(({ name, source, capability }) => [name, source, capability?.serves]),
      [
        ['new', 'context', 'yes'],
        ['old', 'context', 'no'],
      ],
    );
    assert.deepEqual(
      outcomes.map(({ preferred, server, reason }) => [preferred, server, reason]),
      [
        [['new'], '', 'PreferredCapable'],
        [['old'], 'new', 'PeerServesResource'],
      ],
    );
    const none = await mvproxy('explain', 'GET', '/apis/nowhere.test/v1/things', '--context=old');
    assert.match(none.out, /^old answers 404: no server serves this, so that its answer is genuine\.$/m);
  });

  it('verify asks them for every shape, and says that no proxy was asked', async () => {
    const type = 'storagemigration.k8s.io/v1';
    const { exitCode, out } = await mvproxy('verify', type, '--context=old,new');
    assert.equal(exitCode, 0);
    assert.match(out, /^aggregated v2 +\/apis +yes +NO +yes$/m);
    assert.match(out, /OnlyNewerReleases/);
    assert.match(out, /No proxy was asked: its column is what one in front of these servers would publish\.\n$/);
    const json = await mvproxy('verify', type, '--context=old,new', '--output=json', '--fail-on=remarks');
    assert.deepEqual([json.exitCode, JSON.parse(json.out).verdict], [1, 'surfaced-with-remarks']);
  });

  it('shows the names that a server chose, and obeys none', async () => {
    const source = '--context=hostile,new';
    for (const [command, shown] of [
      [['skew', '--group=evil.test'], '\\u{1b}]0;owned\\u{7}\\u{9b}2J\\u{202e}<script>alert(1)'],
      [['skew', '--group=evil.test', '--all'], '\\u{1b}]0;owned'],
      [['skew', '--group=evil.test', '--output=markdown'], '\\\\u{1b}\\]0;owned'],
      [['skew', '--group=evil.test', '--output=html'], '\\u{202e}&lt;script&gt;alert(1)'],
      [['verify', 'evil.test/v1'], 'evil.test/v1'],
      [['explain', 'GET', '/apis/evil.test/v1/x'], 'evil.test/v1'],
    ] as const) {
      const { out, err } = await mvproxy(...command, source);
      assert.equal(err, '');
      assert.ok(out.includes(shown), out);
      assert.doesNotMatch(out, /[^\P{C}\n]|^error: forged/mu);
      if (command.join(' ').includes('html')) assert.doesNotMatch(out, /<script/);
    }
  });

  it('verify says which source can answer what recordings cannot', async () => {
    const { exitCode, err } = await mvproxy('verify', 'apps', '--recorded=1.34,1.37');
    assert.equal(exitCode, 2);
    assert.match(
      err,
      /which a recording does not hold\. Ask API servers \(--context\) or a running proxy; who serves a type/,
    );
  });

  for (const [contexts, expected, message] of [
    ['old,nope', 2, /^The context "nope" cannot be used:\n.*has no context "nope", only old, new, custom/],
    ['old,plugin', 2, /^The context "plugin" cannot be used:\n.*exec: runs a credential plug-in/],
    ['old,slashed', 2, /^The contexts "old" and "slashed" have one address/],
    ['old,plain', 2, /names the server http:\/\/127\.0\.0\.1:8080, which must be the https URL of a server/],
    ['old,behind', 2, /leads to a path of what is in front of servers, .*c-1; give the address of the API server/],
    ['old,unvouched', 2, /names no certificate-authority for https/],
    ['old,old', 2, /^The context "old" is named twice; name each API server once\.$/m],
    ['old,old-again', 2, /^The contexts "old" and "old-again" have one address, .* behind a balancer/],
    ['old', 2, /^There is nothing to compare old with; name another server: --context old,OTHER\.$/m],
    [
      'old,gone',
      3,
      /context "gone", https:.* cannot be read: nothing listens there; .*\nWithout it, --context old can be answered\.$/m,
    ],
    ['old,untrusted', 2, /have one address/],
    [
      'untrusted,new',
      3,
      /could not prove that it is the server that the kubeconfig names; check certificate-authority/,
    ],
    ['old,stranger', 3, /does not accept the credentials of the context \(401\): .* Get new ones/],
    [
      'old,forbidding',
      3,
      /does not let the user of the context read API discovery \(403\): bind the ClusterRole system:discovery/,
    ],
    ['old,website', 3, /which the context "website" names, is not a Kubernetes API server: .* Check the address/],
    ['old,nothing', 3, /which the context "nothing" names, is not a Kubernetes API server/],
    ['old,starting', 3, /cannot tell at the moment what it serves: .*503.* Ask it for \/readyz\?verbose/],
    ['gone,starting', 3, /"gone".*\n.*"starting"/],
  ] as const) {
    it(`--context=${contexts} ends with ${expected} and says what to do`, async () => {
      const { exitCode, out, err } = await mvproxy('skew', `--context=${contexts}`);
      assert.deepEqual([exitCode, out], [expected, ''], err);
      assert.match(err, message);
    });
  }

  it('a kubeconfig that cannot be read is named with what is wrong', async () => {
    for (const [file, message] of [
      ['nowhere', /nowhere does not exist; check the path/],
      ['not.yaml', /not\.yaml:1:\d+: /],
      ['.', /is a directory; name the file in it/],
    ] as const) {
      const { exitCode, err } = await mvproxy('skew', '--context=old,new', `--kubeconfig=${file}`);
      assert.equal(exitCode, 2);
      assert.match(err, message);
    }
  });
});
