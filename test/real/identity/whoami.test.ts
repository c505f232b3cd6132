import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { letAnonymousAsk } from '../support/anonymous-access.ts';
import { issueClientCertificate, UID_ATTRIBUTE } from '../support/client-certificate.ts';
import { type Credentials, httpClient, PROTOCOLS, type Protocol } from '../support/http-client.ts';
import { kubectlJson } from '../support/kubectl.ts';
import { robotToken } from '../support/robot.ts';
import { type Identity, REVIEW, type UserInfo, whoAmI } from '../support/who-am-i.ts';

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const ca = pki.servingCa.cert;
const [token] = await Promise.all([robotToken(controlPlane), letAnonymousAsk(controlPlane)]);

/** Each server with a proxy whose requests go to it when nothing else decides. */
const PAIRS = await Promise.all(
  controlPlane.servers.map(async (server) => ({
    server,
    proxy: await startProxy(controlPlane, {
      name: `sidecar-${server.name}`,
      extraArgs: [`--local-server=${server.url}`],
    }),
  })),
);

interface Caller extends Credentials {
  readonly headers?: readonly string[];
}

/** Whom both take the caller for, over each protocol and at each server; asserts that they agree. */
async function compare(
  caller: Caller,
  same: (through: Identity, direct: Identity, what: string) => void = assert.deepEqual,
): Promise<Identity[]> {
  const { headers = [], ...credentials } = caller;
  const identities: Identity[] = [];
  for (const { server, proxy } of PAIRS) {
    for (const protocol of PROTOCOLS) {
      const ask = (url: string): Promise<Identity> => whoAmI({ url, protocol, ca, ...credentials }, headers);
      const direct = await ask(server.url);
      same(await ask(proxy.url), direct, `${server.name} over ${protocol}`);
      identities.push(direct);
    }
  }
  return identities;
}

const certificate = (name: string, commonName: string, organizations: readonly string[]) =>
  pki.issue(name, { commonName, organizations });

describe('a client certificate is the same user through the proxy', () => {
  for (const [what, issue] of Object.entries({
    'of one group': () => certificate('one-group', 'alice', ['dev']),
    'of several groups': () =>
      certificate('several', 'jane@example.com', ['ops', 'dev', 'ops:eu', 'a,b', 'c d', 'Dev']),
    'of one group twice': () => certificate('twice', 'alice', ['dev', 'dev']),
    'of no group': () => certificate('no-group', 'alice', []),
    'of system:masters': () => certificate('masters', 'root', ['system:masters']),
    'with names beyond ASCII': () => certificate('unicode', 'Zoë Ünïcødé 名前', ['Gruppe Ä', '運用', '🚀']),
    'with the signs of headers in its names': () => certificate('signs', 'a: b; c="d"', ['x,y', '%41', "it's"]),
    'with a UID': () =>
      issueClientCertificate(pki.clientCa, [{ O: ['dev'] }, { CN: ['uma'] }, { [UID_ATTRIBUTE]: ['uid-1-é'] }]),
    'with several common names': () => issueClientCertificate(pki.clientCa, [{ CN: ['first'] }, { CN: ['last'] }]),
    'with several attributes in one set': () =>
      issueClientCertificate(pki.clientCa, [{ O: ['b', 'a'], CN: ['together'] }]),
  })) {
    test(what, async () => {
      const identities = await compare({ certificate: await issue() });
      assert.ok(identities.every(({ kind }) => kind === 'user'));
    });
  }

  test('with a UID, which arrives', async () => {
    const subject = [{ CN: ['uma'] }, { [UID_ATTRIBUTE]: ['uid-2'] }];
    const [identity] = await compare({ certificate: await issueClientCertificate(pki.clientCa, subject) });
    assert.ok(identity?.kind === 'user');
    assert.equal(identity.user.uid, 'uid-2');
  });

  test('with the id of the credential, by which an audit finds it', async () => {
    for (const identity of await compare({ certificate: pki.jane })) {
      assert.ok(identity.kind === 'user');
      assert.deepEqual(identity.user.groups, ['dev', 'ops', 'system:authenticated']);
      const [id] = identity.user.extra?.['authentication.kubernetes.io/credential-id'] ?? [];
      assert.match(id ?? '', /^X509SHA256=[0-9a-f]{64}$/);
    }
  });
});

test('a service account token is the same user through the proxy', async () => {
  for (const identity of await compare({ token })) {
    assert.ok(identity.kind === 'user');
    assert.equal(identity.user.username, 'system:serviceaccount:default:robot');
  }
});

test('a token beside a client certificate: the same one counts', async () => {
  for (const identity of await compare({ certificate: pki.jane, token })) assert.equal(identity.kind, 'user');
});

test('nobody is anonymous, as at the server', async () => {
  for (const identity of await compare({})) {
    assert.ok(identity.kind === 'user');
    assert.equal(identity.user.username, 'system:anonymous');
  }
});

describe('impersonation is the same through the proxy', () => {
  const forms: Readonly<Record<string, readonly string[]>> = {
    'of a user': ['Impersonate-User', 'ghost'],
    'of a user with groups': ['Impersonate-User', 'ghost', 'Impersonate-Group', 'b', 'Impersonate-Group', 'a'],
    'of a user with a UID': ['Impersonate-User', 'ghost', 'Impersonate-Uid', '06f6ce97'],
    'of a user with extras': [
      ...['Impersonate-User', 'ghost', 'Impersonate-Extra-Scopes', 'view', 'Impersonate-Extra-Scopes', 'edit'],
      ...['Impersonate-Extra-example.com%2Fproject', 'one two'],
    ],
    'of a service account': ['Impersonate-User', 'system:serviceaccount:kube-system:default'],
    'of nobody': ['Impersonate-User', 'system:anonymous'],
    'of groups without a user, which is an error': ['Impersonate-Group', 'a'],
  };
  for (const [what, headers] of Object.entries(forms)) {
    test(what, async () => {
      await compare({ certificate: pki.admin, headers });
      await compare({ token, headers });
    });
  }

  test('by who may not, which is refused', async () => {
    for (const identity of await compare({ certificate: pki.jane, headers: ['Impersonate-User', 'admin'] })) {
      assert.deepEqual([identity.kind, identity.kind === 'refused' && identity.status], ['refused', 403]);
    }
  });
});

describe('a certificate that is worth nothing', () => {
  const DAY_MS = 86_400_000;
  const worthless = {
    'of an unknown authority': async () =>
      pki.issue('stranger', { commonName: 'admin' }, await pki.untrustedCa('stranger-ca')),
    'that has expired': () =>
      pki.issue('expired', {
        commonName: 'admin',
        organizations: ['system:masters'],
        notBefore: new Date(Date.now() - 2 * DAY_MS),
        notAfter: new Date(Date.now() - DAY_MS),
      }),
    'that is not valid yet': () =>
      pki.issue('early', {
        commonName: 'admin',
        organizations: ['system:masters'],
        notBefore: new Date(Date.now() + DAY_MS),
      }),
    'for servers only': () =>
      pki.issue('server-only', { commonName: 'admin', organizations: ['system:masters'], usages: ['server'] }),
    'of the serving authority': () => pki.issue('serving', { commonName: 'admin' }, pki.servingCa),
    'without a common name': () => issueClientCertificate(pki.clientCa, [{ O: ['system:masters'] }]),
    'with two UIDs': () =>
      issueClientCertificate(pki.clientCa, [{ CN: ['uma'] }, { [UID_ATTRIBUTE]: ['1'] }, { [UID_ATTRIBUTE]: ['2'] }]),
    'of the front-proxy authority': () => pki.issue('front-proxy-user', { commonName: 'admin' }, pki.frontProxyCa),
  };
  for (const [what, issue] of Object.entries(worthless)) {
    test(`${what} is refused as the server refuses it`, async () => {
      // The proxy says more about the reason than the server does; it is asked by people who look for the mistake.
      await compare({ certificate: await issue() }, (through, direct, at) => {
        assert.deepEqual(
          [through.kind, through.kind === 'refused' && [through.status, through.reason]],
          [direct.kind, direct.kind === 'refused' && [direct.status, direct.reason]],
          at,
        );
        assert.deepEqual([direct.kind, direct.kind === 'refused' && direct.status], ['refused', 401]);
      });
    });

    test(`${what} does no harm beside a token that is worth something`, async () => {
      for (const identity of await compare({ certificate: await issue(), token })) {
        assert.ok(identity.kind === 'user');
        assert.equal(identity.user.username, 'system:serviceaccount:default:robot');
      }
    });

    test(`${what} is refused beside a token that is worth nothing`, async () => {
      for (const identity of await compare({ certificate: await issue(), token: 'nobody-issued-this' })) {
        assert.deepEqual([identity.kind, identity.kind === 'refused' && identity.status], ['refused', 401]);
      }
    });
  }
});

describe('kubectl auth whoami', () => {
  const KUBECTLS = ['1.34.4', '1.37.2'];
  const cache = join(controlPlane.directory, 'kubectl-cache');
  for (const version of KUBECTLS) {
    for (const [what, user, flags] of [
      ['with a client certificate', 'jane', []],
      ['with a token', { token }, []],
      ['with impersonation', 'admin', ['--as=ghost', '--as-group=b', '--as-group=a', '--as-uid=06f6ce97']],
    ] as const) {
      test(`${version} ${what}`, async () => {
        for (const { server, proxy } of PAIRS) {
          const ask = async (url: string): Promise<UserInfo> => {
            const kubeconfig = await controlPlane.kubeconfig({ server: url, user });
            const args = ['auth', 'whoami', ...flags];
            const review = await kubectlJson<{ status: { userInfo: UserInfo } }>(version, kubeconfig, cache, args);
            return review.status.userInfo;
          };
          assert.deepEqual(await ask(proxy.url), await ask(server.url), server.name);
        }
      });
    }
  }
});

test('many anonymous callers at once, whose connections kube-apiserver ends, are answered all the same', async () => {
  for (const { proxy } of PAIRS) {
    for (const protocol of PROTOCOLS) {
      const statuses = await Promise.all(Array.from({ length: 64 }, () => askSeveralTimes(proxy.url, protocol)));
      assert.deepEqual(new Set(statuses.flat()), new Set([201]));
    }
  }
});

async function askSeveralTimes(url: string, protocol: Protocol): Promise<number[]> {
  const client = httpClient({ url, protocol, ca });
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) statuses.push((await client.request(REVIEW)).status);
  client.close();
  return statuses;
}
