import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { RequestExplanation } from '../admin/request-explanation.ts';
import type { SurfacingReport, SurfacingVerdict } from '../surfacing/surfacing-report.ts';
import { type Listener, listenPlain } from '../wire/listener.ts';
import { run } from './main.ts';
import { capturedIo } from './testing/captured-io.ts';

interface Canned {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
}

const report = (verdict: SurfacingVerdict): SurfacingReport => ({
  kind: 'SurfacingReport',
  target: { group: 'apps', version: '', resource: '' },
  verdict,
  summary: `apps is ${verdict}.`,
  servers: [],
  versions: [],
  remarks: [],
});
/** Right at the top, and wrong below. */
const UNLIKE = { ...report('surfaced'), versions: [{ version: 1 }] };
const EXPLANATION: RequestExplanation = {
  kind: 'RequestExplanation',
  method: 'GET',
  path: '/version',
  request: null,
  refused: { status: 400, message: 'no' },
  subject: '/version',
  servers: [],
  merged: false,
  preference: '',
  outcomes: [],
  alone: null,
};

describe('commands that read from a running proxy', () => {
  let listener: Listener;
  let canned: Canned;
  const targets: string[] = [];
  before(async () => {
    listener = await listenPlain({
      host: '127.0.0.1',
      port: 0,
      handler(exchange) {
        targets.push(exchange.head.target);
        const { status = 200, type = 'application/json', body } = canned;
        const sink = exchange.respond({ status, fields: ['content-type', type] }, false);
        sink.write(Buffer.from(body));
        sink.end([]);
      },
    });
  });
  after(() => listener.close(0));

  async function mvproxy(args: readonly string[], answer: Canned, program = '/bin/mvproxy') {
    canned = answer;
    targets.length = 0;
    const io = capturedIo();
    const exitCode = await run(['node', program, ...args, `--admin-server=127.0.0.1:${listener.port}`], io);
    return { exitCode, out: io.out, err: io.err };
  }

  for (const [verdict, failOn, expected] of [
    ['surfaced', undefined, 0],
    ['surfaced-with-remarks', undefined, 0],
    ['not-surfaced', undefined, 1],
    ['surfaced', 'remarks', 0],
    ['surfaced-with-remarks', 'remarks', 1],
    ['not-surfaced', 'remarks', 1],
    ['not-surfaced', 'never', 0],
  ] as const) {
    it(`verify ends with ${expected} for ${verdict} with --fail-on ${failOn ?? '(default)'}`, async () => {
      const flags = failOn === undefined ? [] : [`--fail-on=${failOn}`];
      const { exitCode, out, err } = await mvproxy(['verify', 'apps', ...flags], {
        body: JSON.stringify(report(verdict)),
      });
      assert.deepEqual([exitCode, err], [expected, '']);
      assert.match(out, new RegExp(`^apps is ${verdict}\\.\n`));
    });
  }

  it('prints the answer itself for programs', async () => {
    const body = `${JSON.stringify(report('not-surfaced'), undefined, 2)}\n`;
    assert.deepEqual(await mvproxy(['verify', 'apps', '--output=json'], { body }), { exitCode: 1, out: body, err: '' });
    const explanation = `${JSON.stringify(EXPLANATION)}\n`;
    const { exitCode, out } = await mvproxy(['explain', 'GET', '/version', '--output', 'json'], { body: explanation });
    assert.deepEqual([exitCode, out], [0, explanation]);
  });

  it('asks for what was named', async () => {
    const body = JSON.stringify(report('surfaced'));
    for (const [text, asked] of [
      ['example.com/v1/widgets', 'example.com%2Fv1%2Fwidgets'],
      ['', 'core'],
    ] as const) {
      await mvproxy(['verify', text], { body });
      assert.deepEqual(targets, [`/verify?target=${asked}`]);
    }
    await mvproxy(['explain', 'GET', '/api/v1/pods?watch=1&x=%2F', '--server', 'a b'], {
      body: JSON.stringify(EXPLANATION),
    });
    assert.deepEqual(targets, ['/explain?method=GET&path=%2Fapi%2Fv1%2Fpods%3Fwatch%3D1%26x%3D%252F&server=a+b']);
  });

  it('works as a plugin of kubectl', async () => {
    const { exitCode } = await mvproxy(
      ['verify', 'apps'],
      { body: JSON.stringify(report('surfaced')) },
      '/bin/kubectl-mvproxy',
    );
    assert.equal(exitCode, 0);
    const io = capturedIo();
    await run(['node', '/bin/kubectl-mvproxy', 'verify', '--help'], io);
    assert.match(io.out, /^Usage: kubectl mvproxy verify /);
  });

  it('repeats what the proxy says is wrong with the question', async () => {
    const body = JSON.stringify({ error: { code: 'UnknownServer', message: 'There is no server "x".' } });
    const answer = await mvproxy(['explain', 'GET', '/api', '--server=x'], { status: 404, body });
    assert.deepEqual(answer, { exitCode: 2, out: '', err: 'There is no server "x".\n' });
  });

  for (const command of [
    ['status'],
    ['status', '--watch=1'],
    ['skew'],
    ['verify', 'apps'],
    ['explain', 'GET', '/api'],
    ['preflight'],
  ]) {
    it(`${command.join(' ')} says so when the answer is no report of it`, async () => {
      for (const body of ['no json', '', '{}', '[]', 'null', '"text"', '{"kind":"Other"}', JSON.stringify(UNLIKE)]) {
        const { exitCode, out, err } = await mvproxy(command, { body });
        assert.deepEqual([exitCode, out], [3, ''], body);
        assert.match(
          err,
          /^What answers at http:\S+ (does not have|says something else at) \/\w+ .*: --admin-server names/,
        );
      }
    });
  }

  it('takes a report of a newer proxy, which says more', async () => {
    const newer = { ...report('surfaced'), more: [1] };
    const { exitCode, out } = await mvproxy(['verify', 'apps'], { body: JSON.stringify(newer) });
    assert.equal(exitCode, 0);
    assert.match(out, /^apps is surfaced\.\n/);
  });

  it('ends with 3 when the proxy cannot answer at the moment', async () => {
    const body = JSON.stringify({ error: { code: 'NotRead', message: 'No server was read yet.' } });
    const answer = await mvproxy(['skew'], { status: 503, body });
    assert.deepEqual(answer, { exitCode: 3, out: '', err: 'No server was read yet.\n' });
  });

  it('shows control characters of an answer instead of obeying them', async () => {
    const evil = '\u001b]0;title\u0007\u202e\u009b31m\rapps';
    const refused = await mvproxy(['verify', 'apps'], {
      status: 400,
      body: JSON.stringify({ error: { message: evil } }),
    });
    assert.equal(refused.err, '\\u{1b}]0;title\\u{7}\\u{202e}\\u{9b}31m apps\n');
    const shown = await mvproxy(['verify', 'apps'], { body: JSON.stringify({ ...report('surfaced'), summary: evil }) });
    assert.equal(shown.out.split('\n')[0], '\\u{1b}]0;title\\u{7}\\u{202e}\\u{9b}31m apps');
  });

  for (const [title, answer] of [
    ['another program', { status: 404, type: 'text/html', body: '<html>' }],
    ['a page that could not be made', { status: 500, type: 'text/plain', body: 'no' }],
    ['JSON of something else', { status: 404, body: '{"message":"no"}' }],
    ['what only calls itself JSON', { status: 404, body: '<html>' }],
    ['a page of an older version', { status: 404, type: 'text/plain', body: 'Nothing here.' }],
  ] as const) {
    it(`${title} is no answer`, async () => {
      const { exitCode, out, err } = await mvproxy(['verify', 'apps'], answer);
      assert.deepEqual([exitCode, out], [3, '']);
      assert.match(err, new RegExp(`does not have /verify \\(status ${answer.status}\\)`));
    });
  }
});

describe('without a running proxy', () => {
  it('ends with 3 and says where the address is to be found', async () => {
    for (const command of [
      ['verify', 'apps'],
      ['explain', 'GET', '/api'],
    ]) {
      const gone = await listenPlain({ host: '127.0.0.1', port: 0, handler: () => {} });
      await gone.close(0);
      const io = capturedIo();
      const url = `http://127.0.0.1:${gone.port}`;
      assert.equal(await run(['node', 'mvproxy', ...command, `--admin-server=${url}`], io), 3);
      assert.match(
        io.err,
        new RegExp(`^No running proxy answers at ${url} \\(nothing listens there\\)\\. "mvproxy serve" prints`),
      );
      assert.match(io.err, /--admin-server names another address\.\n$/);
    }
  });

  it('says what is in its place', async () => {
    for (const [answer, reason] of [
      ['SSH-2.0-OpenSSH\r\n', 'what listens there does not speak HTTP'],
      ['', 'what listens there hangs up'],
    ] as const) {
      const server = createServer((socket) => socket.end(answer));
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const address = server.address();
      assert.ok(typeof address === 'object' && address !== null);
      const io = capturedIo();
      assert.equal(await run(['node', 'mvproxy', 'status', `--admin-server=127.0.0.1:${address.port}`], io), 3);
      assert.ok(io.err.startsWith(`No running proxy answers at http://127.0.0.1:${address.port} (${reason}).`), io.err);
      server.close();
    }
    const io = capturedIo();
    assert.equal(await run(['node', 'mvproxy', 'status', '--admin-server=127.0.0.1:10080'], io), 3);
    assert.match(io.err, /\(nobody sends HTTP to this port, .* another --admin-port\)/);
  });

  for (const args of [
    ['verify'],
    ['verify', 'a', 'b'],
    ['verify', 'a/b/c/d'],
    ['verify', 'Apps'],
    ['verify', 'apps', '--fail-on=anything'],
    ['verify', 'apps', '--output=yaml'],
    ['verify', 'apps', '--admin-server=https://127.0.0.1:6444'],
    ['verify', 'apps', '--admin-server=http://127.0.0.1:6444/metrics'],
    ['explain', 'GET'],
  ]) {
    it(`"${args.join(' ')}" is wrong usage`, async () => {
      const io = capturedIo();
      assert.equal(await run(['node', 'mvproxy', ...args], io), 2);
      assert.equal(io.out, '');
      assert.notEqual(io.err, '');
    });
  }
});
