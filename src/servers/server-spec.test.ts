import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, identityOf, type ServerSpec } from './server-spec.ts';

const network: ServerSpec = {
  kind: 'network',
  name: 'a',
  host: 'a.example',
  port: 6443,
  servername: 'x',
  local: false,
};
const inProcess: ServerSpec = { kind: 'in-process', name: 'a', handler: () => {}, local: true };

test('what was learned of a server holds for it under any name, and for no other address or handler', () => {
  assert.equal(identityOf(network), identityOf({ ...network, servername: 'y', local: true }));
  assert.equal(identityOf(network), identityOf({ ...network, name: 'b' }));
  assert.equal(identityOf(inProcess), identityOf({ ...inProcess, name: 'b' }));
  for (const [one, other] of [
    [network, { ...network, host: 'b.example' }],
    [network, { ...network, port: 1 }],
    [network, inProcess],
    [inProcess, network],
    [inProcess, { ...inProcess, handler: () => {} }],
  ] as const) {
    assert.notEqual(identityOf(one), identityOf(other));
  }
});

test('operators are told where a server is', () => {
  assert.deepEqual([addressOf(network), addressOf(inProcess)], ['a.example:6443', 'in this process']);
});
