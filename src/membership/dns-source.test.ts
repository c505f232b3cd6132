import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dnsSource, parseServersName, type ServersName } from './dns-source.ts';
import type { MemberSource } from './member-source.ts';
import { SourceError } from './source-error.ts';
import { PlayedResolver } from './testing/played-resolver.ts';

const API: ServersName = { kind: 'addresses', name: 'api.example', port: 6443 };
const SERVICES: ServersName = { kind: 'services', name: '_https._tcp.api.example' };

const hosts = async (source: MemberSource) => (await source.read()).map(({ host }) => host);
const unresolved = (error: unknown) => error instanceof SourceError && error.code === 'unresolved';

describe('a name in the configuration', () => {
  test('stands for addresses at a port, or for services', () => {
    assert.deepEqual(parseServersName('API.example.'), API);
    assert.deepEqual(parseServersName('api.example:443'), { ...API, port: 443 });
    assert.deepEqual(parseServersName('_https._tcp.api.example'), SERVICES);
  });

  test('is no address, no URL and no service with a port', () => {
    for (const text of [
      '',
      '10.0.0.1',
      'https://api.example',
      'api.example:0',
      'api.example:65536',
      '_https._tcp.api:1',
      '_a.b',
    ]) {
      assert.equal(parseServersName(text), undefined, text);
    }
  });
});

describe('A and AAAA records', () => {
  test('are servers at the port of the name', async () => {
    const resolver = new PlayedResolver();
    resolver.records.set('4 api.example', ['10.0.0.2', '10.0.0.1']).set('6 api.example', ['FD00:0::1']);
    const source = dnsSource(API, resolver);
    assert.equal(source.name, 'dns/api.example:6443');
    assert.deepEqual((await source.read())[0], {
      id: '10.0.0.1:6443',
      name: undefined,
      host: '10.0.0.1',
      port: 6443,
      addresses: ['10.0.0.1'],
    });
    assert.deepEqual(await hosts(source), ['10.0.0.1', '10.0.0.2', 'fd00::1']);
  });

  test('of the family that cannot be told now stay as they were', async () => {
    const resolver = new PlayedResolver();
    const source = dnsSource(API, resolver);
    resolver.records.set('4 api.example', ['10.0.0.1']).set('6 api.example', ['fd00::1']);
    await source.read();
    resolver.records.set('4 api.example', ['10.0.0.2']).set('6 api.example', 'fails');
    assert.deepEqual(await hosts(source), ['10.0.0.2', 'fd00::1']);
    resolver.records.delete('6 api.example');
    assert.deepEqual(await hosts(source), ['10.0.0.2'], 'there are none any more');
  });

  test('that nobody can tell are a failure', async () => {
    const resolver = new PlayedResolver();
    resolver.records.set('4 api.example', 'fails');
    await assert.rejects(dnsSource(API, resolver).read(), unresolved);
  });

  test('that do not exist are looked for where this machine looks', async () => {
    const resolver = new PlayedResolver();
    resolver.hosts.set('api.example', ['10.0.0.7']);
    assert.deepEqual(await hosts(dnsSource(API, resolver)), ['10.0.0.7']);
    resolver.hosts.set('api.example', 'fails');
    await assert.rejects(dnsSource(API, resolver).read(), unresolved);
    assert.deepEqual(await hosts(dnsSource(API, new PlayedResolver())), []);
  });
});

describe('SRV records', () => {
  function services() {
    const resolver = new PlayedResolver();
    resolver.srv.set(SERVICES.name, [
      { target: 'CP-1.example.', port: 6443 },
      { target: 'cp-2.example', port: 443 },
    ]);
    resolver.records
      .set('4 cp-1.example', ['10.0.0.1'])
      .set('6 cp-1.example', ['fd00::1'])
      .set('4 cp-2.example', ['10.0.0.2']);
    return { resolver, source: dnsSource(SERVICES, resolver) };
  }

  test('are servers, each under the name of its target, with all of its addresses', async () => {
    const { source } = services();
    assert.deepEqual(await source.read(), [
      {
        id: 'cp-1.example:6443',
        name: 'cp-1.example-6443',
        host: '10.0.0.1',
        port: 6443,
        addresses: ['10.0.0.1', 'fd00::1'],
      },
      { id: 'cp-2.example:443', name: 'cp-2.example-443', host: '10.0.0.2', port: 443, addresses: ['10.0.0.2'] },
    ]);
  });

  test('whose target cannot be resolved now keep the address they had', async () => {
    const { resolver, source } = services();
    await source.read();
    resolver.records.set('4 cp-2.example', 'fails');
    assert.deepEqual(await hosts(source), ['10.0.0.1', '10.0.0.2']);
  });

  test('that cannot be told, or none of whose targets can, are a failure', async () => {
    const { resolver } = services();
    for (const name of ['4 cp-1.example', '6 cp-1.example', '4 cp-2.example']) resolver.records.set(name, 'fails');
    await assert.rejects(dnsSource(SERVICES, resolver).read(), unresolved);
    resolver.srv.set(SERVICES.name, 'fails');
    await assert.rejects(dnsSource(SERVICES, resolver).read(), unresolved);
  });

  test('that say there is no such service name nobody (RFC 2782)', async () => {
    const { resolver, source } = services();
    resolver.srv.set(SERVICES.name, [{ target: '.', port: 0 }]);
    assert.deepEqual(await hosts(source), []);
  });

  test('in an absurd number are not believed', async () => {
    const { resolver, source } = services();
    const many = Array.from({ length: 1001 }, (_, index) => ({ target: `cp-${index}.example`, port: 1 }));
    resolver.srv.set(SERVICES.name, many);
    await assert.rejects(source.read(), (error) => error instanceof SourceError && error.code === 'too-many');
    assert.deepEqual(resolver.asked, [`SRV ${SERVICES.name}`], 'no target was resolved');
  });
});
