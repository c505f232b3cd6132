import { fileURLToPath } from 'node:url';
import type { Launch } from '../../../src/lab/control-plane/server-process.ts';
import { RivalProcess } from './rival-process.ts';

const PROGRAM = fileURLToPath(new URL('./undici-proxy.ts', import.meta.url));

/** The smallest proxy that Node's HTTP/2 server and undici's client make, without any of what a proxy has to heed. */
export class UndiciProcess extends RivalProcess {
  protected override launch(): Launch {
    const { pki, backends } = this.options;
    const options = {
      port: this.port,
      certFile: pki.proxyServing.certFile,
      keyFile: pki.proxyServing.keyFile,
      caFile: pki.servingCa.certFile,
      backends,
    };
    return { command: process.execPath, args: [PROGRAM, JSON.stringify(options)] };
  }
}
