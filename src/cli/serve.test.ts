import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration } from '../config/schema.ts';
import type { Daemon } from '../daemon/daemon.ts';
import type { DrainOptions } from '../daemon/drain-options.ts';
import { ProxyError } from '../errors.ts';
import { formatAssignment } from '../workers/messages.ts';
import { run } from './main.ts';
import { type CapturedIo, capturedIo } from './testing/captured-io.ts';

const ARGUMENTS = ['node', 'mvproxy', 'serve', '--tls-cert-file=a', '--tls-private-key-file=b', '--server=a=https://a'];

const MVPROXY_WORKER = formatAssignment({
  slot: 1,
  serving: { host: '127.0.0.1', port: 6443 },
  admin: undefined,
  otherAdmins: [],
});
const WORKER = { MVPROXY_WORKER };

/** A daemon that does nothing and notes what is asked of it. */
class FakeDaemon implements Daemon {
  readonly servingAddress = 'https://127.0.0.1:40123';
  adminAddress: string | undefined = 'http://127.0.0.1:40124';
  readonly calls: string[] = [];
  configuration: Configuration | undefined;
  readonly becomeReady = Promise.withResolvers<void>();
  stopped: Promise<void> = Promise.resolve();
  reloaded: Promise<void> = Promise.resolve();

  readonly start = async (configuration: Configuration): Promise<Daemon> => {
    this.configuration = configuration;
    return this;
  };
  ready(): Promise<void> {
    return this.becomeReady.promise;
  }
  unreadiness(): readonly string[] {
    return [];
  }
  take(): void {}
  leave(): void {
    this.calls.push('leave');
  }
  stop(drainMs: number, times?: DrainOptions): Promise<void> {
    this.calls.push(['stop', drainMs, ...(times === undefined ? [] : [times.delayMs, times.watchesMs])].join(' '));
    return this.stopped;
  }
  reload(): Promise<void> {
    this.calls.push('reload');
    return this.reloaded;
  }
}

describe('mvproxy serve', () => {
  function started(
    daemon: FakeDaemon,
    ...flags: string[]
  ): { readonly io: CapturedIo; readonly exitCode: Promise<number> } {
    const io = capturedIo();
    return { io, exitCode: run([...ARGUMENTS, ...flags], io, daemon.start) };
  }

  it('announces itself once, when it is ready, and drains on SIGTERM', async () => {
    const daemon = new FakeDaemon();
    const { io, exitCode } = started(
      daemon,
      '--shutdown-drain-seconds=1.5',
      '--shutdown-delay-duration=1m',
      '--secure-port=0',
    );
    daemon.becomeReady.resolve();
    await io.waitFor('out', '\n');
    io.signal('SIGTERM');
    assert.equal(await exitCode, 0);
    assert.equal(io.out, 'mvproxy ready: serving https://127.0.0.1:40123, admin http://127.0.0.1:40124\n');
    assert.deepEqual(daemon.calls, ['stop 1500 60000 10000']);
    assert.equal(daemon.configuration?.serving.securePort, 0);
    assert.equal(io.signal('SIGTERM') + io.signal('SIGINT') + io.signal('SIGHUP'), 0, 'listeners are left behind');
  });

  it('does not mention an admin listener that does not run', async () => {
    const daemon = new FakeDaemon();
    daemon.adminAddress = undefined;
    const { io, exitCode } = started(daemon);
    daemon.becomeReady.resolve();
    await io.waitFor('out', '\n');
    io.signal('SIGINT');
    assert.equal(await exitCode, 0);
    assert.equal(io.out, 'mvproxy ready: serving https://127.0.0.1:40123\n');
  });

  it('stops before it was ready, without announcing itself', async () => {
    const daemon = new FakeDaemon();
    const stopping = Promise.withResolvers<void>();
    daemon.stopped = stopping.promise;
    const { io, exitCode } = started(daemon);
    await waitForListener(io);
    await io.waitFor('err', 'stopping');
    daemon.becomeReady.resolve();
    stopping.resolve();
    assert.equal(await exitCode, 0);
    assert.equal(io.out, '');
  });

  it('ends at once on a second signal', async () => {
    const daemon = new FakeDaemon();
    daemon.stopped = new Promise(() => {});
    const { io, exitCode } = started(daemon);
    daemon.becomeReady.resolve();
    await io.waitFor('out', '\n');
    io.signal('SIGTERM');
    io.signal('SIGINT');
    assert.equal(await exitCode, 1);
    assert.match(io.err, /cut off/);
  });

  it('reloads on SIGHUP, one reload after the other, and survives a failure', async () => {
    const daemon = new FakeDaemon();
    const first = Promise.withResolvers<void>();
    daemon.reloaded = first.promise;
    const { io, exitCode } = started(daemon);
    daemon.becomeReady.resolve();
    await io.waitFor('out', '\n');
    io.signal('SIGHUP');
    io.signal('SIGHUP');
    await Promise.resolve();
    assert.deepEqual(daemon.calls, ['reload']);
    first.resolve();
    await io.waitFor('err', 'reloaded');
    daemon.reloaded = Promise.reject(new Error('bad certificate'));
    io.signal('SIGHUP');
    await io.waitFor('err', 'bad certificate');
    assert.match(io.err, /could not reload; everything stays as it was/);
    io.signal('SIGTERM');
    assert.equal(await exitCode, 0);
  });

  it('stops the daemon and fails when it cannot become ready', async () => {
    const daemon = new FakeDaemon();
    const { io, exitCode } = started(daemon);
    daemon.becomeReady.reject(new Error('broken'));
    assert.equal(await exitCode, 1);
    assert.deepEqual(daemon.calls, ['stop 0']);
    assert.match(io.err, /mvproxy could not start: broken/);
  });

  it('tells the shell why the daemon did not start', async () => {
    const exitCodeOf = async (error: unknown): Promise<readonly [number, string]> => {
      const io = capturedIo();
      return [await run(ARGUMENTS, io, () => Promise.reject(error)), io.err];
    };
    const inUse = Object.assign(new Error('listen EADDRINUSE: address already in use'), { code: 'EADDRINUSE' });
    const [bindCode, bindText] = await exitCodeOf(new Error('cannot listen', { cause: inUse }));
    assert.equal(bindCode, 3);
    assert.match(bindText, /cannot listen; another process has this port/);
    assert.deepEqual(await exitCodeOf(new ProxyError('MVP_CONFIG', 'bad certificate')), [2, 'bad certificate\n']);
    assert.deepEqual(await exitCodeOf(new Error('oops')), [1, 'mvproxy could not start: oops\n']);
  });

  it('does not wait as a worker for a supervisor that is not there', async () => {
    const io = capturedIo({ environment: WORKER });
    const exitCode = await run(ARGUMENTS, io, () => assert.fail('it was started'));
    assert.equal(exitCode, 2);
    assert.match(io.err, /^MVPROXY_WORKER is set, .* Unset MVPROXY_WORKER; .*--workers/);
  });

  it('as a worker that cannot start says why in one entry of the log', async () => {
    for (const reason of ['bad certificate', 'two\nlines']) {
      const io = capturedIo({ environment: { ...WORKER }, isWorker: true });
      const exitCode = await run(ARGUMENTS, io, () => Promise.reject(new ProxyError('MVP_CONFIG', reason)));
      assert.equal(exitCode, 2);
      const { level, worker, reason: logged, message } = JSON.parse(io.err);
      assert.deepEqual([level, worker, logged], ['error', 1, reason]);
      assert.match(message, /cannot start; .*SIGUSR2/);
    }
  });

  it('logs in JSON to standard error, with details only when asked', async () => {
    const lines = async (...flags: string[]): Promise<string> => {
      const io = capturedIo();
      const daemon = new FakeDaemon();
      const exitCode = run([...ARGUMENTS, ...flags], io, async (configuration, { logger }) => {
        logger.debug('a detail');
        logger.info('a fact', { server: 'a' });
        return daemon.start(configuration);
      });
      daemon.becomeReady.resolve();
      await io.waitFor('out', '\n');
      io.signal('SIGTERM');
      await exitCode;
      return io.err;
    };
    const quiet = await lines();
    assert.doesNotMatch(quiet, /a detail/);
    const fact: unknown = JSON.parse(quiet.split('\n')[0] ?? '');
    assert.ok(typeof fact === 'object' && fact !== null && 'server' in fact);
    assert.equal(fact.server, 'a');
    assert.match(await lines('-v', '4'), /a detail/);
  });
});

/** Sends SIGTERM as soon as somebody listens, which is before the daemon has started. */
async function waitForListener(io: CapturedIo): Promise<void> {
  while (io.signal('SIGTERM') === 0) await new Promise((resolve) => setImmediate(resolve));
}
