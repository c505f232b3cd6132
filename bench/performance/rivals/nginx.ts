import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Launch } from '../../../src/lab/control-plane/server-process.ts';
import { RivalProcess } from './rival-process.ts';

/** Requests after which nginx would close a connection: never within a bench. */
export const UNLIMITED = 1_000_000_000;

/** What every nginx of the bench has: one process, files in its own directory, connections that are kept. */
export function nginxConfiguration(directory: string, http: string): string {
  return `daemon off;
master_process off;
worker_rlimit_nofile 20000;
error_log stderr crit;
pid ${directory}/nginx.pid;
events { worker_connections 19000; }
http {
  access_log off;
  server_tokens off;
  ssl_protocols TLSv1.2 TLSv1.3;
  keepalive_requests ${UNLIMITED};
  keepalive_timeout 1h;
  client_max_body_size 0;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((use) => `${use}_temp_path ${directory}/${use};`).join('\n  ')}
  ${http}
}
`;
}

/** nginx, HTTP/2 or HTTP/1.1 in front, kept HTTP/1.1 connections over TLS behind: all that it can. */
export class NginxProcess extends RivalProcess {
  /** Whether answers are passed on as they come, which watches need; otherwise nginx may collect some of a body, in memory. */
  streaming = false;

  protected override async launch(): Promise<Launch> {
    const { directory, pki, backends } = this.options;
    const own = join(directory, this.name);
    await mkdir(own, { recursive: true });
    const file = join(own, 'nginx.conf');
    const upstream = (name: string, url: string): string =>
      `upstream ${name} { server ${new URL(url).host}; keepalive 2000; keepalive_requests ${UNLIMITED}; keepalive_timeout 1h; }`;
    const { preferred, other } = backends;
    const http = `
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  ${upstream('preferred', preferred)}
  ${other === undefined ? '' : upstream('other', other.url)}
  server {
    listen 127.0.0.1:${this.port} ssl http2;
    http2_max_concurrent_streams 250;
    ssl_certificate ${pki.proxyServing.certFile};
    ssl_certificate_key ${pki.proxyServing.keyFile};
    proxy_http_version 1.1;
    proxy_set_header Host kubernetes.default.svc;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_ssl_name kubernetes.default.svc;
    proxy_ssl_server_name on;
    proxy_ssl_protocols TLSv1.2 TLSv1.3;
    proxy_ssl_verify on;
    proxy_ssl_trusted_certificate ${pki.servingCa.certFile};
    proxy_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    proxy_request_buffering off;
    proxy_buffering ${this.streaming ? 'off' : 'on'};
    proxy_buffer_size 16k;
    proxy_buffers 16 64k;
    proxy_busy_buffers_size 128k;
    proxy_max_temp_file_size 0;
    proxy_read_timeout 1h;
    proxy_send_timeout 1h;
    ${other === undefined ? '' : `location ${other.paths} { proxy_pass https://other; }`}
    location / { proxy_pass https://preferred; }
  }`;
    await writeFile(file, nginxConfiguration(own, http));
    return { command: 'nginx', args: ['-p', own, '-c', file] };
  }
}
