import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkServer } from '../servers/server-spec.ts';
import { StaticAddresses, staticMembers } from './static-members.ts';
import { PlayedResolver } from './testing/played-resolver.ts';

const server = (host: string): NetworkServer => {
  return { kind: 'network', name: 'a', host, port: 6443, servername: 'x', local: false };
};
const addresses = (host: string, resolved: readonly string[] = []) =>
  staticMembers([server(host)], new Map([[host, resolved]]))[0]?.addresses;

test('an address is itself, in its one spelling, and stays what is dialled', () => {
  const [member] = staticMembers([server('::ffff:10.0.0.1')], new Map());
  assert.deepEqual([member?.host, member?.addresses], ['::ffff:10.0.0.1', ['10.0.0.1']]);
});

test('a host name is where it leads, once for each family', () => {
  assert.deepEqual(addresses('cp-1.example', ['10.0.0.1', 'fd00::1']), ['10.0.0.1', 'fd00::1']);
  assert.deepEqual(addresses('cp-1.example'), []);
});

test('a host name of several servers is none of them', () => {
  assert.deepEqual(addresses('api.example', ['10.0.0.1', '10.0.0.2']), []);
  assert.deepEqual(addresses('api.example', ['fd00::1', 'fd00::2']), []);
});

test('host names are resolved, keep their addresses when that fails, and are forgotten with their server', async () => {
  const resolver = new PlayedResolver();
  resolver.hosts.set('cp-1.example', ['10.0.0.1']);
  const known = new StaticAddresses(resolver);
  await known.read([server('cp-1.example'), server('10.0.0.9')]);
  assert.deepEqual([...known.resolved], [['cp-1.example', ['10.0.0.1']]]);
  assert.deepEqual(resolver.asked, ['cp-1.example']);
  resolver.hosts.set('cp-1.example', 'fails');
  await known.read([server('cp-1.example')]);
  assert.deepEqual([...known.resolved], [['cp-1.example', ['10.0.0.1']]]);
  await known.read([]);
  assert.deepEqual([...known.resolved], []);
});
