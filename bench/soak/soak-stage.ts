import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Reaper } from '../../src/lab/control-plane/reaper.ts';
import type { Reporter } from '../../src/lab/control-plane/reporter.ts';
import type { ProcessContext } from '../../src/lab/control-plane/server-process.ts';
import { createPki } from '../../src/lab/pki/pki.ts';
import type { EngineName } from '../../src/wire/engine-name.ts';
import { ProxyProbe } from '../chaos/proxy-probe.ts';
import { ProxyGauge } from './proxy-gauge.ts';
import { SoakLoad } from './soak-load.ts';
import { SoakProxy } from './soak-proxy.ts';
import { SoakServer } from './soak-server.ts';

/** Only the newest serves everything that clients ask for. One of them speaks HTTP/2 by nghttp2. */
export const SERVERS = [
  { name: 'old', version: '1.34.4', engine: 'own' },
  { name: 'middle', version: '1.36.3', engine: 'node' },
  { name: 'new', version: '1.37.2', engine: 'own' },
] as const;

const TOKEN = 'a'.repeat(896);

/** Servers, the proxy in front of them and its clients, each in a process of its own. */
export class SoakStage implements AsyncDisposable {
  readonly directory: string;
  readonly servers: readonly SoakServer[];
  readonly proxy: SoakProxy;
  readonly gauge: ProxyGauge;
  readonly probe: ProxyProbe;
  readonly load: SoakLoad;
  readonly #reaper: Reaper;

  private constructor(
    parts: Pick<SoakStage, 'directory' | 'servers' | 'proxy' | 'gauge' | 'probe' | 'load'>,
    reaper: Reaper,
  ) {
    this.directory = parts.directory;
    this.servers = parts.servers;
    this.proxy = parts.proxy;
    this.gauge = parts.gauge;
    this.probe = parts.probe;
    this.load = parts.load;
    this.#reaper = reaper;
  }

  /** `watches`: how many are open at a time. */
  static async start(engine: EngineName, watches: number, report: Reporter): Promise<SoakStage> {
    const directory = await mkdtemp(join(tmpdir(), 'mvproxy-soak-'));
    const reaper = new Reaper(directory);
    const context = (name: string): ProcessContext => ({
      name,
      logFile: join(directory, `${name}.log`),
      reaper,
      report,
    });
    const pki = await createPki(join(directory, 'pki'));
    const servers = await Promise.all(
      SERVERS.map((server) =>
        SoakServer.create(context(server.name), pki, {
          ...server,
          commitFile: join(directory, `${server.name}.commits`),
        }),
      ),
    );
    await Promise.all(servers.map((server) => server.start()));
    const addresses = servers.map(({ name, url }) => ({ name, url }));
    const proxy = await SoakProxy.create(context('proxy'), { pki, engine, servers: addresses });
    await proxy.start();
    const { pid, url, adminUrl, ports } = proxy;
    const serverPorts = servers.map(({ options }) => options.port);
    const gauge = new ProxyGauge({ pid, adminUrl, securePort: ports.secure, serverPorts });
    const probe = await ProxyProbe.attach(pid, adminUrl, ports.inspector);
    const caller = { url, ca: pki.servingCa.cert, token: TOKEN };
    const { cert, key } = pki.jane;
    const load = new SoakLoad({
      callers: [
        { ...caller, certificate: undefined },
        { ...caller, certificate: { cert, key } },
      ],
      watches,
    });
    return new SoakStage({ directory, servers, proxy, gauge, probe, load }, reaper);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.load.close();
    this.probe.close();
    await this.proxy.kill();
    await Promise.all(this.servers.map((server) => server.kill()));
    await rm(this.directory, { recursive: true, force: true });
    this.#reaper.close();
  }
}
