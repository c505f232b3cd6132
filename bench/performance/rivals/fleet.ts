import { freePort } from '../../../src/wire/free-port.ts';
import type { Stage } from '../stages/stage.ts';
import type { Available } from './available.ts';
import { HaproxyProcess } from './haproxy.ts';
import { MvproxyProcess } from './mvproxy.ts';
import { NginxProcess } from './nginx.ts';
import type { Rival, RivalName } from './rival.ts';
import type { RivalOptions, RivalProcess } from './rival-process.ts';
import { UndiciProcess } from './undici.ts';

/** Proxies in front of one stage. */
export class Fleet implements AsyncDisposable {
  readonly #processes: readonly RivalProcess[];

  private constructor(processes: readonly RivalProcess[]) {
    this.#processes = processes;
  }

  /** Starts those of `names` that are proxies and available here. `streaming`: for watches. */
  static async start(
    stage: Stage,
    names: readonly RivalName[],
    available: Available,
    { streaming = false }: { readonly streaming?: boolean } = {},
  ): Promise<Fleet> {
    const processes: RivalProcess[] = [];
    const fleet = new Fleet(processes);
    try {
      for (const name of names) {
        if (available.absent.some(({ rival }) => rival === name)) continue;
        const process = await make(stage, name, available, streaming);
        if (process === undefined) continue;
        processes.push(process);
        await process.start();
      }
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
    return fleet;
  }

  get rivals(): readonly Rival[] {
    return this.#processes.map((each) => each.asRival);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.kill()));
  }
}

async function make(
  stage: Stage,
  name: RivalName,
  { engines }: Available,
  streaming: boolean,
): Promise<RivalProcess | undefined> {
  const { directory, pki, backends } = stage;
  const options: RivalOptions = { context: stage.processContext(`proxy-${name}`), directory, pki, backends };
  const port = await freePort();
  switch (name) {
    case 'own':
    case 'node':
      return new MvproxyProcess(name, engines ? { ...options, engine: name } : options, port);
    case 'nginx': {
      const nginx = new NginxProcess(name, options, port);
      nginx.streaming = streaming;
      return nginx;
    }
    case 'haproxy':
      return new HaproxyProcess(name, options, port);
    case 'undici':
      return new UndiciProcess(name, options, port);
    default:
      return undefined;
  }
}
