import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { TestCa } from '../../test/support/certificates.ts';
import { type TemporaryFiles, temporaryFiles } from '../config/testing/temporary-files.ts';
import { type Listener, listenPlain } from '../wire/listener.ts';
import { run } from './main.ts';
import { capturedIo } from './testing/captured-io.ts';

type Case = readonly [args: readonly string[], exitCode: 2 | 3, says: RegExp];

const COMMANDS = {
  explain: ['explain', 'GET', '/api/v1/pods'],
  skew: ['skew'],
  verify: ['verify', 'apps'],
  preflight: ['preflight'],
  status: ['status'],
} as const;

/** Whatever a command reads from. */
const EVERYWHERE: readonly Case[] = [
  [['--nowhere'], 2, /unknown option '--nowhere'\nRun "mvproxy \w+ --help"/],
  [['--admin-serve=a'], 2, /Did you mean --admin-server\?/],
  [['--output'], 2, /option '--output <FORMAT>' argument missing/],
  [['--output=yaml'], 2, /argument 'yaml' is invalid\. Allowed choices are text, json/],
  [['--admin-server=ftp://a'], 2, /It must be like http:\/\/127\.0\.0\.1:6444/],
  [['--admin-server=127.0.0.1:99999'], 2, /It must be like http:\/\/127\.0\.0\.1:6444/],
  [['one', 'too', 'many'], 2, /too many arguments for '\w+'\. Expected \d/],
  [
    ['--admin-server=GONE'],
    3,
    /^No running proxy answers at http:\S+ \(nothing listens there\)\. .* --admin-server names/,
  ],
  [
    ['--admin-server=OTHER'],
    3,
    /^What answers at http:\S+ says something else at .* It is no admin listener of mvproxy/,
  ],
];

/** Of commands that take contexts and recordings. */
const SOURCES: readonly Case[] = [
  [['--context=a'], 2, /^The context "a" cannot be used:\n.*nowhere does not exist; check the path$/m],
  [['--context=a', '--kubeconfig=.'], 2, /is a directory; name the file in it$/m],
  [['--context=a', '--kubeconfig=not.yaml'], 2, /not\.yaml:1:\d+: is not valid YAML: /],
  [
    ['--context=a', '--kubeconfig=pod.yaml'],
    2,
    /pod\.yaml:2:7: kind: is not a kubeconfig: its kind is "Pod", not Config/,
  ],
  [['--context=a', '--kubeconfig=empty.yaml'], 2, /has no context "a", and no other one$/m],
  [['--context=x', '--kubeconfig=config'], 2, /has no context "x", only plugin, dangling, cut, refused; name one/],
  [
    ['--context=plugin', '--kubeconfig=config'],
    2,
    /users\[0\]\.user\.exec: runs a credential plug-in, which .* a token$/m,
  ],
  [['--context=dangling', '--kubeconfig=config'], 2, /needs the cluster "x", which is not in the file$/m],
  [['--context=cut', '--kubeconfig=config'], 2, /certificate-authority-data: contains no certificate in PEM form/],
  [
    ['--context=refused', '--kubeconfig=config'],
    3,
    /^The API server of the context "refused", https:\S+, cannot be read: nothing listens there; check/,
  ],
  [['--context='], 2, /Separate the items by one comma each\./],
  [
    ['--kubeconfig=config'],
    2,
    /^--kubeconfig needs --context: name the contexts of its API servers, --context NAME,NAME\.$/m,
  ],
  [['--recorded=1.36', '--kubeconfig=config'], 2, /^--kubeconfig needs --context: /],
  [
    ['--recorded=1.34,1.99'],
    2,
    /^There is no recording of Kubernetes 1\.99; there are 1\.34\.4, 1\.36\.3, 1\.37\.2\. Give one of these/,
  ],
  [
    ['--recorded=1.34,./nowhere'],
    2,
    /nowhere is not a recording\. Give the directory that "mvproxy lab record" wrote\.$/m,
  ],
  [['--recorded=1.34,1.34'], 2, /^Two of the servers are called "1\.34\.4"; name each once\.$/m],
  [['--context=a', '--admin-server=127.0.0.1:1'], 2, /'--context <NAMES>' cannot be used with option '--admin-server/],
  [
    ['--recorded=1.34', '--admin-server=127.0.0.1:1'],
    2,
    /'--recorded <LIST>' cannot be used with option '--admin-server/,
  ],
  [
    ['--kubeconfig=a', '--admin-server=127.0.0.1:1'],
    2,
    /'--kubeconfig <FILE>' cannot be used with option '--admin-server/,
  ],
];

/** Whole command lines. */
const OWN: readonly Case[] = [
  [['explain'], 2, /missing required argument 'method'/],
  [['explain', 'GET'], 2, /missing required argument 'path'/],
  [['explain', 'GET', 'pods'], 2, /^The path must begin with "\/", as in \/api\/v1\/pods: pods$/m],
  [['explain', '/api', 'GET'], 2, /^The method must be one of HTTP, such as GET or POST: \/api$/m],
  [
    ['explain', 'GET', '/api', '--recorded=1.34', '--server=a'],
    2,
    /^There is no server "a"\. The servers are: 1\.34\.4\.$/m,
  ],
  [['skew', '--group=apps/v1'], 2, /must be the name of an API group alone, such as apps or resource\.k8s\.io/],
  [['skew', '--group='], 2, /must be the name of an API group alone, .* core is the core group/],
  [['skew', '--group'], 2, /option '--group <GROUP>' argument missing/],
  [['skew', '--recorded=1.34,1.37', '--group=app'], 2, /^No server .* serves the group "app"\. Did you mean apps\?/],
  [['skew', '--recorded=1.34'], 2, /^There is nothing to compare 1\.34\.4 with; name another server/],
  [['skew', '--fail-on=warnin'], 2, /"warnin" is no finding\. Did you mean warning\?/],
  [['verify'], 2, /missing required argument 'target'/],
  [['verify', 'a/b/c/d'], 2, /^"a\/b\/c\/d" has more than three parts\. Name a GROUP, GROUP\/VERSION or/],
  [['verify', 'Apps'], 2, /^"Apps" cannot be the name of a group, version or resource\. Name a GROUP/],
  [
    ['verify', 'apps', '--recorded=1.34'],
    2,
    /which a recording does not hold\. Ask API servers \(--context\) or a running proxy/,
  ],
  [['verify', 'apps', '--fail-on=a'], 2, /Allowed choices are not-surfaced, remarks, never/],
  [['status', '--watch=0'], 2, /It must be a number of seconds from 0\.2 to 3600/],
  [['status', '--fail-on=a'], 2, /There is no finding "a"\. There are unready, stale, unexpected-404/],
  [
    ['preflight', '--config=a', '--admin-server=127.0.0.1:1'],
    2,
    /'--config <FILE>' cannot be used with option '--admin-server/,
  ],
  [
    ['skew', '--context=a', '--admin-client-key=b'],
    2,
    /'--context <NAMES>' cannot be used with option '--admin-client-key/,
  ],
  [['preflight', '--fail-on=a'], 2, /Allowed choices are fail, warn, never/],
  [
    ['preflight', '--config=nowhere', '--to=./nowhere'],
    2,
    /version\.json is missing, so \S+ is not a recording\. Give/,
  ],
  [['preflight', '--config=nowhere', '--to=1.99'], 2, /^There is no recording of Kubernetes 1\.99; there are/],
];

describe('wrong input', () => {
  let files: TemporaryFiles;
  let other: Listener;
  let gone = '';
  before(async () => {
    const closed = await listenPlain({ host: '127.0.0.1', port: 0, handler: () => {} });
    gone = `127.0.0.1:${closed.port}`;
    await closed.close(0);
    other = await listenPlain({
      host: '127.0.0.1',
      port: 0,
      handler: (exchange) => {
        const sink = exchange.respond({ status: 200, fields: ['content-type', 'application/json'] }, false);
        sink.write(Buffer.from('{"status":"ok"}'));
        sink.end([]);
      },
    });
    const { cert } = await TestCa.create('ca');
    const authority = (text: string) => ({ 'certificate-authority-data': Buffer.from(text).toString('base64') });
    const server = `https://${gone}`;
    files = await temporaryFiles({
      'not.yaml': '}{',
      'pod.yaml': 'apiVersion: v1\nkind: Pod\n',
      'empty.yaml': '',
      config: stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          { name: 'c', cluster: { server, ...authority(cert) } },
          { name: 'cut', cluster: { server, ...authority(cert.slice(0, 90)) } },
        ],
        users: [
          { name: 'plugin', user: { exec: { command: 'aws' } } },
          { name: 'u', user: { token: 'x' } },
        ],
        contexts: [
          { name: 'plugin', context: { cluster: 'c', user: 'plugin' } },
          { name: 'dangling', context: { cluster: 'x', user: 'u' } },
          { name: 'cut', context: { cluster: 'cut', user: 'u' } },
          { name: 'refused', context: { cluster: 'c', user: 'u' } },
        ],
      }),
    });
  });
  after(async () => {
    await other.close(0);
    await files[Symbol.asyncDispose]();
  });

  const refuses = async ([args, expected, says]: Case) => {
    const { directory } = files;
    const io = capturedIo({ directory, environment: { LANG: 'C.UTF-8', KUBECONFIG: `${directory}/nowhere` } });
    const words = args.map((arg) => arg.replace('GONE', gone).replace('OTHER', `127.0.0.1:${other.port}`));
    const exitCode = await run(['node', 'mvproxy', ...words], io);
    assert.deepEqual([exitCode, io.out], [expected, ''], io.err);
    assert.match(io.err, says);
    assert.doesNotMatch(io.err, /\n +at |undefined|\[object/);
  };

  for (const [name, command] of Object.entries(COMMANDS)) {
    const cases = [...EVERYWHERE, ...(['explain', 'skew', 'verify'].includes(name) ? SOURCES : [])];
    for (const [args, exitCode, says] of cases) {
      it(`${command.join(' ')} ${args.join(' ')}`, () => refuses([[...command, ...args], exitCode, says]));
    }
  }
  for (const each of OWN) it(each[0].join(' '), () => refuses(each));
});
