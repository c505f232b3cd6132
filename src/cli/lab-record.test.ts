import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { type Issued, TestCa } from '../../test/support/certificates.ts';
import { type TemporaryFiles, temporaryFiles } from '../config/testing/temporary-files.ts';
import { findRecording } from '../lab/recording/find-recording.ts';
import { recordedServer } from '../lab/recording/testing/recorded-server.ts';
import { fieldValue } from '../wire/fields.ts';
import { type Listener, listen } from '../wire/listener.ts';
import { runRecord } from './lab-record.ts';
import { run } from './main.ts';
import { type CapturedIo, capturedIo } from './testing/captured-io.ts';

const TOKEN = 'secret-token';

describe('mvproxy lab record', () => {
  let files: TemporaryFiles;
  let listener: Listener;
  let url: string;
  let otherCa: TestCa;
  before(async () => {
    const ca = await TestCa.create('ca');
    otherCa = await TestCa.create('other');
    const serving: Issued = await ca.issue({ commonName: 'server', ips: ['127.0.0.1'], usage: 'server' });
    const serve = recordedServer(await findRecording('1.34'));
    listener = await listen({
      host: '127.0.0.1',
      port: 0,
      tls: serving,
      handler: (exchange) => {
        const isKnown = fieldValue(exchange.head.fields, 'authorization') === `Bearer ${TOKEN}`;
        if (isKnown) void serve(exchange);
        else exchange.respond({ status: 401, fields: [] }, true);
      },
    });
    url = `https://127.0.0.1:${listener.port}`;
    const clusters = [{ name: 'c', cluster: { server: url, 'certificate-authority': 'ca.crt' } }];
    const users = [
      { name: 'good', user: { token: TOKEN } },
      { name: 'bad', user: { token: 'other' } },
    ];
    const contexts = users.map(({ name }) => ({ name, context: { cluster: 'c', user: name } }));
    files = await temporaryFiles({
      'ca.crt': ca.cert,
      'other.crt': otherCa.cert,
      token: `${TOKEN}\n`,
      config: stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'good', clusters, users, contexts }),
    });
  });
  after(async () => {
    await listener.close(0);
    await files[Symbol.asyncDispose]();
  });

  const record = async (...flags: string[]): Promise<{ readonly exitCode: number; readonly io: CapturedIo }> => {
    const io = capturedIo({ directory: files.directory });
    return { exitCode: await run(['node', 'mvproxy', 'lab', 'record', ...flags], io), io };
  };

  it('writes what the server of the kubeconfig serves, and says how to use it', async () => {
    const { exitCode, io } = await record('--kubeconfig=config');
    assert.equal(exitCode, 0, io.err);
    assert.match(
      io.out,
      /^Recorded what Kubernetes 1\.34\.4 at https:\/\/127\.0\.0\.1:\d+ serves, \d+ KiB in \.\/recording-1\.34\.4\.$/m,
    );
    assert.match(io.out, /mvproxy lab --versions \.\/recording-1\.34\.4,1\.37\n$/);
    assert.match(
      io.err,
      /^Kubernetes 1\.34\.4\n66 resources, told as aggregated discovery v2\nschemas: (\d+) of \1 documents\n$/,
    );
    const recording = await findRecording('./recording-1.34.4', files.directory);
    const shipped = await findRecording('1.34');
    assert.deepEqual([recording.api, recording.apis], [shipped.api, shipped.apis]);
    assert.ok((await recording.schemas())?.has('io.k8s.api.apps.v1.Deployment'));
  });

  it('takes flags instead of a kubeconfig, and another directory', async () => {
    const flags = [`--server=${url}`, '--certificate-authority=ca.crt', '--token-file=token', '--to=mine/prod'];
    const { exitCode, io } = await record(...flags);
    assert.equal(exitCode, 0, io.err);
    assert.match(io.out, / in \.\/mine\/prod\.$/m);
    assert.equal((await readdir(files.path('mine/prod'))).length, 4);
  });

  it('takes the kubeconfig of $KUBECONFIG', async () => {
    const io = capturedIo({
      directory: files.directory,
      environment: { KUBECONFIG: `${files.path('config')}:/nowhere` },
    });
    assert.equal(await runRecord({ to: 'from-variable', timeout: 30 }, io), 0, io.err);
  });

  it('draws its progress in place on a terminal', async () => {
    const io = capturedIo({ directory: files.directory });
    const stderr = { write: (text: string) => io.stderr.write(text), isTTY: true, columns: 80 };
    assert.equal(await runRecord({ kubeconfig: 'config', to: 'live', timeout: 30 }, { ...io, stderr }), 0);
    assert.ok(io.err.includes('\u001b[3A'), io.err);
  });

  const refused: readonly (readonly [string, () => string[], number, RegExp])[] = [
    ['an unknown context', () => ['--kubeconfig=config', '--context=x'], 2, /has no context "x", only good, bad/],
    ['a missing kubeconfig', () => ['--kubeconfig=nowhere'], 2, /nowhere does not exist/],
    [
      'a server without authority',
      () => [`--server=${url}`, '--token-file=token'],
      2,
      /--certificate-authority: is required/,
    ],
    [
      'no credentials',
      () => [`--server=${url}`, '--certificate-authority=ca.crt'],
      2,
      /--token-file: or --client-certificate/,
    ],
    [
      'half a key pair',
      () => [`--server=${url}`, '--certificate-authority=ca.crt', '--client-key=token'],
      2,
      /given together/,
    ],
    ['no URL', () => ['--server=there'], 2, /--server: must be the https URL/],
    [
      'a file that is no certificate',
      () => [`--server=${url}`, '--certificate-authority=token'],
      2,
      /--certificate-authority: token /,
    ],
    ['a server and a kubeconfig', () => [`--server=${url}`, '--kubeconfig=config'], 2, /cannot be used with/],
    [
      'credentials that are not accepted',
      () => ['--kubeconfig=config', '--context=bad'],
      1,
      /GET \/version was answered 401/,
    ],
    [
      'a server that the authority does not vouch for',
      () => [`--server=${url}`, '--certificate-authority=other.crt', '--token-file=token'],
      3,
      /The server could not be read: .*Check the address, and that the certificate authority/,
    ],
    [
      'a server that is not there',
      () => ['--server=https://127.0.0.1:1', '--certificate-authority=ca.crt', '--token-file=token'],
      3,
      /The server could not be read/,
    ],
  ];
  for (const [title, flags, expected, message] of refused) {
    it(`refuses ${title}`, async () => {
      const { exitCode, io } = await record(...flags());
      assert.match(io.err, message);
      assert.equal(exitCode, expected);
      assert.equal(io.out, '');
      assert.ok(!io.err.includes(TOKEN));
    });
  }
});
