import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertGolden } from '../../test/support/golden.ts';
import type { StatusReport } from '../admin/status-report.ts';
import { statusReportSchema } from '../reports/status-report.ts';
import { type Listener, listenPlain } from '../wire/listener.ts';
import { run } from './main.ts';
import { STATUS_FINDINGS, type StatusFindingCode, statusFindings } from './status-findings.ts';
import { statusText } from './status-view.ts';
import { capturedIo } from './testing/captured-io.ts';
import { serverStatus, statusReportOf, troubledStatus } from './testing/status-reports.ts';

const PLAIN = { unicode: true, columns: 100, paint: (text: string) => text };

describe('the status for people', () => {
  it('is the servers and what became of requests', () => assertGolden('status', statusText(statusReportOf(), PLAIN)));

  it('says what to look at, and what to do', () =>
    assertGolden('status-troubled', statusText(troubledStatus(), PLAIN)));

  it('says of which worker the counts are, and where those of the others', () => {
    const text = statusText(statusReportOf({ otherWorkers: ['http://127.0.0.1:6445', 'http://[::1]:6446'] }), PLAIN);
    assert.match(text, /one worker of 3; each counts the requests of its own connections/);
    assert.match(text, /^ {2}mvproxy status --admin-server=http:\/\/127\.0\.0\.1:6445$/m);
    assert.match(text, /^ {2}mvproxy status --admin-server=http:\/\/\[::1\]:6446$/m);
  });

  it('colours what is not as it should be, and keeps columns aligned', () => {
    const painted = statusText(troubledStatus(), { ...PLAIN, paint: (text, colour) => `<${colour}>${text}</>` });
    assert.match(painted, /<red>not ready<\/>/);
    assert.match(painted, /<yellow>server-local view<\/>/);
    assert.match(painted, /<red>75s ago<\/>/);
    assert.match(painted, /<red>unready<\/>/);
  });
});

describe('findings', () => {
  const codes = (report: StatusReport) => statusFindings(report).map(({ code }) => code);

  it('are none where all is well', () => assert.deepEqual(statusFindings(statusReportOf()), []));

  it('are all there are in trouble, but for reading what nobody merges', () => {
    const expected = Object.keys(STATUS_FINDINGS).filter((code) => code !== 'stale');
    assert.deepEqual([...new Set(codes(troubledStatus()))].sort(), expected.sort());
  });

  it('are about old tables only where discovery is merged', () => {
    assert.deepEqual(codes(statusReportOf({ servers: [serverStatus({ discoveryAgeSeconds: 10.1 })] })), ['stale']);
    assert.deepEqual(codes(statusReportOf({ servers: [serverStatus({ discoveryAgeSeconds: 9.9 })] })), []);
  });

  it('leave out what no client saw', () => {
    const { decisions } = statusReportOf();
    const unexpected404s = { retried: 9, unavailable: 9, relayed: 0 };
    assert.deepEqual(codes(statusReportOf({ decisions: { ...decisions, unexpected404s } })), []);
  });
});

describe('mvproxy status', () => {
  let listener: Listener;
  let reports: StatusReport[];
  before(async () => {
    listener = await listenPlain({
      host: '127.0.0.1',
      port: 0,
      handler(exchange) {
        const [report] = reports.length > 1 ? reports.splice(0, 1) : reports;
        const sink = exchange.respond({ status: 200, fields: ['content-type', 'application/json'] }, false);
        sink.write(Buffer.from(`${JSON.stringify(report, undefined, 2)}\n`));
        sink.end([]);
      },
    });
  });
  after(() => listener.close(0));

  async function status(answers: StatusReport[], ...args: string[]) {
    reports = answers;
    const io = capturedIo();
    const exitCode = await run(['node', 'mvproxy', 'status', ...args, `--admin-server=127.0.0.1:${listener.port}`], io);
    return { exitCode, out: io.out, err: io.err };
  }

  it('prints the page itself for programs, which its schema describes', async () => {
    const { out } = await status([troubledStatus()], '--output=json');
    assert.equal(out, `${JSON.stringify(troubledStatus(), undefined, 2)}\n`);
    statusReportSchema.schema.parse(JSON.parse(out));
  });

  for (const [flag, expected] of [
    [[], 0],
    [['--fail-on=never'], 0],
    [['--fail-on=any'], 1],
    [['--fail-on=conflict,unexpected-404'], 1],
    [['--fail-on=stale'], 0],
  ] as const) {
    it(`ends with ${expected} in trouble with ${flag.join('') || 'no flag'}`, async () => {
      assert.equal((await status([troubledStatus()], ...flag)).exitCode, expected);
      assert.equal((await status([statusReportOf()], ...flag)).exitCode, 0, 'and with 0 where all is well');
    });
  }

  it('watches until there is a finding, a line each where there is no terminal', async () => {
    const answers = [statusReportOf(), statusReportOf(), troubledStatus()];
    const { exitCode, out } = await status(answers, '--watch=0.2', '--fail-on=unready');
    assert.equal(exitCode, 1);
    const lines = out.trimEnd().split('\n');
    assert.equal(lines.length, 3);
    assert.match(lines[0] ?? '', /^\S+Z ready merged a=1\.37\.2\/ready requests=12345 false-404s-prevented=302 /);
    assert.match(lines[2] ?? '', / not-ready server-local a=1\.37\.2\/ready b=\?\/unready c=1\.36\.3\/ready /);
  });

  it('watches as JSON lines', async () => {
    const { out } = await status([statusReportOf(), troubledStatus()], '--watch=0.2', '--fail-on=any', '--output=json');
    const kinds = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).kind);
    assert.deepEqual(kinds, ['ProxyStatus', 'ProxyStatus']);
  });

  it('ends a watch without a proxy at once, and with 3', async () => {
    const gone = await listenPlain({ host: '127.0.0.1', port: 0, handler: () => {} });
    await gone.close(0);
    const io = capturedIo();
    const args = ['status', '--watch', `--admin-server=127.0.0.1:${gone.port}`];
    assert.equal(await run(['node', 'mvproxy', ...args], io), 3);
    assert.match(io.err, /^No running proxy answers/);
  });

  for (const args of [['--fail-on=nothing'], ['--fail-on='], ['--watch=0'], ['--watch=soon'], ['extra']]) {
    it(`"${args.join(' ')}" is wrong usage`, async () => {
      const { exitCode, out, err } = await status([statusReportOf()], ...args);
      assert.deepEqual([exitCode, out], [2, '']);
      assert.notEqual(err, '');
    });
  }

  it('names every finding in its help', async () => {
    const { out } = await status([statusReportOf()], '--help');
    const all: StatusFindingCode[] = Object.keys(STATUS_FINDINGS) as StatusFindingCode[];
    for (const code of all) assert.ok(out.includes(`  ${code} `), code);
  });
});
