import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { letAnonymousAsk } from '../support/anonymous-access.ts';
import { AuditLogs } from '../support/audit-log.ts';
import { eventually } from '../support/eventually.ts';
import { type Credentials, header, PROTOCOLS, type Protocol, requestOnce } from '../support/http-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { robotToken } from '../support/robot.ts';
import { type Identity, identityOf, REVIEW, whoAmI } from '../support/who-am-i.ts';

/** Names that a site chose beside the default ones; the servers believe both. */
const HEADER_FLAGS = [
  '--requestheader-username-headers=X-Remote-User,X-Site-User',
  '--requestheader-group-headers=X-Remote-Group,X-Site-Group',
  '--requestheader-uid-headers=X-Remote-Uid,X-Site-Uid',
  '--requestheader-extra-headers-prefix=X-Remote-Extra-,X-Site-Extra-',
];
const audit = await AuditLogs.create();
after(() => audit.remove());
const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4', extraArgs: [...HEADER_FLAGS, ...audit.flags('old')] },
    { name: 'new', version: '1.37.2', extraArgs: [...HEADER_FLAGS, ...audit.flags('new')] },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const ca = pki.servingCa.cert;
const local = controlPlane.server('old');
const [token] = await Promise.all([robotToken(controlPlane), letAnonymousAsk(controlPlane)]);
const proxy = await startProxy(controlPlane, { extraArgs: [...HEADER_FLAGS, `--local-server=${local.url}`] });

/** A type that the local server lacks. */
const SKEWED = '/apis/resource.k8s.io/v1/devicetaintrules';

const CALLERS: Readonly<Record<string, Credentials>> = {
  'a client certificate': { certificate: pki.jane },
  'a token': { token },
  nobody: {},
};

/** By the weakness elsewhere that each of them exploited, or would. */
const FORGERIES: Readonly<Record<string, readonly string[]>> = {
  'X-Remote-User and X-Remote-Group': ['X-Remote-User', 'admin', 'X-Remote-Group', 'system:masters'],
  'X-Remote-Group alone, which would add to the groups of a true user': ['X-Remote-Group', 'system:masters'],
  'X-Remote-Uid': ['X-Remote-Uid', '0'],
  'X-Remote-Extra-*': [
    'X-Remote-Extra-Scopes',
    'all',
    'X-Remote-Extra-Authentication.kubernetes.io%2Fcredential-Id',
    'x',
  ],
  'every one of them several times': [
    ...['X-Remote-User', 'admin', 'X-Remote-User', 'root', 'X-Remote-Group', 'system:masters'],
    ...['X-Remote-Group', 'system:nodes', 'X-Remote-Extra-A', '1', 'X-Remote-Extra-A', '2'],
  ],
  'kubernetes#119631: names the site chose': [
    ...['X-Site-User', 'admin', 'X-Site-Group', 'system:masters', 'X-Site-Uid', '0', 'X-Site-Extra-Scopes', 'all'],
  ],
  'odd cases': ['x-rEmOtE-uSeR', 'admin', 'X-REMOTE-GROUP', 'system:masters', 'x-sItE-gRoUp', 'system:masters'],
  'underscores, which some servers take for dashes': ['X_Remote_User', 'admin', 'X_Remote_Group', 'system:masters'],
  'empty values': ['X-Remote-User', '', 'X-Remote-Group', '', 'X-Site-Group', ''],
  'X-Kubernetes-Peer-Proxied (upstream D13)': ['X-Kubernetes-Peer-Proxied', 'true'],
  'fields that would end at the next hop': ['Proxy-Connection', 'X-Remote-User', 'Keep-Alive', 'X-Remote-Group'],
};

const ask = (protocol: Protocol, caller: Credentials, headers: readonly string[] = []): Promise<Identity> =>
  whoAmI({ url: proxy.url, protocol, ca, ...caller }, headers);

describe('forged headers change nothing', () => {
  for (const [who, caller] of Object.entries(CALLERS)) {
    for (const [what, headers] of Object.entries(FORGERIES)) {
      test(`${what}, from ${who}`, async () => {
        for (const protocol of PROTOCOLS) {
          // HTTP/2 has no hop-by-hop fields; they are malformed there.
          if (protocol === 'h2' && headers.includes('Keep-Alive')) continue;
          const honest = await ask(protocol, caller);
          assert.equal(honest.kind, 'user');
          assert.deepEqual(await ask(protocol, caller, headers), honest, protocol);
        }
      });
    }

    for (const [what, lines] of Object.entries({
      'a space before the colon (RFC 9112 section 5.1)': ['X-Remote-User : admin', 'X-Remote-Group : system:masters'],
      'a tab before the colon': ['X-Remote-Group\t: system:masters'],
      'a folded line': ['X-Harmless: a', ' X-Remote-Group: system:masters'],
      'a bare line feed': ['X-Harmless: a\nX-Remote-Group: system:masters'],
      'a bare carriage return': ['X-Harmless: a\rX-Remote-Group: system:masters'],
      'white space before the first field (RFC 9112 section 2.2)': [' X-Remote-Group: system:masters'],
      'a NUL in the name': ['X-Remote-Group\0: system:masters'],
      'no name': [': X-Remote-Group: system:masters'],
    })) {
      test(`${what}, from ${who}`, async () => {
        const honest = await ask('http/1.1', caller);
        const answer = await rawRequest(
          { url: proxy.url, ca, ...caller },
          [...rawReview(lines.length > 0), ...lines],
          BODY,
        );
        if (answer.status === 400) return;
        assert.deepEqual(identityOf(answer.status, answer.body), honest);
      });
    }

    test(`identity headers behind the body, as trailers, from ${who}`, async () => {
      const honest = await ask('http/1.1', caller);
      const head = rawReview(false);
      const trailers = 'X-Remote-User: admin\r\nX-Remote-Group: system:masters\r\nX-Site-Group: system:masters\r\n';
      const chunked = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n${trailers}\r\n`;
      const lines = [...head, 'Transfer-Encoding: chunked', 'Trailer: X-Remote-User, X-Remote-Group'];
      const answer = await rawRequest({ url: proxy.url, ca, ...caller }, lines, chunked);
      assert.deepEqual(identityOf(answer.status, answer.body), honest);
    });

    test(`capsule-proxy#188: Connection names an identity header, from ${who}`, async () => {
      for (const named of [
        ...['X-Remote-User', 'x-remote-user', 'X-REMOTE-GROUP', 'X-Remote-Uid', 'X-Remote-Extra-Scopes'],
        ...['close, X-Remote-User', 'keep-alive,x-ReMoTe-gRoUp', ' ,X-Remote-User, ', 'X-Kubernetes-Peer-Proxied'],
        ...['X-Site-User', 'x-site-group', 'X-Site-Extra-A', 'Authorization', 'aUTHORIZATION'],
        ...['Impersonate-User', 'Impersonate-Group', 'close, Impersonate-Extra-Scopes'],
      ]) {
        const lines = [...rawReview(true), `Connection: ${named}`];
        const { status, body } = await rawRequest({ url: proxy.url, ca, ...caller }, lines, BODY);
        assert.equal(status, 400, `Connection: ${named}: ${body}`);
        const answer = JSON.parse(body);
        assert.deepEqual([answer.kind, answer.reason, answer.code], ['Status', 'BadRequest', 400]);
      }
    });

    test(`a harmless Connection is obeyed, from ${who}`, async () => {
      const honest = await ask('http/1.1', caller);
      const lines = [...rawReview(true), 'Connection: close, X-Harmless', 'X-Harmless: a'];
      const { status, body } = await rawRequest({ url: proxy.url, ca, ...caller }, lines, BODY);
      assert.deepEqual(identityOf(status, body), honest);
    });
  }

  test('X-Kubernetes-Peer-Proxied does not keep a request at a server that lacks its resource', async () => {
    for (const protocol of PROTOCOLS) {
      for (const value of ['true', 'TRUE', 'false', 'no']) {
        for (const caller of [{ certificate: pki.admin }, { token }]) {
          const answer = await requestOnce(
            { url: proxy.url, protocol, ca, ...caller },
            { target: SKEWED, headers: ['X-Kubernetes-Peer-Proxied', value] },
          );
          assert.equal(answer.status, 200, `${value} over ${protocol}: ${answer.body}`);
        }
      }
    }
  });

  test('impersonation stays what the servers make of it, whatever stands beside it', async () => {
    const impersonate = ['Impersonate-User', 'ghost', 'Impersonate-Group', 'readers'];
    for (const protocol of PROTOCOLS) {
      for (const caller of [{ certificate: pki.admin }, { token }]) {
        const honest = await ask(protocol, caller, impersonate);
        assert.ok(honest.kind === 'user' && honest.user.username === 'ghost');
        for (const headers of Object.values(FORGERIES)) {
          if (protocol === 'h2' && headers.includes('Keep-Alive')) continue;
          assert.deepEqual(await ask(protocol, caller, [...headers, ...impersonate]), honest);
        }
      }
    }
  });

  test('the audit log names the true user and the true address', async () => {
    const forged = [
      ...['X-Remote-User', 'admin', 'X-Forwarded-For', '203.0.113.7', 'X-Real-Ip', '203.0.113.8'],
      ...['Forwarded', 'for=203.0.113.9'],
    ];
    for (const protocol of PROTOCOLS) {
      const caller = { url: proxy.url, protocol, ca, certificate: pki.jane };
      const answer = await requestOnce(caller, { target: SKEWED, headers: forged });
      const { user, sourceIPs } = await audit.event('new', header(answer, 'audit-id'));
      assert.deepEqual([user.username, user.groups], ['jane', ['dev', 'ops', 'system:authenticated']]);
      assert.deepEqual(new Set(sourceIPs), new Set(['127.0.0.1']));
    }
  });
});

describe('a front proxy in front of the proxy', () => {
  /** Whom the proxy and its server take the caller for. */
  async function both(
    caller: Credentials,
    headers: readonly string[],
    protocol: Protocol,
  ): Promise<[Identity, Identity]> {
    const direct = await whoAmI({ url: local.url, protocol, ca, ...caller }, headers);
    return [await ask(protocol, caller, headers), direct];
  }

  const bob = ['X-Remote-User', 'bob', 'X-Remote-Group', 'readers'];

  for (const [what, headers] of Object.entries<readonly string[]>({
    'a user': ['X-Remote-User', 'bob'],
    'a user with several groups': [...bob, 'X-Remote-Group', 'writers', 'X-Remote-Group', 'a,b'],
    'a user with a UID': [...bob, 'X-Remote-Uid', '42'],
    'a user with extras': [
      ...[...bob, 'X-Remote-Extra-Scopes', 'view', 'X-Remote-Extra-Scopes', 'edit'],
      ...['X-Remote-Extra-Example.com%2fProject', 'one', 'X-Remote-Extra-A%zz', 'x'],
    ],
    'a user in the names the site chose': ['X-Site-User', 'bob', 'X-Site-Group', 'readers', 'X-Site-Extra-A', '1'],
    'a user in both names, of which the first counts': ['X-Site-User', 'eve', 'X-Remote-User', 'bob'],
    'a user beyond ASCII': ['X-Remote-User', Buffer.from('Zoë').toString('latin1'), 'X-Remote-Group', 'g'],
  })) {
    test(`is believed when its certificate is good: ${what}`, async () => {
      for (const protocol of PROTOCOLS) {
        const [through, direct] = await both({ certificate: pki.frontProxyClient }, headers, protocol);
        assert.equal(direct.kind, 'user');
        assert.deepEqual(through, direct, protocol);
      }
    });
  }

  test('is believed only for what it says of this request', async () => {
    for (const protocol of PROTOCOLS) {
      const [through, direct] = await both({ certificate: pki.frontProxyClient }, [], protocol);
      assert.deepEqual([through.kind, through.kind === 'refused' && through.status], ['refused', 401]);
      assert.deepEqual([direct.kind, direct.kind === 'refused' && direct.status], ['refused', 401]);
      const [withToken, directWithToken] = await both({ certificate: pki.frontProxyClient, token }, [], protocol);
      assert.equal(directWithToken.kind, 'user');
      assert.deepEqual(withToken, directWithToken);
    }
  });

  test('decides about the way: what it routed here already goes to the local server alone', async () => {
    for (const protocol of PROTOCOLS) {
      const headers = ['X-Remote-User', 'admin', 'X-Remote-Group', 'system:masters'];
      const caller = { url: proxy.url, protocol, ca, certificate: pki.frontProxyClient };
      const first = await requestOnce(caller, { target: SKEWED, headers });
      assert.equal(first.status, 200);
      const again = await requestOnce(caller, {
        target: SKEWED,
        headers: [...headers, 'X-Kubernetes-Peer-Proxied', 'true'],
      });
      // Its 404 would be believed by whoever asked the front proxy.
      assert.deepEqual([again.status, header(again, 'retry-after')], [503, '1']);
      assert.match(again.body.toString(), /devicetaintrules\.v1\.resource\.k8s\.io is served by new, not by old/);
    }
    await eventually('the local server was asked', async () =>
      (await audit.events('old')).some(({ requestURI }) => requestURI === SKEWED),
    );
  });

  test('is not believed when its name is not allowed', async () => {
    const certificate = await pki.issue('other-front-proxy', { commonName: 'other-front-proxy' }, pki.frontProxyCa);
    for (const protocol of PROTOCOLS) {
      const [through, direct] = await both({ certificate }, bob, protocol);
      assert.deepEqual([direct.kind, direct.kind === 'refused' && direct.status], ['refused', 401]);
      assert.deepEqual([through.kind, through.kind === 'refused' && through.status], ['refused', 401]);
      const [withToken, directWithToken] = await both({ certificate, token }, bob, protocol);
      assert.ok(directWithToken.kind === 'user');
      assert.equal(directWithToken.user.username, 'system:serviceaccount:default:robot');
      assert.deepEqual(withToken, directWithToken);
    }
  });

  test('is not believed when another authority vouches for its allowed name', async () => {
    for (const authority of [pki.clientCa, pki.servingCa, await pki.untrustedCa()]) {
      const certificate = await pki.issue('impostor', { commonName: 'front-proxy-client' }, authority);
      for (const protocol of PROTOCOLS) {
        const [through, direct] = await both({ certificate }, bob, protocol);
        assert.equal(through.kind, direct.kind);
        if (through.kind === 'user') assert.deepEqual(through, direct);
        if (through.kind === 'user') assert.equal(through.user.username, 'front-proxy-client');
      }
    }
  });
});

const BODY = JSON.stringify(REVIEW.body);

/** A SelfSubjectReview as lines. */
function rawReview(declaresLength: boolean): string[] {
  return [
    `POST ${REVIEW.target} HTTP/1.1`,
    'Content-Type: application/json',
    'Accept: application/json',
    ...(declaresLength ? [`Content-Length: ${BODY.length}`] : []),
  ];
}
