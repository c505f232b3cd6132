import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ShapeFinding } from '../surfacing/shape.ts';
import type { SurfacingReport } from '../surfacing/surfacing-report.ts';
import { type TerminalStyle, terminalStyle } from './terminal-style.ts';
import { capturedIo } from './testing/captured-io.ts';
import { verifyText } from './verify-view.ts';

const is = (state: ShapeFinding['state']): ShapeFinding => ({ state, note: '' });

const REPORT: SurfacingReport = {
  kind: 'SurfacingReport',
  target: { group: 'example.com', version: 'v1', resource: 'widgets' },
  verdict: 'surfaced-with-remarks',
  summary: 'widgets in example.com/v1 is surfaced through the proxy, with one remark.',
  servers: [
    { name: 'old', version: '1.34.4', state: 'ready', condition: '', discoveryAgeSeconds: 1 },
    { name: 'new', version: '', state: 'unready', condition: 'hung', discoveryAgeSeconds: null },
  ],
  versions: [
    {
      version: 'v1',
      verdict: 'surfaced-with-remarks',
      shapes: [
        { shape: 'v2', path: '/apis', servers: { old: is('missing'), new: is('unknown') }, merged: is('listed') },
        {
          shape: 'crd',
          path: 'widgets.example.com',
          servers: { old: is('listed'), new: is('stale') },
          merged: is('not-applicable'),
        },
      ],
    },
  ],
  remarks: [
    {
      code: 'ServerHung',
      servers: ['new'],
      message: 'new does not answer, which is said here in a sentence that is a little longer than one line.',
      remedy: 'Restart it.',
    },
  ],
};

const PLAIN: TerminalStyle = { unicode: false, columns: 60, paint: (text) => text };

test('the report is a verdict, a table and remarks with what to do', () => {
  assert.equal(
    verifyText(REPORT, { ...PLAIN, unicode: true }),
    `widgets in example.com/v1 is surfaced through the proxy,
with one remark.

example.com/v1                                 old     new  PROXY
                                               1.34.4
aggregated v2             /apis                ✗       ?    ✓
CustomResourceDefinition  widgets.example.com  ✓       ~    –

✓ listed   ~ Stale, or not available now   ✗ missing   – there is no such thing here   ? could not be read

Remarks
  ServerHung
    new does not answer, which is said here in a sentence
    that is a little longer than one line.
    → Restart it.
`,
  );
});

test('without UTF-8 it is ASCII', () => {
  const text = verifyText(REPORT, PLAIN);
  assert.match(text, /^[\n\x20-\x7e]*$/);
  assert.match(text, /aggregated v2 +\/apis +NO +\? +yes\n/);
  assert.match(text, /yes +stale +-\n/);
});

test('colours are on a terminal only, and not with NO_COLOR', () => {
  const io = capturedIo({ environment: { LANG: 'de_DE.UTF-8' } });
  const on = (environment: object) =>
    terminalStyle({ stdout: { ...io.stdout, isTTY: true, columns: 200 }, environment });
  assert.ok(verifyText(REPORT, on({})).includes('\u001b[31mNO\u001b[0m'));
  assert.ok(!verifyText(REPORT, on({ NO_COLOR: '1' })).includes('\u001b['));
  assert.ok(!verifyText(REPORT, terminalStyle(io)).includes('\u001b['));
});

test('the locale says whether more than ASCII can be shown, its first variable that is set', () => {
  const unicode = (environment: object) => terminalStyle({ stdout: capturedIo().stdout, environment }).unicode;
  assert.ok(unicode({ LANG: 'C.UTF-8' }));
  assert.ok(unicode({ LC_ALL: 'en_US.utf8', LANG: 'C' }));
  assert.ok(!unicode({ LC_ALL: 'C', LANG: 'C.UTF-8' }));
  assert.ok(!unicode({}));
});

test('twelve servers with long names have room on 80 columns', () => {
  const names = Array.from({ length: 12 }, (_, at) => `apiserver-${at + 1}`.padEnd(60, 'x'));
  const servers = names.map((name) => ({
    name,
    version: '1.37.2',
    state: 'ready',
    condition: '',
    discoveryAgeSeconds: 1,
  }));
  const said = Object.fromEntries(names.map((name, at) => [name, is(at < 11 ? 'listed' : 'missing')]));
  const shapes = [{ shape: 'version', path: '/apis/example.com/v1', servers: said, merged: is('listed') }] as const;
  const versions = [{ version: 'v1', verdict: 'surfaced', shapes }] as const;
  const text = verifyText({ ...REPORT, servers, versions, remarks: [] }, { ...PLAIN, unicode: true, columns: 80 });
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  assert.match(text, new RegExp(`^SERVERS\n {3}1 {2}${names[0]} {2}1\\.37\\.2$`, 'm'));
  assert.match(text, /^example\.com\/v1\nresource list {2}\/apis\/example\.com\/v1\n {2}✓ 1-11, PROXY {3}✗ 12$/m);
});
