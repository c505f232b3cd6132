import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { findBinary } from '../../../tools/control-plane/binaries.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { Inbox } from '../../support/loopback.ts';
import { findSdkProgram, Kubectl } from './support-kubectl.ts';

/** kubectl of 1.27 is older than every server; it is not built for the tests, but tried where the Google Cloud SDK has it. */
const oldest = await findSdkProgram('kubectl.1.27');
const PROGRAMS: readonly { readonly release: string; readonly program: () => Promise<string> }[] = [
  ...['1.30.14', '1.34.4', '1.37.2'].map((release) => ({ release, program: () => findBinary('kubectl', release) })),
  ...(oldest === undefined ? [] : [{ release: '1.27', program: () => Promise.resolve(oldest) }]),
];

/** A type as users name it, and how to make one and to change it. */
interface Type {
  readonly title: string;
  readonly name: string;
  /** Path of a text in it. */
  readonly field: string;
  /** Path of a field that its schema names. */
  readonly explained: string;
  readonly object: (name: string, value: string) => object;
}

const TYPES: readonly Type[] = [
  {
    title: 'a resource that the local server lacks',
    name: 'devicetaintrules',
    field: 'spec.taint.value',
    explained: 'spec.taint.value',
    object: (name, value) => ({
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceTaintRule',
      metadata: { name },
      spec: { deviceSelector: { driver: 'example.com' }, taint: { key: 'example.com/a', effect: 'NoSchedule', value } },
    }),
  },
  {
    title: 'a resource that both servers have',
    name: 'configmaps',
    field: 'data.value',
    explained: 'data',
    object: (name, value) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } }),
  },
];

describe('kubectl through the proxy, whose local server is the older one', () => {
  let controlPlane: ControlPlane;
  const kubeconfigs = { proxy: '', old: '', new: '' };

  before(async () => {
    const servers = [
      { name: 'old', version: '1.34.4' },
      { name: 'new', version: '1.37.2' },
    ];
    controlPlane = await startControlPlane({ servers });
    const [old, newer] = [controlPlane.server('old'), controlPlane.server('new')];
    const proxy = await startProxy(controlPlane, { extraArgs: [`--local-server=${old.url}`] });
    kubeconfigs.proxy = await controlPlane.kubeconfig({ server: proxy.url, user: 'admin' });
    kubeconfigs.old = await controlPlane.kubeconfig({ server: old.url, user: 'admin' });
    kubeconfigs.new = await controlPlane.kubeconfig({ server: newer.url, user: 'admin' });
  });

  after(() => controlPlane?.stop());

  for (const { release, program } of PROGRAMS) {
    describe(`kubectl ${release}`, () => {
      const kubectl = {} as Record<keyof typeof kubeconfigs, Kubectl>;
      /**
       * Reads aggregated discovery. Unaggregated /apis of a server, which older ones read, can name too much and too little: the
       * start of an older server unregisters what it does not know, for all.
       */
      const truthful = {} as typeof kubectl;

      before(async () => {
        const path = await program();
        const newestProgram = await findBinary('kubectl', '1.37.2');
        for (const endpoint of ['old', 'new'] as const) {
          truthful[endpoint] = new Kubectl(newestProgram, kubeconfigs[endpoint], controlPlane.directory);
        }
        for (const endpoint of ['proxy', 'old', 'new'] as const) {
          kubectl[endpoint] = new Kubectl(path, kubeconfigs[endpoint], controlPlane.directory);
        }
      });

      it('api-resources shows all of the newest server, and nothing that no server has', async () => {
        const args = ['api-resources', '--no-headers'];
        const shown = tableRows(await succeed(kubectl.proxy, args));
        const newest = tableRows(await succeed(truthful.new, args));
        const old = tableRows(await succeed(truthful.old, args));
        assert.ok(newest.length > old.length, 'the servers differ');
        assert.deepEqual(missing(newest, shown), []);
        assert.deepEqual(missing(shown, [...newest, ...old]), []);
      });

      it('api-versions shows the versions of both servers', async () => {
        const shown = tableRows(await succeed(kubectl.proxy, ['api-versions']));
        const newest = tableRows(await succeed(truthful.new, ['api-versions']));
        const old = tableRows(await succeed(truthful.old, ['api-versions']));
        assert.deepEqual(shown, [...new Set([...newest, ...old])].sort());
      });

      for (const type of TYPES) {
        it(`get, get -w, create, apply, patch, explain and delete work on ${type.title}`, (t) =>
          livesThroughKubectl(t, kubectl.proxy, type, release));
      }

      it('explain describes a resource that the local server lacks as the server that has it does', async () => {
        const args = ['explain', 'devicetaintrules.spec.taint'];
        assert.equal(await succeed(kubectl.proxy, args), await succeed(kubectl.new, args));
      });

      it('without the proxy the older server says that there is no such resource', async () => {
        const { code, stderr } = await kubectl.old.run(['get', 'devicetaintrules']);
        assert.equal(code, 1);
        assert.match(stderr, /the server doesn't have a resource type "devicetaintrules"/);
      });
    });
  }
});

/** One object created, changed in every way and deleted, and another that is seen coming. */
async function livesThroughKubectl(t: TestContext, kubectl: Kubectl, type: Type, release: string): Promise<void> {
  const { name: resource, field, explained, object } = type;
  const suffix = release.replaceAll('.', '-');
  const name = `applied-${suffix}`;
  const value = (): Promise<string> => succeed(kubectl, ['get', resource, name, `-o=jsonpath={.${field}}`]);

  await succeed(kubectl, ['apply', '-f', '-'], object(name, 'one'));
  assert.equal(await value(), 'one');
  await succeed(kubectl, ['apply', '-f', '-'], object(name, 'two'));
  assert.equal(await value(), 'two');
  await succeed(kubectl, ['apply', '--server-side', '--force-conflicts', '-f', '-'], object(name, 'three'));
  assert.equal(await value(), 'three');
  const patch = JSON.stringify(nested(field.split('.'), 'four'));
  await succeed(kubectl, ['patch', resource, name, '--type=merge', `--patch=${patch}`]);
  assert.equal(await value(), 'four');

  const seen = new Inbox<string>();
  const watch = await kubectl.start(['get', resource, '-w', '-o=name'], seen.put);
  t.after(() => watch.kill());
  // The list comes first; what is made after it can only be seen by watching.
  while (!(await seen.next()).endsWith(`/${name}`));
  await succeed(kubectl, ['create', '-f', '-'], object(`created-${suffix}`, 'new'));
  while (!(await seen.next()).endsWith(`/created-${suffix}`));

  assert.match(await succeed(kubectl, ['explain', `${resource}.${explained}`]), /VERSION: /);
  await succeed(kubectl, ['delete', resource, name, `created-${suffix}`]);
  const { code, stderr } = await kubectl.run(['get', resource, name]);
  assert.equal(code, 1);
  assert.match(stderr, /\(NotFound\)/);
}

async function succeed(kubectl: Kubectl, args: readonly string[], input?: object): Promise<string> {
  const { code, stdout, stderr } = await kubectl.run(args, input);
  assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** The lines of a table, whatever the width of its columns, in order. */
function tableRows(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .sort();
}

function missing(wanted: readonly string[], found: readonly string[]): string[] {
  return wanted.filter((row) => !found.includes(row));
}

/** `nested(['a', 'b'], 'c')` is `{ a: { b: 'c' } }`. */
function nested(path: readonly string[], value: string): object {
  return path.reduceRight<object | string>((inner, key) => ({ [key]: inner }), value) as object;
}
