import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http2';
import { request as upgradeRequest } from 'node:https';
import { test } from 'node:test';
import { PROTOCOLS } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { sendUnknown } from '../support/fake-api-server.ts';

const HEADER = 'x-mvproxy-explain';
const ASKING = { [HEADER]: '1' };
const ON = { flags: { 'explain-header': 'true', 'health-interval-seconds': '0.05' } };
const NEW_ONLY = '/apis/resource.k8s.io/v1/devicetaintrules';
const ON_BOTH = '/api/v1/namespaces/default/configmaps';
const NOWHERE = '/apis/resource.k8s.io/v1/devicetaintrulez';
const EXEC = '/api/v1/namespaces/default/pods/web/exec?command=id';
const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Sends an offer to switch protocols; the head of whatever answers it. */
async function offer(plane: EmbeddedControlPlane): Promise<{ status: number; headers: IncomingHttpHeaders }> {
  const { servingCa, admin } = plane.pki;
  const request = upgradeRequest(`${plane.daemon.servingAddress}${EXEC}`, {
    ca: servingCa.cert,
    cert: admin.cert,
    key: admin.key,
    headers: { ...ASKING, connection: 'Upgrade', upgrade: 'SPDY/3.1' },
  });
  request.end();
  const answers = [once(request, 'response'), once(request, 'upgrade')];
  const [response, socket] = await Promise.race(answers);
  socket?.destroy();
  response.resume();
  return { status: response.statusCode, headers: response.headers };
}

for (const protocol of PROTOCOLS) {
  test(`every kind of answer over ${protocol} says who gave it and why, to a client that asks`, async (t) => {
    const plane = await startEmbeddedControlPlane(t, ON);
    const client = await plane.client(protocol);
    const asked = async (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') => {
      const answer = await client.request({ method, path, headers: { ...ASKING, ...headers } });
      return [answer.status, answer.headers[HEADER]];
    };
    assert.deepEqual(await asked(NEW_ONLY), [
      200,
      'server=new; decision=PeerServesResource; attempts=1; preferred=old; text="new answers: the preferred server does not serve this."',
    ]);
    assert.deepEqual(await asked(ON_BOTH), [
      200,
      'server=old; decision=PreferredCapable; attempts=1; preferred=old; text="old answers: it serves this."',
    ]);
    const merged =
      'server=-; decision=MergedDiscovery; attempts=0; text="The proxy answers from its merged view, after a server has let the caller read this path."';
    assert.deepEqual(await asked('/apis', { accept: V2 }), [200, merged]);
    assert.deepEqual(await asked('/apis', { accept: V2 }), [200, merged], 'when the permission is remembered, too');
    assert.deepEqual(await asked('/apis/apps'), [200, merged]);
    const [badRequest, bad] = await asked('/api/v1/%zz');
    assert.equal(badRequest, 400);
    assert.match(String(bad), /^server=-; decision=Refused; attempts=0; error=MVP_BAD_TARGET; text="/);

    plane.old.handler = sendUnknown;
    const [, healed] = await asked(ON_BOTH);
    assert.match(String(healed), /^server=new; decision=\w+; attempts=2; preferred=\w+; text="/);
    assert.deepEqual(await asked(NOWHERE), [
      404,
      'server=old; decision=NobodyCapable; attempts=1; preferred=old; text="old answers 404: no server serves this, so that its answer is genuine."',
    ]);
    await plane.new.stop();
    const [unavailable, why] = await asked(NEW_ONLY);
    assert.equal(unavailable, 503);
    assert.match(
      String(why),
      /^server=-; decision=\w+; attempts=\d; preferred=old; error=MVP_\w+; text=".*devicetaintrules/,
    );
    const head = await asked(ON_BOTH, {}, 'HEAD');
    assert.match(String(head[1]), /^server=-|^server=old/);
  });

  test(`a watch over ${protocol} is explained with its head`, async (t) => {
    const plane = await startEmbeddedControlPlane(t, ON);
    plane.old.handler = (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/json' });
      stream.write('{"type":"ADDED","object":{}}\n');
    };
    const client = await plane.client(protocol);
    const watch = await client.open({ path: `${ON_BOTH}?watch=true`, headers: ASKING });
    assert.match(String(watch.headers[HEADER]), /^server=old; decision=PreferredCapable; /);
    watch.body.on('error', () => {});
    watch.cancel();
  });

  test(`nothing is explained over ${protocol} where it is off, or to clients that do not ask for it`, async (t) => {
    const off = await startEmbeddedControlPlane(t);
    const client = await off.client(protocol);
    for (const path of [ON_BOTH, '/api/v1/%zz', '/apis/apps']) {
      assert.equal((await client.request({ path, headers: ASKING })).headers[HEADER], undefined, path);
    }
    const on = await startEmbeddedControlPlane(t, ON);
    const other = await on.client(protocol);
    for (const value of ['0', 'true', '', '1, 1']) {
      const { headers } = await other.request({ path: ON_BOTH, headers: { [HEADER]: value } });
      assert.equal(headers[HEADER], undefined, value);
    }
    assert.equal((await other.request({ path: ON_BOTH })).headers[HEADER], undefined);
  });

  test(`a client over ${protocol} cannot make servers believe an explanation, and a server cannot give one`, async (t) => {
    for (const flags of [{}, ON.flags]) {
      const plane = await startEmbeddedControlPlane(t, { flags });
      const heard: unknown[] = [];
      plane.old.handler = (stream, headers) => {
        heard.push(headers[HEADER]);
        const forged = { [HEADER]: 'server=forged' };
        stream.additionalHeaders({ ':status': 103, ...forged });
        stream.respond({ ':status': 200, ...forged, 'content-type': 'application/json' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ ...forged, 'x-kept': 'yes' }));
        stream.end('{}');
      };
      const client = await plane.client(protocol);
      const quiet = await client.request({ path: ON_BOTH, headers: { [HEADER]: 'server=forged' } });
      assert.equal(quiet.headers[HEADER], undefined);
      const { headers } = await client.request({ path: ON_BOTH, headers: ASKING });
      assert.doesNotMatch(String(headers[HEADER]), /forged/);
      assert.deepEqual(heard, [undefined, undefined]);
    }
  });
}

test('a switch of protocols is explained, and so is one that its server refuses', async (t) => {
  const plane = await startEmbeddedControlPlane(t, ON);
  plane.old.onUpgrade = (_request, socket) =>
    socket.end(
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\nX-Mvproxy-Explain: server=forged\r\nConnection: close\r\n\r\nforbidden',
    );
  const refused = await offer(plane);
  assert.equal(refused.status, 403);
  assert.match(String(refused.headers[HEADER]), /^server=old; decision=PreferredCapable; attempts=1; /);
  plane.old.onUpgrade = (_request, socket) =>
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Mvproxy-Explain: server=forged\r\n\r\n',
    );
  const switched = await offer(plane);
  assert.equal(switched.status, 101);
  assert.match(String(switched.headers[HEADER]), /^server=old; decision=PreferredCapable; attempts=1; /);
});
