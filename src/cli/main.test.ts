import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Issued, TestCa } from '../../test/support/certificates.ts';
import { configurationFields } from '../config/fields.ts';
import { type TemporaryFiles, temporaryFiles } from '../config/testing/temporary-files.ts';
import { run } from './main.ts';
import { type CapturedIo, capturedIo } from './testing/captured-io.ts';

function noDaemon(): never {
  assert.fail('the daemon was started');
}

async function mvproxy(args: readonly string[], io: CapturedIo = capturedIo(), program = '/usr/bin/mvproxy') {
  const exitCode = await run(['/usr/bin/node', program, ...args], io, noDaemon);
  return { exitCode, out: io.out, err: io.err };
}

describe('mvproxy', () => {
  it('shows help on request, on standard output', async () => {
    for (const args of [['help'], ['--help'], ['-h']]) {
      const { exitCode, out, err } = await mvproxy(args);
      assert.equal(exitCode, 0);
      assert.match(out, /^Usage: mvproxy .*serve.*version/s);
      assert.equal(err, '');
    }
  });

  it('shows help on standard error when no command is given', async () => {
    const { exitCode, out, err } = await mvproxy([]);
    assert.equal(exitCode, 2);
    assert.equal(out, '');
    assert.match(err, /^Usage: mvproxy /);
  });

  it('calls itself a kubectl plugin when it is one', async () => {
    const { out } = await mvproxy(['help'], capturedIo(), '/usr/local/bin/kubectl-mvproxy');
    assert.match(out, /^Usage: kubectl mvproxy /);
  });

  it('prints its version', async () => {
    for (const args of [['version'], ['--version']]) {
      const { exitCode, out } = await mvproxy(args);
      assert.equal(exitCode, 0);
      assert.match(out, /^mvproxy \d+\.\d+\.\d+\S* \(node v\d/);
    }
  });

  it('answers unknown commands and flags with the nearest one', async () => {
    const command = await mvproxy(['serv']);
    assert.equal(command.exitCode, 2);
    assert.match(command.err, /unknown command 'serv'\n\(Did you mean serve\?\)\nRun "mvproxy help"/);
    const flag = await mvproxy(['serve', '--secur-port', '1']);
    assert.equal(flag.exitCode, 2);
    assert.match(
      flag.err,
      /unknown option '--secur-port'\n\(Did you mean --secure-port\?\)\nRun "mvproxy serve --help"/,
    );
  });

  it('refuses arguments and values it does not understand', async () => {
    for (const args of [['extra'], ['--config'], ['--config=a', '--config=b']]) {
      const { exitCode, out, err } = await mvproxy(['serve', ...args]);
      assert.equal(exitCode, 2, args.join(' '));
      assert.equal(out, '');
      assert.match(err, /^error: /);
    }
  });
});

describe('mvproxy serve --help', () => {
  it('shows every flag with its default, in the groups of the configuration file', async () => {
    const { out } = await mvproxy(['serve', '--help']);
    const text = out.replace(/\s+/g, ' ');
    for (const { flag, section, defaultValue } of configurationFields) {
      if (flag === undefined) continue;
      assert.ok(text.includes(`--${flag} `), flag);
      assert.ok(section !== undefined && out.includes(`\n${section}:\n`), `${flag} has no group`);
      if (typeof defaultValue === 'number' || typeof defaultValue === 'boolean') {
        assert.ok(text.includes(`(default ${defaultValue}).`), flag);
      }
    }
    assert.doesNotMatch(text, /preset/);
  });
});

describe('mvproxy serve --check-config', () => {
  let ca: TestCa;
  let pair: Issued;
  before(async () => {
    ca = await TestCa.create('ca');
    pair = await ca.issue({ commonName: 'proxy' });
  });

  const files = (more: Readonly<Record<string, string>> = {}): Promise<TemporaryFiles> =>
    temporaryFiles({ 'tls.crt': pair.cert, 'tls.key': pair.key, 'ca.crt': ca.cert, ...more });
  const FLAGS = ['--tls-cert-file=tls.crt', '--tls-private-key-file=tls.key', '--server=a=https://10.0.0.1:6443'];

  it('accepts flags in every spelling and starts nothing', async () => {
    await using temporary = await files({ 'c.yaml': HEADER });
    const spellings = [
      ['-v', '4'],
      ['--v=4', '--admin-enabled=false'],
      ['--admin-enabled', '--config', 'c.yaml'],
      ['--server=b=https://10.0.0.2', '--peer-ca-file', 'ca.crt'],
      ['--requestheader-allowed-names=a,b', '--requestheader-allowed-names=c', '--requestheader-client-ca-file=ca.crt'],
    ];
    for (const more of spellings) {
      const io = capturedIo({ directory: temporary.directory });
      assert.deepEqual(
        await mvproxy(['serve', '--check-config', ...FLAGS, ...more], io),
        { exitCode: 0, out: 'The configuration is valid.\n', err: '' },
        more.join(' '),
      );
    }
  });

  it('exits with 2 and shows all problems of file and flags', async () => {
    await using temporary = await files({ 'c.yaml': `${HEADER}servin: {}\n` });
    const { directory } = temporary;
    const { exitCode, out, err } = await mvproxy(
      ['serve', '--check-config', '--config=c.yaml', '--secure-port=x', ...FLAGS.slice(0, 2)],
      capturedIo({ directory }),
    );
    assert.equal(exitCode, 2);
    assert.equal(out, '');
    assert.deepEqual(
      err.split('\n').map((line) => line.replaceAll(`${directory}/`, '').slice(0, 66)),
      [
        'The configuration has 3 problems and is not used:',
        '  c.yaml:1:1: servers: names no API server, so there is nothing to',
        '  c.yaml:3:1: servin: is not a known key; did you mean serving?',
        '  --secure-port: must be a number, not "x"',
        '',
      ],
    );
  });

  it('looks into certificates and the kubeconfig', async () => {
    await using temporary = await files({ kubeconfig: '{}', 'expired.crt': '' });
    const io = () => capturedIo({ directory: temporary.directory });
    const certificate = await mvproxy(['serve', '--check-config', ...FLAGS, '--client-ca-file=gone'], io());
    assert.equal(certificate.exitCode, 2);
    assert.match(certificate.err, /authentication\.clientCAFile \(--client-ca-file\): .*gone does not exist/);
    const kubeconfig = await mvproxy(['serve', '--check-config', ...FLAGS, '--kubeconfig=kubeconfig'], io());
    assert.equal(kubeconfig.exitCode, 2);
    assert.match(kubeconfig.err, /kubeconfig:1:1: current-context: is required/);
  });

  it('warns about an expired certificate and accepts it', async () => {
    const expired = await ca.issue({ commonName: 'late', notAfter: new Date(Date.now() - 1000) });
    await using temporary = await files({ 'tls.crt': expired.cert, 'tls.key': expired.key });
    const { exitCode, out, err } = await mvproxy(
      ['serve', '--check-config', ...FLAGS],
      capturedIo({ directory: temporary.directory }),
    );
    assert.equal(exitCode, 0);
    assert.equal(out, 'The configuration is valid.\n');
    assert.match(err, /^warning: In .*tls\.crt the certificate CN=late expired on /);
  });
});

const HEADER = 'apiVersion: config.mixed-version-proxy.io/v1alpha1\nkind: MixedVersionProxyConfiguration\n';
