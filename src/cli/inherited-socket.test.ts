import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeInheritedSocket } from './inherited-socket.ts';

test('a socket of systemd is taken once, and nobody else hears of it', () => {
  const environment = { LISTEN_PID: '42', LISTEN_FDS: '1', LISTEN_FDNAMES: 'mvproxy.socket', LANG: 'C' };
  assert.equal(takeInheritedSocket(environment, 42), 3);
  assert.deepEqual(environment, { LANG: 'C' });
  assert.equal(takeInheritedSocket(environment, 42), undefined);
});

test('sockets that are meant for another process are not touched', () => {
  for (const LISTEN_PID of ['41', '', '042', '42 ']) {
    const environment = { LISTEN_PID, LISTEN_FDS: '1' };
    assert.equal(takeInheritedSocket(environment, 42), undefined);
    assert.deepEqual(environment, {});
  }
  assert.equal(takeInheritedSocket({ LISTEN_PID: '42', LISTEN_FDS: '0' }, 42), undefined);
  assert.equal(takeInheritedSocket({}, 42), undefined);
});

test('more than one is a mistake that is explained', () => {
  assert.throws(() => takeInheritedSocket({ LISTEN_PID: '42', LISTEN_FDS: '2' }, 42), /passed 2 sockets.*ListenStream/);
});
