import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { type Issued, TestCa } from '../../test/support/certificates.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { problemsOf } from './testing/problems.ts';
import { temporaryFiles } from './testing/temporary-files.ts';

type Values = Readonly<Record<string, unknown>>;

function kubeconfig(cluster: Values, user: Values): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'now',
    contexts: [
      { name: 'then', context: { cluster: 'old', user: 'nobody' } },
      { name: 'now', context: { cluster: 'c', user: 'u' } },
    ],
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user }],
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

describe('readKubeconfig', () => {
  let ca: TestCa;
  let pair: Issued;
  before(async () => {
    ca = await TestCa.create('ca');
    pair = await ca.issue({ commonName: 'mvproxy', usage: 'client' });
  });

  it('reads inline data of the current context', async () => {
    await using files = await temporaryFiles({
      'admin.conf': kubeconfig(
        { 'certificate-authority-data': base64(ca.cert), 'tls-server-name': 'kubernetes' },
        {
          'client-certificate-data': base64(pair.cert),
          'client-key-data': base64(pair.key),
          'client-key': '/not/read',
        },
      ),
    });
    const path = files.path('admin.conf');
    assert.deepEqual(await readKubeconfig(path), {
      server: 'https://10.0.0.1:6443',
      ca: `${ca.cert.trim()}\n`,
      serverName: 'kubernetes',
      certificate: { cert: `${pair.cert.trim()}\n`, key: `${pair.key.trim()}\n` },
      token: undefined,
      tokenFile: undefined,
      files: [path],
    });
  });

  it('reads another context than the current one, if it is in the file', async () => {
    const data = { 'certificate-authority-data': base64(ca.cert) };
    const content = kubeconfig(data, { token: 't' }).replace('current-context: now', 'current-context: then');
    await using files = await temporaryFiles({ 'admin.conf': content });
    const path = files.path('admin.conf');
    assert.equal((await readKubeconfig(path, 'now')).token, 't');
    const [problem] = await problemsOf(readKubeconfig(path, 'x'), files.directory);
    assert.match(problem ?? '', /has no context "x", only then, now; name one of these$/);
  });

  it('reads files relative to its own directory, and prefers a token file to a token', async () => {
    await using files = await temporaryFiles({
      'etc/kubeconfig': kubeconfig({ 'certificate-authority': 'pki/ca.crt' }, { tokenFile: 'token', token: 'old' }),
      'etc/pki/ca.crt': ca.cert,
      'etc/token': 'fresh\n',
    });
    const access = await readKubeconfig(files.path('etc/kubeconfig'));
    assert.equal(access.token, 'fresh');
    assert.equal(access.tokenFile, files.path('etc/token'));
    assert.equal(access.ca, `${ca.cert.trim()}\n`);
    assert.deepEqual(access.files, ['etc/kubeconfig', 'etc/pki/ca.crt', 'etc/token'].map(files.path));
  });

  it('takes an inline token', async () => {
    await using files = await temporaryFiles({ kubeconfig: kubeconfig({}, { token: 'abc' }) });
    const access = await readKubeconfig(files.path('kubeconfig'));
    assert.equal(access.token, 'abc');
    assert.equal(access.ca, undefined);
  });

  it('uses several files as one: what the first has holds, and each entry may be in another', async () => {
    const entries = (values: Values) => stringify({ apiVersion: 'v1', kind: 'Config', ...values });
    const data = { server: 'https://10.0.0.2:6443', 'certificate-authority': 'ca.crt' };
    await using files = await temporaryFiles({
      'a/empty': '',
      'b/contexts': entries({
        'current-context': '',
        contexts: [{ name: 'now', context: { cluster: 'c', user: 'u' } }],
        users: [{ name: 'u', user: { tokenFile: 'token' } }],
      }),
      'b/token': 'first',
      'c/config': kubeconfig({ server: 'https://10.0.0.3:6443' }, { token: 'second' }).replace(
        'name: c\n',
        'name: d\n',
      ),
      'd/clusters': entries({ 'current-context': 'then', clusters: [{ name: 'c', cluster: data }] }),
      'd/ca.crt': ca.cert,
    });
    const paths = ['nowhere', 'b/contexts', 'a/empty', 'c/config', 'd/clusters', 'b/contexts'].map(files.path);
    const [first = '', ...others] = paths;
    assert.deepEqual(await readKubeconfig([first, ...others]), {
      server: 'https://10.0.0.2:6443',
      ca: `${ca.cert.trim()}\n`,
      serverName: undefined,
      certificate: undefined,
      token: 'first',
      tokenFile: files.path('b/token'),
      files: ['b/contexts', 'a/empty', 'c/config', 'd/clusters', 'd/ca.crt', 'b/token'].map(files.path),
    });
    assert.deepEqual(await problemsOf(readKubeconfig([first, ...others], 'then'), files.directory), [
      'c/config:5:3: contexts: needs the cluster "old", which is in none of the files',
    ]);
    assert.match(
      (await problemsOf(readKubeconfig([first, ...others], 'x'), files.directory))[0] ?? '',
      /^b\/contexts:.* has no context "x", only now, then; name one of these$/,
    );
    assert.equal((await problemsOf(readKubeconfig([first, files.path('not-there-either')]))).length, 2);
  });

  async function problems(content: string): Promise<string[]> {
    await using files = await temporaryFiles({ kubeconfig: content });
    return await problemsOf(readKubeconfig(files.path('kubeconfig')), files.directory);
  }

  it('refuses what would need a person or would weaken the connection, with its place', async () => {
    const refused: readonly (readonly [Values, Values, RegExp])[] = [
      [{}, { exec: { command: 'aws' } }, /^kubeconfig:\d+:\d+: users\[0\]\.user\.exec: runs a credential plug-in/],
      [{}, { token: 'x', 'auth-provider': { name: 'oidc' } }, /auth-provider: uses a credential plug-in/],
      [{}, { token: 'x', username: 'me' }, /username: uses a password/],
      [{}, { token: 'x', as: 'root' }, /as: impersonates another user/],
      [
        { 'insecure-skip-tls-verify': true },
        { token: 'x' },
        /clusters\[0\]\.cluster\.insecure-skip-tls-verify: turns off/,
      ],
      [{ 'proxy-url': 'http://p' }, { token: 'x' }, /proxy-url: goes through a proxy/],
    ];
    for (const [cluster, user, pattern] of refused) {
      const found = await problems(kubeconfig(cluster, user));
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', pattern);
    }
    assert.equal(
      (await problems(kubeconfig({ 'insecure-skip-tls-verify': false }, {}))).length,
      1,
      'only the missing user',
    );
  });

  it('refuses credentials that cannot work', async () => {
    const only = async (user: Values): Promise<string> => {
      const found = await problems(kubeconfig({}, user));
      assert.equal(found.length, 1, found.join('\n'));
      return found[0] ?? '';
    };
    assert.match(await only({}), /has no credentials; give a client certificate or a token/);
    assert.match(
      await only({ 'client-certificate-data': base64(pair.cert) }),
      /needs client-certificate and client-key together/,
    );
    const other = await ca.issue({ commonName: 'other' });
    const mixed = { 'client-certificate-data': base64(pair.cert), 'client-key-data': base64(other.key) };
    assert.match(await only(mixed), /client-key-data: is not the key of the certificate/);
    assert.match(await only({ token: 'a\nb' }), /token: does not hold a bearer token/);
    assert.match(await only({ token: 12 }), /token: must be text/);
    assert.match(await only({ tokenFile: 'gone' }), /tokenFile: gone does not exist; check the path/);
    assert.match(
      await only({ 'client-certificate-data': 'AAAA', 'client-key-data': base64(pair.key) }),
      /certificate-data: is not in PEM form/,
    );
  });

  it('says when it is no kubeconfig or points nowhere', async () => {
    assert.match((await problems('[]'))[0] ?? '', /^kubeconfig:1:1: is not a kubeconfig/);
    assert.match((await problems('users: 3'))[0] ?? '', /^kubeconfig:1:8: users: is not a kubeconfig/);
    assert.match((await problems('a: [')).join(), /is not valid YAML/);
    assert.deepEqual(await problems('{}'), ['kubeconfig:1:1: current-context: is required']);
    assert.deepEqual(await problems('current-context: x'), [
      'kubeconfig:1:18: current-context: names the context "x", which is not in the file',
    ]);
    const dangling = 'current-context: x\ncontexts: [{ name: x, context: { cluster: c, user: u } }]';
    assert.deepEqual(await problems(dangling), [
      'kubeconfig:2:11: contexts: needs the cluster "c", which is not in the file',
    ]);
    assert.deepEqual(await problems(`${dangling}\nclusters: [{ name: c, cluster: { server: x } }]`), [
      'kubeconfig:2:11: contexts: needs the user "u", which is not in the file',
    ]);
    assert.match(
      (await problems(kubeconfig({ server: 'nowhere' }, { token: 'x' })))[0] ?? '',
      /server: must be the URL of a server/,
    );
    assert.deepEqual(await problems('kind: Pod'), [
      'kubeconfig:1:7: kind: is not a kubeconfig: its kind is "Pod", not Config',
    ]);
    assert.deepEqual(await problemsOf(readKubeconfig('/nonexistent/kubeconfig')), [
      'kubeconfig (--kubeconfig): /nonexistent/kubeconfig does not exist; check the path',
    ]);
  });
});
