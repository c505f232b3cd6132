import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import {
  type KubeControllerManager,
  startKubeControllerManager,
} from '../../../src/lab/control-plane/kube-controller-manager.ts';
import { builtPrograms } from '../../../tools/control-plane/binaries.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { buildLooks, Looks, MODES, type Mode } from './support-looks.ts';
import { type Absence, phasesAt, restartServer } from './support-rolling-restart.ts';
import { WorkForControllers } from './support-work-for-controllers.ts';

// Built before any test: compiling it anew takes longer than a test may.
const directory = await mkdtempDisposable(join(tmpdir(), 'mvproxy-looks-'));
after(() => directory.remove());
const program = await buildLooks(directory.path);

const POLL_MS = 100;
/** kube-controller-manager looks for new types every half a minute, and its first look may come too early. */
const NOTICE_MS = 90_000;

/** What kube-controller-manager and the libraries in it say when discovery fails them, wholly or in part. */
const DISCOVERY_ERRORS =
  /failed to discover|unable to retrieve the complete list of server APIs|unable to get REST mapping|couldn't get (?:resource|current server API group) list|no resources reported by discovery|failed to sync resource monitors/i;

describe('a real kube-controller-manager while all servers are upgraded, one after the other, from 1.36.3 to 1.37.2', () => {
  let controlPlane: ControlPlane;
  let proxy: ProxyProcess;
  let manager: KubeControllerManager;
  let looks: Looks;
  let work: WorkForControllers;
  const ended: string[] = [];
  const absences: Absence[] = [];

  before(async () => {
    // A namespaced type that comes with the upgrade, as no default one does that a test could make objects of: Jobs.
    const runtimeConfig = 'batch/v1=false';
    // Without it a server that is told to end waits a minute for those who watch it.
    const extraArgs = ['--shutdown-watch-termination-grace-period=1s'];
    controlPlane = await startControlPlane({
      servers: ['cp-1', 'cp-2', 'cp-3'].map((name) => ({ name, version: '1.36.3', runtimeConfig, extraArgs })),
    });
    const { pki, adminToken: token } = controlPlane;
    proxy = await startProxy(controlPlane);
    const kubeconfig = await controlPlane.kubeconfig({ server: proxy.url, user: 'admin' });
    looks = new Looks(program, kubeconfig, ['Deployment.v1.apps']);
    manager = await startKubeControllerManager({
      version: '1.36.3',
      programs: builtPrograms(),
      pki,
      token,
      url: proxy.url,
      extraArgs: ['--v=2'],
      report: (line) => ended.push(line),
    });
    work = new WorkForControllers({ url: proxy.url, ca: pki.servingCa.cert, certificate: pki.admin });
    await work.begin();
    await work.addOwner('configmaps');

    const [first, second, third] = controlPlane.servers;
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const upgraded = { proxy, change: { version: '1.37.2', runtimeConfig: 'batch/v1=true' } };
    const finish = (names: readonly string[]): Promise<void> => work.namespacesGone(names);

    const whileLeaving = await work.addNamespace([]);
    await work.deleteNamespace(whileLeaving);
    const restart = async (...of: Parameters<typeof restartServer>) => absences.push(await restartServer(...of));
    await restart(first, {
      ...upgraded,
      whileGone: async () => {
        const namespace = await work.addNamespace([]);
        await work.deleteNamespace(namespace);
        await finish([whileLeaving, namespace]);
      },
    });
    await noticed('jobs', 'devicetaintrules');

    await work.addOwner('devicetaintrules');
    await work.addOwner('jobs');
    for (const server of [second, third]) {
      const whileLeaving = await work.addNamespace(['jobs']);
      const untilBack = await work.addNamespace(['jobs']);
      const withKind = await work.addNamespace(['jobs']);
      await work.deleteNamespace(whileLeaving);
      await restart(server, {
        ...upgraded,
        whileGone: async () => {
          // Its controllers draw all they know from discovery when it starts, which roll-outs make it do.
          if (server === third) await manager.restart();
          await work.deleteNamespace(withKind);
          await work.addOwner('devicetaintrules');
          await work.addOwner('jobs');
          await finish([whileLeaving, withKind]);
          await looks.round();
          await work.deleteNamespace(untilBack);
        },
      });
      await finish([untilBack]);
    }
    await looks.round();
  });

  after(async () => {
    await looks?.stop();
    work?.close();
    await manager?.close();
    await controlPlane?.stop();
  });

  it('runs all the time and finds nothing amiss with discovery', async (t) => {
    assert.equal(manager.state.state, 'running');
    assert.deepEqual(ended, []);
    const log = await readFile(manager.logFile, 'utf8');
    assert.deepEqual(
      log.split('\n').filter((line) => DISCOVERY_ERRORS.test(line)),
      [],
    );
    t.diagnostic(
      `${log.split('\n').length} lines, ${log.match(/syncing garbage collector with updated/g)?.length} syncs`,
    );
  });

  it('has emptied every namespace that was deleted meanwhile', async (t) => {
    // Of the upgraded servers, each of which knows all types.
    for (const { url } of controlPlane.servers) assert.deepEqual(await work.leftovers(url), []);
    t.diagnostic(`${work.deleted.length} namespaces, ${work.objectsInDeleted} objects in them`);
  });

  it('has collected no dependent of a living owner, and those of a dead one', async (t) => {
    const dead = await work.addOwner('devicetaintrules');
    await work.deleteOwner(dead);
    await work.dependentsGone(dead);
    assert.deepEqual(await work.missingDependents(), []);
    t.diagnostic(`${work.owners.length} owners with ${work.dependentCount} dependents`);
  });

  /** Looks that failed in any part, while the first upgraded server brought new versions or at any other time. */
  const failing = (mode: Mode, whileNewVersionsCome: boolean): string[] => {
    const [{ starting, back } = { starting: 0, back: 0 }] = absences;
    return looks.all
      .filter((look) => look.mode === mode && (look.error !== undefined || look.failed !== undefined))
      .filter((look) => (look.ended >= starting && look.started <= back) === whileNewVersionsCome)
      .map(({ named: _named, ...look }) => `${JSON.stringify(look)} (${phasesAt(absences, look.started)})`);
  };

  for (const mode of MODES) {
    it(`no ${mode} discovery of client-go failed in any part`, (t) => {
      assert.deepEqual(failing(mode, false), []);
      t.diagnostic(`${looks.all.filter((look) => look.mode === mode).length} calls`);
    });

    it(`no ${mode} discovery of client-go met a version before its first server was ready`, () => {
      assert.deepEqual(failing(mode, true), []);
    });
  }

  /** Resolves when the garbage collector watches these types. */
  async function noticed(...resources: readonly string[]): Promise<void> {
    const deadline = performance.now() + NOTICE_MS;
    for (;;) {
      const text = await readFile(manager.logFile, 'utf8');
      const [, ...sinceAdded] = text.split(/(?=syncing garbage collector with updated resources)/);
      const last = sinceAdded.findLast((part) => resources.every((resource) => part.includes(`Resource=${resource}`)));
      if (last?.includes('synced garbage collector')) return;
      if (performance.now() > deadline) throw new Error(`not noticed within ${NOTICE_MS} ms: ${resources.join()}`);
      await delay(POLL_MS);
    }
  }
});
