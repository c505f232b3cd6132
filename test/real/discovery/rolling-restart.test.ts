import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { discoveryOf, NOPEER, verbsByPath } from '../support/aggregated-discovery.ts';
import { httpClient } from '../support/http-client.ts';
import { OLD_RUNTIME_CONFIG } from '../support/skewed-resources.ts';
import { buildLooks, type Look, Looks, MODES, type Mode } from './support-looks.ts';
import { type Absence, phasesAt, restartServer } from './support-rolling-restart.ts';

// Built before any test: compiling it anew takes longer than a test may.
const directory = await mkdtempDisposable(join(tmpdir(), 'mvproxy-looks-'));
after(() => directory.remove());
const program = await buildLooks(directory.path);

/** What client-go makes of a version that only a server serves which is away. */
const UNAVAILABLE: Readonly<Record<Mode, string>> = { aggregated: 'Stale', legacy: 'ServiceUnavailable' };

describe('client-go during a rolling restart of all servers, of three releases', () => {
  const ONLY_NEW = 'storagemigration.k8s.io/v1';
  const ONLY_OLD = 'networking.k8s.io/v1beta1';
  const KINDS = {
    'Deployment.v1.apps': 'on every server',
    'ClusterTrustBundle.v1.certificates.k8s.io': 'on the newest only, in a version that all serve',
    'StorageVersionMigration.v1.storagemigration.k8s.io': 'on the newest only, as its version is',
    'IPAddress.v1beta1.networking.k8s.io': 'on the oldest only, as its version is',
  };
  let controlPlane: ControlPlane;
  let proxy: ProxyProcess;
  let looks: Looks;
  /** Group-versions by the one server that serves them. */
  const alone = new Map<string, readonly string[]>();
  /** Group-versions of all servers. */
  let union: readonly string[];
  const absences: Absence[] = [];

  before(async () => {
    // Without it a server that is told to end waits a minute for those who watch it.
    const extraArgs = ['--shutdown-watch-termination-grace-period=1s'];
    controlPlane = await startControlPlane({
      servers: [
        { name: 'old', version: '1.34.4', runtimeConfig: OLD_RUNTIME_CONFIG, extraArgs },
        { name: 'middle', version: '1.36.3', extraArgs },
        { name: 'new', version: '1.37.2', extraArgs },
      ],
    });
    proxy = await startProxy(controlPlane);
    const served = await groupVersions(controlPlane);
    union = [...new Set([...served.values()].flat())].sort();
    for (const [name, own] of served) {
      const others = [...served].flatMap(([other, versions]) => (other === name ? [] : versions));
      alone.set(
        name,
        own.filter((version) => !others.includes(version)),
      );
    }
    assert.deepEqual([...alone.values()], [[ONLY_OLD], [], [ONLY_NEW]]);

    const kubeconfig = await controlPlane.kubeconfig({ server: proxy.url, user: 'admin' });
    looks = new Looks(program, kubeconfig, Object.keys(KINDS));
    await looks.round();
    for (const server of controlPlane.servers) {
      absences.push(await restartServer(server, { proxy, whileGone: () => looks.round() }));
      await looks.round();
    }
    await looks.stop();
  });

  after(async () => {
    await looks?.stop();
    await controlPlane?.stop();
  });

  /** What may not be read during a look: what nobody but a server serves that is away. */
  const unreadable = ({ started, ended }: Look): readonly string[] =>
    absences
      .filter(({ leaving, back }) => ended >= leaving && started <= back)
      .flatMap(({ server }) => alone.get(server) ?? []);
  const describeLook = (look: Look): string => {
    const { named: _named, ...rest } = look;
    return `${JSON.stringify(rest)} (${phasesAt(absences, look.started)})`;
  };

  for (const mode of MODES) {
    for (const call of ['ServerGroupsAndResources', 'ServerPreferredResources'] as const) {
      it(`${call}, ${mode}, fails for no version that a server serves which is there`, (t) => {
        const made = looks.all.filter((look) => look.mode === mode && look.call === call);
        const failing = made.filter((look) => {
          const allowed = unreadable(look);
          const failed = Object.entries(look.failed ?? {});
          const isAllowed = ([version, reason]: [string, string]) =>
            allowed.includes(version) && reason === UNAVAILABLE[mode];
          return look.error !== undefined || !failed.every(isAllowed);
        });
        assert.deepEqual(failing.map(describeLook), []);
        t.diagnostic(
          `${made.length} calls, ${made.filter(({ failed }) => failed !== undefined).length} of them partial`,
        );
      });
    }

    it(`ServerGroupsAndResources, ${mode}, loses no version from sight`, () => {
      for (const look of looks.all) {
        if (look.mode !== mode || look.named === undefined) continue;
        const seen = new Set([...look.named, ...Object.keys(look.failed ?? {})]);
        assert.deepEqual([...seen].sort(), union, describeLook(look));
      }
    });

    it(`what only a server serves that is gone is there for ${mode} discovery, but cannot be read`, () => {
      for (const { server, gone, starting } of absences) {
        const whileGone = looks.all.filter(
          (look) =>
            look.mode === mode &&
            look.call === 'ServerGroupsAndResources' &&
            look.started > gone &&
            look.ended < starting,
        );
        assert.ok(whileGone.length > 0, `no look while ${server} was gone`);
        const versions = alone.get(server) ?? [];
        const expected =
          versions.length === 0
            ? undefined
            : Object.fromEntries(versions.map((version) => [version, UNAVAILABLE[mode]]));
        for (const look of whileGone) assert.deepEqual(look.failed, expected, describeLook(look));
      }
    });

    for (const [kind, where] of Object.entries(KINDS)) {
      it(`a ${mode} DeferredDiscoveryRESTMapper, reset, finds ${kind}, ${where}`, (t) => {
        const [, version, ...group] = kind.split('.');
        const groupVersion = `${group.join('.')}/${version}`;
        const made = looks.all.filter((look) => look.mode === mode && look.kind === kind);
        const failing = made.filter(({ error }) => error !== undefined);
        assert.ok(made.length > failing.length);
        const wrong = failing.filter((look) => look.error !== 'NoMatch' || !unreadable(look).includes(groupVersion));
        assert.deepEqual(wrong.map(describeLook), []);
        t.diagnostic(`${made.length} mappings, ${failing.length} of them of a kind whose only server was away`);
      });
    }
  }
});

/** What each server serves by itself, core versions as `v1`. */
async function groupVersions({ servers, pki }: ControlPlane): Promise<Map<string, readonly string[]>> {
  const served = new Map<string, readonly string[]>();
  for (const { name, url } of servers) {
    const client = httpClient({ url, protocol: 'h2', ca: pki.servingCa.cert, certificate: pki.admin });
    const paths = verbsByPath(await discoveryOf(client, '/apis', NOPEER));
    client.close();
    served.set(name, ['v1', ...[...paths.keys()].filter((path) => path.split('/').length === 2)]);
  }
  return served;
}
