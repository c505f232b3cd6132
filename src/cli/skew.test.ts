import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertGolden } from '../../test/support/golden.ts';
import { skewReport } from '../reports/skew-report.ts';
import type { SkewReport } from '../skew/skew-report.ts';
import { run } from './main.ts';
import { capturedIo } from './testing/captured-io.ts';

const RECORDED = '--recorded=1.34.4,1.36.3,1.37.2';

async function skew(...flags: readonly string[]) {
  const io = capturedIo({ environment: { LANG: 'C.UTF-8' }, directory: import.meta.dirname });
  const exitCode = await run(['node', 'mvproxy', 'skew', ...flags], io);
  return { exitCode, out: io.out, err: io.err };
}

async function report(...flags: readonly string[]): Promise<SkewReport> {
  const { exitCode, out, err } = await skew('--output=json', ...flags);
  assert.deepEqual([exitCode, err], [0, '']);
  const value: SkewReport = JSON.parse(out);
  assert.deepEqual(skewReport.schema.parse(value), value);
  return value;
}

describe('mvproxy skew of recordings', () => {
  for (const [name, flags] of [
    ['skew', []],
    ['skew-storage', ['--storage']],
    ['skew-all-of-a-group', ['--all', '--group=resource.k8s.io', '--storage']],
    ['skew-markdown', ['--output=markdown', '--storage']],
  ] as const) {
    it(`prints what test/golden/${name}.txt has`, async () => {
      const { exitCode, out, err } = await skew(RECORDED, ...flags);
      assert.deepEqual([exitCode, err], [0, '']);
      await assertGolden(name, out);
    });
  }

  it('prints JSON that its schema describes', async () => {
    const { generatedAt, ...rest } = await report(RECORDED, '--storage');
    assert.ok(Math.abs(Date.parse(generatedAt) - Date.now()) < 60_000);
    await assertGolden('skew-json', `${JSON.stringify(rest, undefined, 2)}\n`);
    assert.equal((await report(RECORDED, '--all')).rows.length, rest.summary.rows);
    assert.equal((await report(RECORDED)).storage, null);
  });

  it('fits on a screen', async () => {
    for (const flags of [[], ['--storage']]) {
      const { out } = await skew('--recorded=1.34,1.37', ...flags);
      const lines = out.trimEnd().split('\n');
      assert.ok(lines.length <= 40, `${lines.length} lines`);
      for (const line of lines) assert.ok(line.length <= 100, line);
      assert.match(lines.at(-1) ?? '', /^→ /, 'the last line says what to do');
    }
  });

  it('makes a page that needs nothing else, and in which names are text', async () => {
    const { out } = await skew(RECORDED, '--output=html', '--storage');
    assert.match(out, /^<!doctype html>/);
    assert.match(out, /prefers-color-scheme:dark/);
    assert.doesNotMatch(out, /<script|<link|<img|src=|href=|url\(/);
    assert.match(out, /<th scope="rowgroup" colspan="5"><code>resource\.k8s\.io\/v1<\/code><\/th>/);
    assert.match(out, /does not serve it/);
    assert.match(out, /✓<\/span><span class="hidden">serves it<\/span> v1beta2/);
    assert.match(out, /Storage migration is not safe yet/);
  });

  it('says so when servers are the same', async () => {
    const { exitCode, out } = await skew('--recorded=1.36,1.37', '--group=apps', '--fail-on=info');
    assert.equal(exitCode, 0);
    assert.match(out, /^12 resources and subresources on 2 servers: all the same\.\n\n→ Nothing to do\./);
    const stored = await skew('--recorded=1.36,1.37', '--group=apps', '--storage', '--fail-on=info');
    assert.equal(stored.exitCode, 0);
    assert.match(
      stored.out,
      /storage migration is safe\.\n\n→ Nothing to do: the servers serve and store the same\.\n$/,
    );
  });

  for (const [flags, expected] of [
    [['--fail-on=never'], 0],
    [['--fail-on=info'], 1],
    [['--fail-on=warning'], 0],
    [['--fail-on=warning', '--storage'], 1],
    [['--fail-on=error', '--storage'], 0],
    [['--fail-on=StorageVersionDiffers', '--storage'], 1],
    [['--fail-on=StorageVersionUnknown,ScopeConflict', '--storage'], 0],
    [['--fail-on=OnlyOlderReleases,OnlyNewerReleases'], 1],
    [['--fail-on=OnlyOlderReleases'], 0],
  ] as const) {
    it(`ends with ${expected} for ${flags.join(' ')}`, async () => {
      assert.equal((await skew(RECORDED, ...flags)).exitCode, expected);
    });
  }

  for (const [flags, message] of [
    [
      ['--recorded=1.34'],
      /^There is nothing to compare 1\.34\.4 with; name another server: --recorded 1\.34\.4,OTHER\./,
    ],
    [
      ['--recorded=1.34,1.35'],
      /^There is no recording of Kubernetes 1\.35; there are 1\.34\.4, 1\.36\.3, 1\.37\.2\. Give/,
    ],
    [['--recorded=1.34,./nowhere'], /nowhere is not a recording\. Give the directory/],
    [['--recorded=1.34,1.34.4'], /^Two of the servers are called "1\.34\.4"; name each once\.$/m],
    [['--recorded=1.34,,1.36'], /Separate the items by one comma each/],
    [[RECORDED, '--group=app'], /^No server that was read serves the group "app"\. Did you mean apps\?/],
    [[RECORDED, '--group=apps/v1'], /must be the name of an API group alone/],
    [
      [RECORDED, '--fail-on=warnin'],
      /"warnin" is no finding\. Did you mean warning\? There are error, warning, info, never/,
    ],
    [[RECORDED, '--fail-on=StorageVersionDiffer'], /Did you mean StorageVersionDiffers\?/],
    [[RECORDED, '--fail-on=StorageVersionDiffers'], /^--fail-on StorageVersionDiffers needs --storage: otherwise/],
    [[RECORDED, '--fail-on=StorageVersionUnknown,Stale'], /^--fail-on StorageVersionUnknown needs --storage/],
    [[RECORDED, '--output=yaml'], /Allowed choices are text, json, markdown, html/],
    [[RECORDED, '--admin-server=127.0.0.1:1'], /cannot be used with option '--admin-server/],
    [[RECORDED, '--kubeconfig=some'], /^--kubeconfig needs --context: name the contexts/],
    [['--kubeconfig=some'], /^--kubeconfig needs --context: name the contexts/],
    [
      ['--context=a,b', '--kubeconfig=nowhere.yaml'],
      /^The context "a" cannot be used:\n.*nowhere\.yaml does not exist; check the path/,
    ],
  ] as const) {
    it(`"${flags.join(' ')}" is wrong usage`, async () => {
      const { exitCode, out, err } = await skew(...flags);
      assert.deepEqual([exitCode, out], [2, '']);
      assert.match(err, message);
    });
  }
});

describe('mvproxy explain of recordings', () => {
  async function explain(...args: readonly string[]) {
    const io = capturedIo({ environment: { LANG: 'C.UTF-8' } });
    const exitCode = await run(['node', 'mvproxy', 'explain', ...args, RECORDED], io);
    return { exitCode, out: io.out, err: io.err };
  }

  it('prints what test/golden/explain-recorded.txt has', async () => {
    const path = '/apis/certificates.k8s.io/v1/clustertrustbundles';
    const { exitCode, out, err } = await explain('GET', path, '--server=1.34.4');
    assert.deepEqual([exitCode, err], [0, '']);
    await assertGolden('explain-recorded', out);
  });

  for (const [args, message] of [
    [['GET', 'apis'], /^The path must begin with "\/", as in \/api\/v1\/pods: apis$/m],
    [['', '/api'], /^The method must be one of HTTP, such as GET or POST: $/m],
    [['GE T', '/api'], /^The method must be one of HTTP, such as GET or POST: GE T$/m],
    [['GET', '/openapi/v3'], /OpenAPI is not among the documents .* Ask a running proxy: leave out/],
    [['GET', '/api', '--server=new'], /^There is no server "new"\. The servers are: 1\.37\.2, 1\.36\.3, 1\.34\.4\.$/m],
  ] as const) {
    it(`"${args.join(' ')}" cannot be answered, and it says why`, async () => {
      const { exitCode, out, err } = await explain(...args);
      assert.deepEqual([exitCode, out], [2, '']);
      assert.match(err, message);
    });
  }
});
