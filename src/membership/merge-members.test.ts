import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseAddressRange } from './address-range.ts';
import { isDnsName, type Member, nameOfAddress, type Proposal, type SourceKind } from './member.ts';
import { type KnownNames, type MergeRules, mergeMembers } from './merge-members.ts';

const RULES: MergeRules = { allowed: [], ownAddresses: [], ownListeners: [], most: 1000 };
const NO_NAMES: KnownNames = new Map();

function at(host: string, more: Partial<Member> = {}): Member {
  const port = more.port ?? 6443;
  return { id: `${host}:${port}`, name: undefined, host, port, addresses: [host], ...more };
}
const from = (kind: SourceKind, ...members: readonly Member[]): Proposal => ({ source: kind, kind, members });
const merged = (proposals: readonly Proposal[], rules: Partial<MergeRules> = {}, names = NO_NAMES) =>
  mergeMembers(proposals, { ...RULES, ...rules }, names);
const names = (proposals: readonly Proposal[], rules: Partial<MergeRules> = {}) =>
  merged(proposals, rules).servers.map(({ name }) => name);

describe('one server', () => {
  test('is who has one address, under the name of the most explicit source', () => {
    const listed = at('cp-1.example', { name: 'first', addresses: ['10.0.0.1'], servername: 'x', local: true });
    const proposals = [
      from('dns', at('10.0.0.1')),
      from('endpointslice', at('10.0.0.1')),
      from('lease', at('10.0.0.1', { name: 'cp-1' })),
      from('static', listed),
    ];
    const sources = ['static', 'lease', 'endpointslice', 'dns'];
    assert.deepEqual(merged(proposals).servers, [
      { name: 'first', host: 'cp-1.example', port: 6443, servername: 'x', local: true, sources },
    ]);
    assert.deepEqual(names(proposals.slice(0, 3)), ['cp-1']);
    assert.deepEqual(names(proposals.slice(0, 2)), ['10.0.0.1-6443']);
  });

  test('is who has one explicit name, wherever a Lease says that it is', () => {
    const proposals = [
      from('static', at('10.0.0.1', { name: 'cp-1' })),
      from('lease', at('192.0.2.1', { name: 'cp-1' })),
      from('endpointslice', at('192.0.2.1')),
    ];
    assert.deepEqual(
      merged(proposals).servers.map(({ name, host }) => [name, host]),
      [['cp-1', '10.0.0.1']],
    );
  });

  test('is never two entries of the static list', () => {
    const proposals = [
      from('static', at('10.0.0.1', { name: 'a' }), at('10.0.0.2', { name: 'b' })),
      from('lease', at('10.0.0.2', { name: 'a' })),
    ];
    assert.deepEqual(names(proposals), ['a', 'b']);
  });

  test('is not who has another port', () => {
    const one = at('10.0.0.1');
    assert.deepEqual(names([from('dns', one), from('endpointslice', at('10.0.0.1', { port: 6444 }))]), [
      '10.0.0.1-6443',
      '10.0.0.1-6444',
    ]);
  });
});

describe('the machine the proxy runs on', () => {
  const local = from('static', at('127.0.0.1', { name: 'local', local: true }));
  test('has the local server at all of its addresses', () => {
    const proposals = [local, from('endpointslice', at('10.0.0.1'), at('10.0.0.2'))];
    assert.deepEqual(names(proposals, { ownAddresses: ['10.0.0.1'] }), ['local', '10.0.0.2-6443']);
  });

  test('has the local server behind the proxy', () => {
    const proposals = [local, from('endpointslice', at('10.0.0.1', { port: 443 }))];
    assert.deepEqual(names(proposals, { ownListeners: ['10.0.0.1:443'] }), ['local']);
  });

  test('has no server where a gateway itself listens', () => {
    const { servers, refused } = merged([from('endpointslice', at('10.0.0.1'))], { ownListeners: ['10.0.0.1:6443'] });
    assert.deepEqual(servers, []);
    assert.deepEqual(
      refused.map(({ reason }) => reason),
      ['this proxy itself listens there'],
    );
  });
});

describe('SSRF: what dynamic sources say is not dialled everywhere', () => {
  const special = [
    '127.0.0.1',
    '0.0.0.0',
    '169.254.169.254',
    '224.0.0.1',
    '::',
    '::1',
    'fe80::1',
    'ff02::1',
    '64:ff9b::7f00:1',
  ];

  for (const kind of ['lease', 'endpointslice', 'dns'] as const) {
    test(`special addresses from ${kind} are refused unless the static list has them`, () => {
      const proposal = from(kind, ...special.map((host) => at(host, { name: undefined })));
      const { servers, refused } = merged([proposal]);
      assert.deepEqual(servers, []);
      assert.equal(refused.length, special.length);
      const listed = from('static', at('127.0.0.1', { name: 'a' }));
      assert.deepEqual(names([proposal, listed]), ['a']);
    });
  }

  test('networks that are named bound them, and allow loopback to whom names it', () => {
    const proposal = from('dns', at('127.0.0.1'), at('10.0.0.1'), at('192.0.2.1'));
    const ranges = (...texts: readonly string[]) => texts.flatMap((text) => parseAddressRange(text) ?? []);
    assert.deepEqual(names([proposal], { allowed: ranges('10.0.0.0/8') }), ['10.0.0.1-6443']);
    assert.deepEqual(names([proposal], { allowed: ranges('127.0.0.0/8') }), ['127.0.0.1-6443']);
  });

  test('there are never more than a number of them', () => {
    const many = Array.from({ length: 20 }, (_, last) => at(`10.0.0.${last}`));
    const listed = from('static', at('10.0.1.1', { name: 'a' }));
    const { servers, refused } = merged([from('dns', ...many), listed], { most: 7 });
    assert.equal(servers.length, 8);
    assert.match(refused[0]?.reason ?? '', /7 servers already/);
  });
});

describe('names', () => {
  test('of addresses are fit for metrics', () => {
    assert.equal(nameOfAddress('10.0.0.1', 6443), '10.0.0.1-6443');
    assert.equal(nameOfAddress('fd00::1', 6443), 'fd00-0-0-0-0-0-0-1-6443');
    for (const host of ['10.0.0.1', '::', 'fd00::1']) assert.ok(isDnsName(nameOfAddress(host, 1)));
  });

  test('stay when a Lease is deleted before its server is off the other lists', () => {
    const slice = from('endpointslice', at('10.0.0.1'));
    const dns = from('dns', at('10.0.0.1'));
    const first = merged([slice, dns, from('lease', at('10.0.0.1', { name: 'cp-1' }))]);
    const second = merged([slice, dns], {}, first.names);
    const third = merged([dns], {}, second.names);
    assert.deepEqual(
      [first, second, third].map(({ servers }) => servers[0]?.name),
      ['cp-1', 'cp-1', 'cp-1'],
    );
  });

  test('are given back when another server has them now', () => {
    const first = merged([from('lease', at('10.0.0.1', { name: 'cp-1' }))]);
    const moved = [from('lease', at('10.0.0.9', { name: 'cp-1' })), from('endpointslice', at('10.0.0.1'))];
    assert.deepEqual(
      merged(moved, {}, first.names).servers.map(({ name, host }) => [name, host]),
      [
        ['10.0.0.1-6443', '10.0.0.1'],
        ['cp-1', '10.0.0.9'],
      ],
    );
  });

  test('made of an address give way to those that somebody chose', () => {
    const proposals = [from('static', at('10.0.0.2', { name: '10.0.0.1-6443' })), from('dns', at('10.0.0.1'))];
    assert.deepEqual(names(proposals), ['10.0.0.1-6443', '10.0.0.1-6443-2']);
  });
});

describe('for all proposals', () => {
  const arbitraryMember = fc
    .record({
      host: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '127.0.0.1', 'fd00::1'),
      port: fc.constantFrom(443, 6443),
      name: fc.option(fc.constantFrom('a', 'b', '10.0.0.1-443'), { nil: undefined }),
    })
    .map(({ host, port, name }) => at(host, { port, name, id: `${name} ${host}:${port}` }));
  const distinct = fc.uniqueArray(arbitraryMember, { selector: ({ id }) => id, maxLength: 6 });
  const kinds = ['lease', 'endpointslice', 'dns'] as const;
  const listed = fc.uniqueArray(arbitraryMember, { selector: ({ host, port }) => `${host}:${port}`, maxLength: 3 });
  const arbitraryProposals = fc
    .tuple(listed, ...kinds.map(() => distinct))
    .map(([list, ...dynamic]): Proposal[] => [
      from('static', ...list.map((member, index) => ({ ...member, name: `listed-${index}` }))),
      ...dynamic.map((members, index) => from(kinds[index] ?? 'dns', ...members)),
    ]);

  test('their order means nothing', () => {
    const shuffled = arbitraryProposals.chain((proposals) =>
      fc.tuple(
        fc.constant(proposals),
        fc
          .tuple(
            ...proposals.map(({ kind, members, ...rest }) =>
              (kind === 'static'
                ? fc.constant([...members])
                : fc.shuffledSubarray([...members], { minLength: members.length })
              ).map((others) => ({ ...rest, kind, members: others })),
            ),
          )
          .chain((others) => fc.shuffledSubarray(others, { minLength: others.length })),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([proposals, others]) =>
        assert.deepEqual(merged(proposals).servers, merged(others).servers),
      ),
    );
  });

  test('the same ones again change nothing', () => {
    fc.assert(
      fc.property(arbitraryProposals, (proposals) => {
        const first = merged(proposals);
        assert.deepEqual(merged(proposals, {}, first.names), first);
        assert.deepEqual(names([...proposals, ...proposals.filter(({ kind }) => kind !== 'static')]), names(proposals));
      }),
    );
  });

  test('names and addresses are unique, and each acceptable member is some server', () => {
    fc.assert(
      fc.property(arbitraryProposals, (proposals) => {
        const { servers, refused } = merged(proposals);
        assert.equal(new Set(servers.map(({ name }) => name)).size, servers.length);
        assert.equal(new Set(servers.map(({ host, port }) => `${host} ${port}`)).size, servers.length);
        for (const { kind, members } of proposals) {
          for (const member of members) {
            const isRefused = refused.some(({ source, id }) => source === kind && id === member.id);
            const known = servers.filter(({ sources }) => sources.includes(kind));
            assert.ok(isRefused || known.length > 0);
            assert.ok(!isRefused || member.host === '127.0.0.1');
          }
        }
      }),
    );
  });

  test('one more source never takes a server away', () => {
    fc.assert(
      fc.property(arbitraryProposals, distinct, (proposals, members) => {
        const addresses = (all: readonly Proposal[]) => merged(all).servers.map(({ host, port }) => `${host} ${port}`);
        const more = addresses([...proposals, { source: 'dns/more', kind: 'dns', members }]);
        for (const address of addresses(proposals)) assert.ok(more.includes(address));
      }),
    );
  });
});
