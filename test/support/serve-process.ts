import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Server } from 'node:net';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Reaper } from '../../src/lab/control-plane/reaper.ts';
import type { Pki } from '../../src/lab/pki/pki.ts';
import { H1Client } from './api-client.ts';
import { serveFlags } from './embedded-daemon.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/mvproxy.ts', import.meta.url));
const READY_LINE = /^mvproxy ready: serving (\S+), admin (\S+)((?: \S+)*)$/;

export interface ServeExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `mvproxy serve` in a process of its own, in front of servers of the test. */
export interface ServeProcess {
  readonly url: string;
  readonly adminUrl: string;
  /** With workers, one for each of them. */
  readonly adminUrls: readonly string[];
  readonly child: ChildProcess;
  readonly exited: Promise<ServeExit>;
  /** What it wrote to standard error so far, by lines. */
  readonly log: readonly string[];
  /** Resolves with the first line of the log that matches, past or to come; never if there is none. */
  logged(pattern: RegExp): Promise<string>;
  /** Resolves with the next line of the log. */
  loggedNext(): Promise<void>;
  /** The value of a metric without labels. */
  metric(name: string): Promise<number>;
}

export interface ServeOptions {
  readonly pki: Pki;
  readonly servers: readonly { readonly name: string; readonly url: string }[];
  /** Further flags of `mvproxy serve`, without dashes. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Hands over its socket as systemd does, and stops accepting itself. */
  readonly listenOn?: Server;
  /** Variables of its environment, beside those of the test. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Resolves when it is ready; it is killed when the test ends. */
export async function startServe(
  t: TestContext,
  { pki, servers, flags = {}, listenOn, environment }: ServeOptions,
): Promise<ServeProcess> {
  const values = { ...serveFlags(pki), ...flags };
  const args = [
    ...Object.entries(values).map(([name, value]) => `--${name}=${value}`),
    ...servers.map(({ name, url }) => `--server=${name}=${url}`),
  ];
  const child = start([process.execPath, PROGRAM, 'serve', ...args], listenOn, environment);
  if (child.stderr === null) throw new TypeError('its standard error is not read');
  const reaper = new Reaper(undefined);
  if (child.pid !== undefined) reaper.watch(child.pid);
  const log: string[] = [];
  const lines = new EventEmitter();
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.push(line);
    lines.emit('line');
  });
  const exited = new Promise<ServeExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
    reaper.close();
  });
  const { url, adminUrls } = await Promise.race([
    readyLine(child),
    exited.then((exit) => {
      throw new Error(`mvproxy ended before it was ready (${JSON.stringify(exit)}):\n${log.join('\n')}`);
    }),
  ]);
  const [adminUrl = ''] = adminUrls;
  return {
    url,
    adminUrl,
    adminUrls,
    child,
    exited,
    log,
    async logged(pattern) {
      for (;;) {
        const found = log.find((line) => pattern.test(line));
        if (found !== undefined) return found;
        await once(lines, 'line');
      }
    },
    async loggedNext() {
      await once(lines, 'line');
    },
    async metric(name) {
      const admin = new H1Client(adminUrl, { ca: '' });
      const { text } = await admin.request({ path: '/metrics' });
      admin.close();
      return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
    },
  };
}

function start(
  command: readonly string[],
  listenOn: Server | undefined,
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const env = { ...process.env, ...environment };
  const [program = '', ...args] = command;
  if (listenOn === undefined) return spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const handle: unknown = Reflect.get(listenOn, '_handle');
  const fd = typeof handle === 'object' && handle !== null && 'fd' in handle ? Number(handle.fd) : Number.NaN;
  // The process has to be named, which only it can.
  const script = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"';
  const child = spawn('sh', ['-c', script, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'pipe', fd],
    env,
  });
  listenOn.close();
  return child;
}

interface ReadyLine {
  readonly url: string;
  readonly adminUrls: readonly string[];
}

function readyLine(child: ChildProcess): Promise<ReadyLine> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadyLine>();
  if (child.stdout === null) throw new TypeError('its standard output is not read');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, url, adminUrl, more = ''] = READY_LINE.exec(line) ?? [];
    if (url === undefined || adminUrl === undefined) reject(new Error(`no ready line: ${line}`));
    else resolve({ url, adminUrls: [adminUrl, ...more.split(' ').filter((other) => other !== '')] });
  });
  return promise;
}
