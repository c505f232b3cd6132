import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Reaper } from '../../src/lab/control-plane/reaper.ts';
import type { Pki } from '../../src/lab/pki/pki.ts';
import { H1Client } from './api-client.ts';
import { serveFlags } from './embedded-daemon.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/mvproxy.ts', import.meta.url));
const READY_LINE = /^mvproxy ready: serving (\S+), admin (\S+)$/;

export interface ServeExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `mvproxy serve` in a process of its own, in front of servers of the test. */
export interface ServeProcess {
  readonly url: string;
  readonly adminUrl: string;
  readonly child: ChildProcess;
  readonly exited: Promise<ServeExit>;
  /** The value of a metric without labels. */
  metric(name: string): Promise<number>;
}

export interface ServeOptions {
  readonly pki: Pki;
  readonly servers: readonly { readonly name: string; readonly url: string }[];
  /** Further flags of `mvproxy serve`, without dashes. */
  readonly flags?: Readonly<Record<string, string>>;
}

/** Resolves when it is ready; it is killed when the test ends. */
export async function startServe(t: TestContext, { pki, servers, flags = {} }: ServeOptions): Promise<ServeProcess> {
  const values = { ...serveFlags(pki), ...flags };
  const args = [
    ...Object.entries(values).map(([name, value]) => `--${name}=${value}`),
    ...servers.map(({ name, url }) => `--server=${name}=${url}`),
  ];
  const child = spawn(process.execPath, [PROGRAM, 'serve', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const reaper = new Reaper(undefined);
  if (child.pid !== undefined) reaper.watch(child.pid);
  const log: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const exited = new Promise<ServeExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
    reaper.close();
  });
  const { url, adminUrl } = await Promise.race([
    readyLine(child),
    exited.then((exit) => {
      throw new Error(`mvproxy ended before it was ready (${JSON.stringify(exit)}):\n${log.join('\n')}`);
    }),
  ]);
  return {
    url,
    adminUrl,
    child,
    exited,
    async metric(name) {
      const admin = new H1Client(adminUrl, { ca: '' });
      const { text } = await admin.request({ path: '/metrics' });
      admin.close();
      return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
    },
  };
}

function readyLine(child: ChildProcess): Promise<{ url: string; adminUrl: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ url: string; adminUrl: string }>();
  if (child.stdout === null) throw new TypeError('its standard output is not read');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, url, adminUrl] = READY_LINE.exec(line) ?? [];
    if (url === undefined || adminUrl === undefined) reject(new Error(`no ready line: ${line}`));
    else resolve({ url, adminUrl });
  });
  return promise;
}
