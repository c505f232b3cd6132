import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Launch } from '../../../src/lab/control-plane/server-process.ts';
import { RivalProcess } from './rival-process.ts';

/** haproxy as an HTTP proxy in one thread, HTTP/2 on both sides; protocol switches go over HTTP/1.1. */
export class HaproxyProcess extends RivalProcess {
  protected override async launch(): Promise<Launch> {
    const { directory, pki, backends } = this.options;
    const own = join(directory, this.name);
    await mkdir(own, { recursive: true });
    const { certFile, keyFile } = pki.proxyServing;
    const pem = join(own, 'serving.pem');
    await writeFile(pem, `${await readFile(certFile, 'utf8')}${await readFile(keyFile, 'utf8')}`, { mode: 0o600 });
    const tls = `ssl verify required ca-file ${pki.servingCa.certFile} sni str(kubernetes.default.svc) verifyhost kubernetes.default.svc`;
    const backend = (name: string, url: string, protocol: string): string => `backend ${name}
  http-reuse always
  server server ${new URL(url).host} ${tls} alpn ${protocol}
`;
    const { preferred, other } = backends;
    const file = join(own, 'haproxy.cfg');
    await writeFile(
      file,
      `global
  nbthread 1
  maxconn 9000
  tune.h2.max-concurrent-streams 250
  ssl-default-server-ciphersuites TLS_AES_128_GCM_SHA256
defaults
  mode http
  option forwardfor
  timeout connect 10s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
frontend clients
  bind 127.0.0.1:${this.port} ssl crt ${pem} alpn h2,http/1.1
  use_backend switched if { hdr(upgrade) -m found }
  ${other === undefined ? '' : `use_backend other if { path_beg ${other.paths} }`}
  default_backend preferred
${backend('preferred', preferred, 'h2')}
${backend('switched', preferred, 'http/1.1')}
${other === undefined ? '' : backend('other', other.url, 'h2')}`,
    );
    return { command: 'haproxy', args: ['-db', '-f', file] };
  }
}
