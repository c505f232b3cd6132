import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordedText } from '../../../src/kubernetes/testing/recorded-documents.ts';
import { requestOnce } from '../../../src/lab/control-plane/request-once.ts';
import { type Launch, type ProcessContext, ServerProcess } from '../../../src/lab/control-plane/server-process.ts';
import type { Pki } from '../../../src/lab/pki/pki.ts';
import { freePort } from '../../../src/wire/free-port.ts';
import { nginxConfiguration } from '../rivals/nginx.ts';
import type { StageServer } from './fast-stage.ts';

export const SMALL = '/api/v1/namespaces/default/configmaps/small';
export const LARGE = '/api/v1/namespaces/default/configmaps/large';
const VERSION = '1.37.2';
const SIZES = { [SMALL]: 600, [LARGE]: 64 * 1_024 };

/** nginx as a server over HTTP/2 and HTTP/1.1 that looks like a kube-apiserver to a proxy and answers from memory. */
class FixedAnswers extends ServerProcess {
  readonly #launch: Launch;
  readonly #url: string;
  readonly #ca: string;

  constructor(context: ProcessContext, launch: Launch, url: string, ca: string) {
    super(context);
    this.#launch = launch;
    this.#url = url;
    this.#ca = ca;
  }

  protected override launch(): Launch {
    return this.#launch;
  }

  protected override async isReady(): Promise<boolean> {
    const answer = await requestOnce(`${this.#url}/readyz`, { ca: this.#ca, timeoutMs: 2_000 }).catch(() => undefined);
    return answer?.status === 200;
  }
}

export async function fixedAnswers(context: ProcessContext, directory: string, pki: Pki): Promise<StageServer> {
  const own = join(directory, 'fixed-answers');
  await mkdir(own, { recursive: true });
  const port = await freePort();
  const { certFile, keyFile } = await pki.serving('fixed-answers', '127.0.0.1');
  const locations: string[] = [];
  const serve = async (path: string, type: string, body: string): Promise<void> => {
    const file = join(own, `${path.replaceAll('/', '_')}`);
    await writeFile(file, body);
    locations.push(`location = ${path} { default_type "${type}"; alias ${file}; }`);
  };
  const discovery = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  for (const path of ['/api', '/apis']) await serve(path, discovery, recordedText(VERSION, `${path.slice(1)}-v2.json`));
  await serve('/version', 'application/json', JSON.stringify({ gitVersion: `v${VERSION}` }));
  for (const [path, bytes] of Object.entries(SIZES)) await serve(path, 'application/json', configMap(bytes));
  const file = join(own, 'nginx.conf');
  const http = `
  types {}
  default_type text/plain;
  open_file_cache max=100 inactive=1h;
  open_file_cache_valid 1h;
  sendfile off;
  output_buffers 2 128k;
  server {
    listen 127.0.0.1:${port} ssl http2;
    http2_max_concurrent_streams 250;
    ssl_certificate ${certFile};
    ssl_certificate_key ${keyFile};
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    location = /readyz { return 200 ok; }
    ${locations.join('\n    ')}
    location / { return 404 "404 page not found\\n"; }
  }`;
  await writeFile(file, nginxConfiguration(own, http));
  const url = `https://127.0.0.1:${port}`;
  const launch = { command: 'nginx', args: ['-p', own, '-c', file] };
  return { process: new FixedAnswers(context, launch, url, pki.servingCa.cert), url };
}

/** A ConfigMap whose JSON has exactly so many bytes. */
function configMap(bytes: number): string {
  const text = (padding: string): string =>
    `${JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'fixed', namespace: 'default' }, data: { text: padding } })}\n`;
  return text('x'.repeat(bytes - text('').length));
}
