import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { findBinary } from '../../../tools/control-plane/binaries.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { type Discovery, discoveryOf, NOPEER, ROOTS } from '../support/aggregated-discovery.ts';
import { httpClient } from '../support/http-client.ts';
import { OLD_RUNTIME_CONFIG } from '../support/skewed-resources.ts';
import { findSdkProgram, Kubectl } from './support-kubectl.ts';

/** 1.27 asks for aggregated discovery v2beta1 first, and is tried where the Google Cloud SDK has it; 1.24 knows none. */
const sdk = await findSdkProgram('kubectl.1.27');
const PROGRAMS: readonly { readonly release: string; readonly program: () => Promise<string> }[] = [
  { release: '1.24', program: () => findBinary('kubectl', '1.24.17') },
  ...(sdk === undefined ? [] : [{ release: '1.27', program: () => Promise.resolve(sdk) }]),
];

type Side = 'old' | 'new';
const OTHER: Readonly<Record<Side, Side>> = { old: 'new', new: 'old' };

/** A type as users name it, which only one server serves. */
interface Type {
  readonly servedBy: Side;
  readonly name: string;
  /** What to ask `explain` for, and how. */
  readonly explain: readonly string[];
  /** Path of a text in it. */
  readonly field: string;
  /** `id`: for names and where values must differ. */
  readonly object: (id: number, value: string) => { readonly metadata: { readonly name: string } };
}

const TYPES: readonly Type[] = [
  {
    servedBy: 'new',
    name: 'devicetaintrules',
    explain: ['devicetaintrules.spec.taint'],
    field: 'spec.taint.value',
    object: (id, value) => ({
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceTaintRule',
      metadata: { name: `rule-${id}` },
      spec: { deviceSelector: { driver: 'example.com' }, taint: { key: 'example.com/a', effect: 'NoSchedule', value } },
    }),
  },
  {
    servedBy: 'new',
    name: 'storageversionmigrations',
    explain: ['storageversionmigrations.spec.resource'],
    field: 'metadata.annotations.value',
    object: (id, value) => ({
      apiVersion: 'storagemigration.k8s.io/v1',
      kind: 'StorageVersionMigration',
      metadata: { name: `migration-${id}`, annotations: { value } },
      spec: { resource: { group: '', resource: 'configmaps' } },
    }),
  },
  {
    servedBy: 'old',
    name: 'cronjobs',
    explain: ['cronjobs.spec.jobTemplate.spec'],
    field: 'spec.jobTemplate.spec.template.spec.containers[0].image',
    object: (id, image) => ({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: `cron-${id}` },
      spec: {
        schedule: '0 0 29 2 *',
        jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image }] } } } },
      },
    }),
  },
  {
    servedBy: 'old',
    name: 'ipaddresses.v1beta1.networking.k8s.io',
    explain: ['ipaddresses.spec', '--api-version=networking.k8s.io/v1beta1'],
    field: 'metadata.annotations.value',
    object: (id, value) => ({
      apiVersion: 'networking.k8s.io/v1beta1',
      kind: 'IPAddress',
      metadata: { name: `10.200.0.${id}`, annotations: { value } },
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'nobody' } },
    }),
  },
];

let lastId = 0;

describe('kubectl that is older than every server, through the proxy', () => {
  let controlPlane: ControlPlane;
  /** What each serves by itself. */
  const own: Record<Side, Discovery[]> = { old: [], new: [] };
  const proxies: Record<Side, string> = { old: '', new: '' };
  const servers: Record<Side, string> = { old: '', new: '' };

  before(async () => {
    controlPlane = await startControlPlane({
      servers: [
        { name: 'old', version: '1.34.4', runtimeConfig: OLD_RUNTIME_CONFIG },
        // As if it was removed from Kubernetes: no default type has been since 1.34.
        { name: 'new', version: '1.37.2', runtimeConfig: 'batch/v1=false' },
      ],
    });
    const { pki } = controlPlane;
    for (const side of ['old', 'new'] as const) {
      const { url } = controlPlane.server(side);
      const proxy = await startProxy(controlPlane, { name: `beside-${side}`, extraArgs: [`--local-server=${url}`] });
      servers[side] = await controlPlane.kubeconfig({ server: url, user: 'admin' });
      proxies[side] = await controlPlane.kubeconfig({ server: proxy.url, user: 'admin' });
      const client = httpClient({ url, protocol: 'h2', ca: pki.servingCa.cert, certificate: pki.admin });
      for (const root of ROOTS) own[side].push(await discoveryOf(client, root, NOPEER));
      client.close();
    }
  });

  after(() => controlPlane?.stop());

  for (const { release, program } of PROGRAMS) {
    for (const local of ['old', 'new'] as const) {
      describe(`kubectl ${release}, the ${local} server preferred`, () => {
        let kubectl: Kubectl;
        const direct = {} as Record<Side, Kubectl>;

        before(async () => {
          const path = await program();
          kubectl = new Kubectl(path, proxies[local], controlPlane.directory);
          for (const side of ['old', 'new'] as const) {
            direct[side] = new Kubectl(path, servers[side], controlPlane.directory);
          }
        });

        it('api-resources shows what all servers together serve, and no more', async (t) => {
          const expected = resourceRows([...own.old, ...own.new]);
          assert.deepEqual(rows(await succeed(kubectl, ['api-resources', '--no-headers'])), expected);
          const alone = [own.old, own.new].map((documents) => resourceRows(documents).length);
          assert.ok(alone.every((count) => count < expected.length));
          t.diagnostic(`${expected.length} types; the servers have ${alone.join(' and ')} of them`);
        });

        it('api-versions shows the versions of all servers, and no more', async () => {
          assert.deepEqual(rows(await succeed(kubectl, ['api-versions'])), versionRows([...own.old, ...own.new]));
        });

        for (const { servedBy, name, explain, field, object } of TYPES) {
          it(`get, explain, apply and delete work on ${name}, which only the ${servedBy} server serves`, async () => {
            const id = ++lastId;
            const [one, two] = [object(id, 'one'), object(id, 'two')];
            const value = (): Promise<string> =>
              succeed(kubectl, ['get', name, one.metadata.name, `-o=jsonpath={.${field}}`]);
            await succeed(kubectl, ['apply', '-f', '-'], one);
            assert.equal(await value(), 'one');
            await succeed(kubectl, ['apply', '-f', '-'], two);
            assert.equal(await value(), 'two');
            await succeed(kubectl, ['apply', '--server-side', '--force-conflicts', '-f', '-'], one);
            assert.equal(await value(), 'one');
            assert.ok((await succeed(kubectl, ['get', name, '-o=name'])).includes(`/${one.metadata.name}\n`));
            assert.match(await succeed(kubectl, ['explain', ...explain]), /FIELDS:/);
            await succeed(kubectl, ['delete', name, one.metadata.name]);
            const { code, stderr } = await kubectl.run(['get', name, one.metadata.name]);
            assert.equal(code, 1);
            assert.match(stderr, /\(NotFound\)/);
          });
        }

        it('explain says what the server says that has the type', async () => {
          for (const { servedBy, explain } of TYPES) {
            // In OpenAPI v2, which 1.24 reads, what types share is one definition, the newest server's.
            const args = ['explain', ...explain, ...(release === '1.24' ? [] : ['--recursive'])];
            const { code, stdout } = await direct[servedBy].run(args);
            // Asked directly, a server may not find its own type: its unaggregated /apis is not its own.
            if (code === 0) assert.equal(await succeed(kubectl, args), stdout);
          }
          const { code } = await direct.new.run(['explain', 'devicetaintrules.spec.taint']);
          assert.equal(code, 0, 'one that is found');
        });

        it('without the proxy each server denies what only the other has', async () => {
          for (const { servedBy, name } of TYPES) {
            const { code, stderr } = await direct[OTHER[servedBy]].run(['get', name]);
            assert.equal(code, 1, name);
            assert.match(stderr, /the server doesn't have a resource type|could not find the requested resource/, name);
          }
        });
      });
    }
  }
});

async function succeed(kubectl: Kubectl, args: readonly string[], input?: object): Promise<string> {
  const { code, stdout, stderr } = await kubectl.run(args, input);
  assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** The lines of a table, whatever the width of its columns, in order. */
function rows(text: string): string[] {
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => line.trim().replace(/\s+/g, ' ')).sort();
}

function versionRows(documents: readonly Discovery[]): string[] {
  const versions = documents.flatMap(({ items }) =>
    items.flatMap(({ metadata, versions }) => versions.map(({ version }) => apiVersion(metadata.name, version))),
  );
  return [...new Set(versions)].sort();
}

/** `kubectl api-resources` of a server that served all this: each type in the first version that has it. */
function resourceRows(documents: readonly Discovery[]): string[] {
  const found = new Map<string, { readonly version: string; readonly row: string }>();
  for (const { items } of documents) {
    for (const { metadata, versions } of items) {
      for (const { version, resources = [] } of versions) {
        for (const { resource, responseKind, scope, shortNames = [] } of resources) {
          const type = `${metadata.name ?? ''}/${resource}`;
          const known = found.get(type);
          if (known !== undefined && byStability(known.version, version) <= 0) continue;
          const names = shortNames.length === 0 ? [] : [shortNames.join()];
          const columns = [
            resource,
            ...names,
            apiVersion(metadata.name, version),
            scope === 'Namespaced',
            responseKind?.kind,
          ];
          found.set(type, { version, row: columns.join(' ') });
        }
      }
    }
  }
  return [...found.values()].map(({ row }) => row).sort();
}

function apiVersion(group: string | undefined, version: string): string {
  return group === undefined || group === '' ? version : `${group}/${version}`;
}

/** Negative when a group prefers the left version: stable before beta before alpha, then the higher number. */
function byStability(left: string, right: string): number {
  const stability = (version: string): number => (version.includes('alpha') ? 2 : version.includes('beta') ? 1 : 0);
  return stability(left) - stability(right) || (left === right ? 0 : left > right ? -1 : 1);
}
