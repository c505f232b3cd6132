import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { discoveries } from '../discovery/testing/discovery-arbitrary.ts';
import { entriesOf, entrySet } from '../discovery/testing/entries.ts';
import { compareServers } from './compare-servers.ts';
import type { SkewServer } from './skew-server.ts';
import { skewServer } from './testing/skew-servers.ts';

const RELEASES = ['1.34.4', '1.36.3', '1.36.3', '1.37.2', 'unknown'];

const servers: fc.Arbitrary<readonly SkewServer[]> = fc
  .array(fc.option(discoveries, { freq: 6, nil: undefined }), { minLength: 1, maxLength: 5 })
  .map((found) =>
    found.map((discovery, at) =>
      skewServer(RELEASES[at] ?? '', discovery, { name: `s${at}`, discoveryAgeSeconds: at }),
    ),
  );

const key = (place: object) => JSON.stringify(place);

test('cells say exactly what each server lists, with its verbs', () => {
  fc.assert(
    fc.property(servers, (input) => {
      const report = compareServers(input, { now: 0 });
      const found = report.servers.map(({ name }) => input.find((server) => server.name === name)?.discovery);
      const rows = new Map(
        report.rows.map((row) => {
          const { group, version, resource, subresource } = row;
          return [key({ group, version, resource, subresource }), row];
        }),
      );
      assert.equal(rows.size, report.rows.length, 'no row is there twice');
      const listed = found.map((discovery) => {
        const verbs = new Map<string, string[]>();
        for (const entry of discovery === undefined ? [] : entriesOf(discovery)) {
          const { group, version, resource, subresource = '', verb } = entry;
          if (resource === undefined) continue;
          const place = key({ group, version, resource, subresource });
          const known = verbs.get(place) ?? [];
          if (verb !== undefined) known.push(verb);
          verbs.set(place, known);
        }
        return verbs;
      });
      assert.deepEqual(new Set(rows.keys()), new Set(listed.flatMap((verbs) => [...verbs.keys()])));
      for (const [place, { servers: cells }] of rows) {
        for (const [at, cell] of cells.entries()) {
          const verbs = listed[at]?.get(place);
          assert.equal(verbs !== undefined, cell.serves === 'yes' || cell.serves === 'stale');
          assert.deepEqual(cell.verbs, verbs ?? []);
          if (found[at] === undefined) assert.equal(cell.serves, 'unknown');
        }
      }
    }),
  );
});

test('the order in which servers come makes no difference', () => {
  fc.assert(
    fc.property(
      servers.chain((input) =>
        fc.tuple(fc.constant(input), fc.shuffledSubarray([...input], { minLength: input.length })),
      ),
      ([input, shuffled]) => {
        assert.equal(
          JSON.stringify(compareServers(input, { now: 0 })),
          JSON.stringify(compareServers(shuffled, { now: 0 })),
        );
      },
    ),
  );
});

test('servers with equal documents that are Current differ in nothing', () => {
  fc.assert(
    fc.property(discoveries, (discovery) => {
      const input = RELEASES.map((release, at) => skewServer(release, discovery, { name: `s${at}` }));
      const codes = new Set(compareServers(input, { now: 0 }).findings.map(({ code }) => code));
      codes.delete('Stale');
      assert.deepEqual([...codes], []);
    }),
  );
});

test('no finding means that documents list the same', () => {
  fc.assert(
    fc.property(servers, (input) => {
      const { findings } = compareServers(input, { now: 0 });
      if (findings.length > 0) return;
      const [first, ...others] = input.map(({ discovery }) => discovery);
      assert.ok(first !== undefined);
      const resources = (entries: ReadonlySet<string>) =>
        [...entries].filter((entry) => entry.includes('resource')).sort();
      for (const other of others) {
        assert.ok(other !== undefined);
        assert.deepEqual(resources(entrySet(other)), resources(entrySet(first)));
      }
    }),
  );
});

test('differences are the rows with findings, and every finding about resources names rows that have its code', () => {
  fc.assert(
    fc.property(servers, (input) => {
      const all = compareServers(input, { now: 0 });
      const differing = compareServers(input, { now: 0, differences: true });
      assert.deepEqual(
        differing.rows,
        all.rows.filter(({ findings }) => findings.length > 0),
      );
      assert.deepEqual([differing.findings, differing.summary], [all.findings, all.summary]);
      const named = new Set(
        all.findings.flatMap(({ code, group, version, resources }) =>
          resources.map((resource) => key([code, group, version, resource])),
        ),
      );
      const coded = new Set(
        all.rows.flatMap(({ group, version, resource, subresource, findings }) =>
          findings.map((code) =>
            key([code, group, version, subresource === '' ? resource : `${resource}/${subresource}`]),
          ),
        ),
      );
      assert.deepEqual(named, coded);
    }),
  );
});
