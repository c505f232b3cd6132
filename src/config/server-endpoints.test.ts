import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverEndpoints } from './server-endpoints.ts';

const peers = { serverName: 'kubernetes.default.svc' };
const a = { name: 'a', url: 'https://10.0.0.1:6443/' };
const b = { name: 'b', url: 'https://10.0.0.2', serverName: 'b.example' };

describe('serverEndpoints', () => {
  it('is the list, with the TLS name of each server', () => {
    assert.deepEqual(serverEndpoints({ servers: [a, b], peers }), [
      { name: 'a', origin: 'https://10.0.0.1:6443', serverName: 'kubernetes.default.svc', local: false },
      { name: 'b', origin: 'https://10.0.0.2', serverName: 'b.example', local: false },
    ]);
  });

  it('finds the local server in the list by its address', () => {
    const endpoints = serverEndpoints({ servers: [a, b], localServer: 'https://10.0.0.2:443', peers });
    assert.deepEqual(
      endpoints.map(({ name, local }) => [name, local]),
      [
        ['a', false],
        ['b', true],
      ],
    );
  });

  it('adds a local server that is not in the list', () => {
    assert.deepEqual(serverEndpoints({ servers: [], localServer: 'https://127.0.0.1:6443', peers }), [
      { name: 'local', origin: 'https://127.0.0.1:6443', serverName: 'kubernetes.default.svc', local: true },
    ]);
  });
});
