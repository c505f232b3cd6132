import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { findBinary } from '../../tools/control-plane/binaries.ts';
import { findSdkProgram, Kubectl } from '../real/kubectl/support-kubectl.ts';
import { Inbox } from '../support/loopback.ts';
import { type RunningLab, runLab } from './support/running-lab.ts';

/** Releases that are not built for the tests are tried where the Google Cloud SDK has them. */
const fromSdk = await Promise.all(
  ['1.27', '1.33'].map(async (release) => ({ release, path: await findSdkProgram(`kubectl.${release}`) })),
);
const PROGRAMS: readonly { readonly release: string; readonly program: () => Promise<string> }[] = [
  ...['1.30.14', '1.34.4', '1.37.2'].map((release) => ({ release, program: () => findBinary('kubectl', release) })),
  ...fromSdk.flatMap(({ release, path }) =>
    path === undefined ? [] : [{ release, program: () => Promise.resolve(path) }],
  ),
];

/** Of the types that only the newest server serves, one outside namespaces. */
const SKEWED = 'clustertrustbundles.v1.certificates.k8s.io';

/** What a proxy rightly says where servers, clients and itself share a processor that others want, too. */
const OF_SLOWNESS = /not answered completely within \d+ ms|PING timed out|did not complete TCP and TLS set-up in time/;

for (const front of ['gateway', 'built-in'] as const) {
  describe(`kubectl and the embedded lab, ${front}`, () => {
    let lab: RunningLab;

    before(async () => {
      lab = await runLab(front);
    });

    after(async () => {
      await lab?.close();
      const faults = lab?.complaints.filter((complaint) => !OF_SLOWNESS.test(complaint));
      assert.deepEqual(faults, []);
    });

    for (const { release, program } of PROGRAMS) {
      describe(`kubectl ${release}`, () => {
        const namespace = `of-${release.replaceAll('.', '-')}`;
        let kubectl: Kubectl;
        const succeed = async (args: readonly string[], input?: object): Promise<string> => {
          const { code, stdout, stderr } = await kubectl.run(args, input);
          assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
          return stdout;
        };

        before(async () => {
          kubectl = new Kubectl(await program(), lab.kubeconfig, lab.directory);
          await succeed(['create', 'namespace', namespace]);
        });

        it('api-resources and api-versions show the types of all servers, every time', async () => {
          const types = await succeed(['api-resources', '-o', 'name']);
          assert.match(types, /^clustertrustbundles\.certificates\.k8s\.io$/m);
          assert.match(types, /^deployments\.apps$/m);
          assert.equal(await succeed(['api-resources', '-o', 'name']), types);
          const versions = (await succeed(['api-versions'])).trim().split('\n');
          for (const version of ['v1', 'apps/v1', 'certificates.k8s.io/v1', 'resource.k8s.io/v1']) {
            assert.ok(versions.includes(version), version);
          }
        });

        it('explain knows the fields of types that all serve and that only one serves', async () => {
          assert.match(await succeed(['explain', 'deployment.spec.replicas']), /Number of desired pods/);
          assert.match(await succeed(['explain', 'clustertrustbundles.spec']), /trustBundle/);
        });

        it('create, get -o wide, apply, patch, scale and delete do what they say', async () => {
          const n = ['-n', namespace];
          await succeed([...n, 'create', 'deployment', 'web', '--image=nginx:1', '--replicas=2']);
          const [header = '', row = ''] = (await succeed([...n, 'get', 'deployments', '-o', 'wide'])).split('\n');
          assert.match(header, /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR/);
          assert.match(row, /^web +0\/2 .* nginx +nginx:1 +app=web/);
          await succeed([...n, 'scale', 'deployment', 'web', '--replicas=5']);
          await succeed([...n, 'set', 'image', 'deployment/web', 'nginx=nginx:2']);
          const path = '-o=jsonpath={.spec.replicas} {.spec.template.spec.containers[0].image}';
          assert.equal(await succeed([...n, 'get', 'deployment', 'web', path]), '5 nginx:2');
          await succeed([...n, 'label', 'deployment', 'web', 'tier=front']);
          assert.match(await succeed([...n, 'get', 'deployments', '-l', 'tier=front', '-o', 'name']), /web/);
          await succeed([...n, 'delete', 'deployment', 'web']);
          assert.equal(await succeed([...n, 'get', 'deployments']), '');
        });

        it('apply keeps, changes and removes what its file says, on either side', async () => {
          const object = (data: object, labels = {}) => ({
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'applied', namespace, labels },
            data,
          });
          const data = async () =>
            JSON.parse(await succeed(['-n', namespace, 'get', 'configmap', 'applied', '-o=jsonpath={.data}']));
          await succeed(['apply', '-f', '-'], object({ a: '1', b: '1' }));
          await succeed(['apply', '-f', '-'], object({ a: '2' }));
          assert.deepEqual(await data(), { a: '2' });
          await succeed(['apply', '--server-side', '--force-conflicts', '-f', '-'], object({ a: '3', c: '3' }));
          await succeed(['apply', '--server-side', '-f', '-'], object({ a: '3' }));
          assert.deepEqual(await data(), { a: '3' });
        });

        it('a type that only the newest server serves lives like any other', async () => {
          const bundle = {
            apiVersion: 'certificates.k8s.io/v1',
            kind: 'ClusterTrustBundle',
            metadata: { name: `bundle-${namespace}` },
            spec: { trustBundle: lab.plane.pki.servingCa.cert },
          };
          await succeed(['create', '-f', '-'], bundle);
          assert.match(await succeed(['get', SKEWED, '-o', 'wide']), new RegExp(`^bundle-${namespace} `, 'm'));
          const patch = JSON.stringify({ metadata: { labels: { patched: 'yes' } } });
          await succeed(['patch', SKEWED, `bundle-${namespace}`, '--type=merge', `--patch=${patch}`]);
          assert.match(await succeed(['get', SKEWED, '-l', 'patched=yes', '-o', 'name']), new RegExp(namespace));
          await succeed(['delete', SKEWED, `bundle-${namespace}`]);
        });

        it('get -w prints each change as it happens', async (t) => {
          const seen = await watch(t, ['-n', namespace, 'get', 'configmaps', '-w', '--no-headers']);
          await succeed(['-n', namespace, 'create', 'configmap', 'watched', '--from-literal=a=1']);
          while (!(await seen.next()).startsWith('watched '));
          const patch = JSON.stringify({ data: { b: '2' } });
          await succeed(['-n', namespace, 'patch', 'configmap', 'watched', `--patch=${patch}`]);
          while (!/^watched +2 /.test(await seen.next()));
        });

        it('a CustomResourceDefinition can be used as soon as it is listed, whatever the other servers know', async () => {
          const group = `${namespace}.example.com`;
          await succeed(['create', '-f', '-'], widgets(group));
          await succeed(['wait', '--for=condition=Established', `crd/widgets.${group}`, '--timeout=120s']);
          const contexts = front === 'gateway' ? ['proxy'] : ['server-1', 'server-2', 'server-3'];
          const isListed = async (context: string) =>
            (await succeed(['--context', context, 'api-resources', `--api-group=${group}`, '-o', 'name'])) !== '';
          for (const context of contexts) while (!(await isListed(context))) await delay(100);
          const widget = {
            apiVersion: `${group}/v1`,
            kind: 'Widget',
            metadata: { name: 'w', namespace },
            spec: { size: 3 },
          };
          await succeed(['apply', '-f', '-'], widget);
          const table = await succeed(['-n', namespace, 'get', `widgets.${group}`]);
          assert.match(table, /^NAME +SIZE\nw +3\n$/);
          // OpenAPI is one server's: that of the newest, which is the last to notice the definition.
          const explain = () => kubectl.run(['explain', 'widgets.spec', `--api-version=${group}/v1`]);
          let explained = await explain();
          for (; explained.code !== 0; explained = await explain()) await delay(100);
          assert.match(explained.stdout, /Its size/);
          await succeed(['delete', `crd/widgets.${group}`]);
          // Other releases compare what is listed.
          for (const context of contexts) while (await isListed(context)) await delay(100);
        });

        it('a namespace goes with all that is in it', async () => {
          await succeed(['-n', namespace, 'create', 'configmap', 'left', '--from-literal=a=1']);
          await succeed(['delete', 'namespace', namespace, '--timeout=120s']);
          const { code, stderr } = await kubectl.run(['get', 'namespace', namespace]);
          assert.equal(code, 1);
          assert.match(stderr, /\(NotFound\): namespaces "of-.*" not found/);
        });

        async function watch(t: TestContext, args: readonly string[]): Promise<Inbox<string>> {
          const seen = new Inbox<string>();
          const running = await kubectl.start(args, seen.put);
          t.after(() => running.kill());
          return seen;
        }
      });
    }

    it('a server asked directly serves its own types only, unless the proxy is built in', async () => {
      const kubectl = new Kubectl(await findBinary('kubectl', '1.37.2'), lab.kubeconfig, lab.directory);
      const { code, stderr } = await kubectl.run(['--context', 'server-1', 'get', SKEWED]);
      assert.equal(code, front === 'gateway' ? 1 : 0);
      if (front === 'gateway') assert.match(stderr, /the server doesn't have a resource type "clustertrustbundles"/);
    });

    it('users keep their names and groups, and what they may not do is forbidden', async () => {
      const kubectl = new Kubectl(await findBinary('kubectl', '1.37.2'), lab.kubeconfig, lab.directory);
      const who = await kubectl.run(['--context', 'proxy-jane', 'auth', 'whoami']);
      assert.match(who.stdout, /Username +jane\nGroups +\[dev ops system:authenticated\]/);
      const secrets = await kubectl.run(['--context', 'proxy-jane', 'get', 'secrets']);
      assert.match(secrets.stderr, /User "jane" cannot list resource "secrets"/);
    });
  });
}

describe('without the proxy', () => {
  it('a balancer before the same servers loses the type of the newest one again and again', async (t) => {
    const lab = await runLab('none');
    t.after(() => lab.close());
    const kubectl = new Kubectl(await findBinary('kubectl', '1.37.2'), lab.kubeconfig, lab.directory);
    const answers = new Set<number>();
    for (let run = 0; run < 60 && answers.size < 2; run++) {
      answers.add((await kubectl.run(['get', SKEWED])).code);
    }
    assert.deepEqual([...answers].sort(), [0, 1], 'the same command both works and fails');
  });
});

function widgets(group: string): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: { type: 'object', properties: { size: { type: 'integer', description: 'Its size.' } } },
              },
            },
          },
          additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
        },
      ],
    },
  };
}
