import type { ControlPlane } from '../../src/lab/control-plane/control-plane.ts';
import type { KubeApiserver } from '../../src/lab/control-plane/kube-apiserver.ts';
import { freePort } from '../../src/wire/free-port.ts';
import { makeReadObjects, type ObjectWork, WITHOUT_JOBS } from '../../test/real/support/object-work.ts';
import { type ProxyProcess, startProxy } from '../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../tools/control-plane/start.ts';
import { adminClient } from '../faults/access.ts';
import { Wire } from '../faults/wire.ts';
import { FaultyFront } from './faulty-front.ts';
import { ProxyProbe } from './proxy-probe.ts';

/** A server, the network to it, and what can stand in its place and misbehave. */
export interface ChaosServer {
  readonly process: KubeApiserver;
  readonly wire: Wire;
  readonly front: FaultyFront;
}

/** Three real servers of three releases, of which not all serve everything, and the proxy in a process of its own. */
export class ChaosPlane implements AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly servers: readonly ChaosServer[];
  readonly proxy: ProxyProcess;
  readonly probe: ProxyProbe;

  private constructor(parts: Pick<ChaosPlane, 'controlPlane' | 'servers' | 'proxy' | 'probe'>) {
    this.controlPlane = parts.controlPlane;
    this.servers = parts.servers;
    this.proxy = parts.proxy;
    this.probe = parts.probe;
  }

  static async start(works: readonly ObjectWork[], random: () => number): Promise<ChaosPlane> {
    const controlPlane = await startControlPlane({
      servers: [
        { name: 'old', version: '1.34.4', runtimeConfig: WITHOUT_JOBS },
        { name: 'middle', version: '1.36.3' },
        { name: 'new', version: '1.37.2' },
      ],
      report: () => {},
    });
    try {
      const { pki } = controlPlane;
      const servers: ChaosServer[] = [];
      for (const process of controlPlane.servers) {
        const { name, url } = process;
        const certificate = await pki.serving(name, '127.0.0.1');
        const front = await FaultyFront.start({ pki, certificate, serverUrl: url, random });
        servers.push({ process, front, wire: await Wire.create(url, '127.0.0.1', 0) });
      }
      const inspectorPort = await freePort();
      const addresses = servers.map(({ process, wire }) => ({ name: process.name, url: wire.url }));
      const proxy = await withInspector(inspectorPort, () => startProxy(controlPlane, { servers: addresses }));
      if (proxy.state.state !== 'running') throw new Error('the proxy does not run');
      const probe = await ProxyProbe.attach(proxy.state.pid, proxy.adminUrl, inspectorPort);
      const owner = adminClient(controlPlane, controlPlane.server('new').url);
      for (const work of works) await makeReadObjects(owner, work);
      owner.close();
      return new ChaosPlane({ controlPlane, servers, proxy, probe });
    } catch (error) {
      await controlPlane.stop();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.probe.close();
    for (const { wire, front } of this.servers) {
      front.close();
      await wire.close();
    }
    await this.controlPlane.stop();
  }
}

/** A process takes its environment from ours at the moment it is started. */
async function withInspector<T>(port: number, start: () => Promise<T>): Promise<T> {
  const before = process.env['NODE_OPTIONS'];
  process.env['NODE_OPTIONS'] = `${before ?? ''} --inspect=127.0.0.1:${port}`.trim();
  try {
    return await start();
  } finally {
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
  }
}
