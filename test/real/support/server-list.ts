import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import type { ProxyOptions } from '../../../tools/control-plane/proxy.ts';

/** The servers of a proxy that reads them from its configuration file, and reads that again whenever it changes. */
export class ServerList {
  readonly #controlPlane: ControlPlane;
  readonly #file: string;

  private constructor(controlPlane: ControlPlane) {
    this.#controlPlane = controlPlane;
    this.#file = join(controlPlane.directory, 'proxy-servers.yaml');
  }

  /** With all servers of the control plane on it. */
  static async create(controlPlane: ControlPlane): Promise<ServerList> {
    const list = new ServerList(controlPlane);
    await list.write(controlPlane.servers.map(({ name }) => name));
    return list;
  }

  /** What a proxy is started with that has its servers from here. */
  get proxyOptions(): ProxyOptions {
    return { withoutFlags: ['server'], extraArgs: [`--config=${this.#file}`] };
  }

  async write(names: readonly string[]): Promise<void> {
    const servers = this.#controlPlane.servers.filter(({ name }) => names.includes(name));
    const lines = servers.map(({ name, url }) => `  - { name: ${name}, url: "${url}" }\n`);
    // A proxy that reads the file while it is written would take a half of it for the whole.
    const next = `${this.#file}.next`;
    await writeFile(
      next,
      `apiVersion: config.mixed-version-proxy.io/v1alpha1\nkind: MixedVersionProxyConfiguration\nservers:\n${lines.join('')}`,
    );
    await rename(next, this.#file);
  }
}
