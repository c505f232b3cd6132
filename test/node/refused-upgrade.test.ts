import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { closeOf, Inbox, readToEnd } from '../support/loopback.ts';

const EXEC = '/api/v1/namespaces/default/pods/web/exec?command=id';

/**
 * CVE-2018-1002105: a proxy that keeps the socket of a refused switch lets the client speak to the server with the
 * proxy's own authority. What the client sends behind the refused request must never arrive there.
 */
test('the socket of a refused protocol switch carries nothing more and is closed', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const upstream = new Inbox<Socket>();
  let behind = '';
  plane.old.onUpgrade = (_request, socket, early) => {
    upstream.put(socket);
    behind += early.toString();
    socket.on('data', (chunk: Buffer) => {
      behind += chunk.toString();
    });
    // Like kube-apiserver this server is ready for another request.
    socket.write(
      'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 9\r\nX-Mark: kept\r\n\r\nforbidden',
    );
  };
  const { servingCa, jane } = plane.pki;
  const { port } = new URL(plane.daemon.servingAddress);
  const client = connect({ host: '127.0.0.1', port: Number(port), ca: servingCa.cert, cert: jane.cert, key: jane.key });
  client.on('error', () => {});
  await once(client, 'secureConnect');
  client.write(
    `GET ${EXEC} HTTP/1.1\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n` +
      'GET /api/v1/secrets HTTP/1.1\r\nHost: api\r\nX-Remote-User: admin\r\nX-Remote-Group: system:masters\r\n\r\n',
  );
  const socket = await upstream.next();
  const gone = closeOf(socket);

  const answer = await readToEnd(client);
  await gone;

  assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/);
  assert.match(answer, /\r\nx-mark: kept\r\n/i);
  assert.match(answer, /\r\n\r\nforbidden$/, 'one answer, to the first request');
  assert.equal(behind, '', 'nothing followed the refused request');
  assert.deepEqual(plane.old.requests, []);
});
