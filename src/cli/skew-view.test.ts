import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { discoveryOf, type Listing } from '../discovery/testing/discovery-of.ts';
import { compareServers } from '../skew/compare-servers.ts';
import type { SkewServer } from '../skew/skew-server.ts';
import { hashesOf, skewServer } from '../skew/testing/skew-servers.ts';
import { skewMarkdown } from './skew-markdown.ts';
import { skewText } from './skew-view.ts';
import { shownWidth, type TerminalStyle } from './terminal-style.ts';

const PLAIN: TerminalStyle = { unicode: true, columns: 80, paint: (text) => text };
const COLOURED: TerminalStyle = { ...PLAIN, paint: (text) => `\u001b[32m${text}\u001b[0m` };
const VERBS = ['get'];

const compared = (servers: readonly SkewServer[]) => compareServers(servers, { now: 0, differences: true });

describe('skewText', () => {
  it('has room for twelve servers with long names on 80 columns', () => {
    const nameOf = (at: number) => `apiserver-${String(at).padStart(2, '0')}`.padEnd(60, 'x');
    const listing = (at: number): Listing => ({
      'apps/v1': { deployments: VERBS },
      ...(at % 12 < 7 && { 'batch/v1': { jobs: VERBS, 'jobs/status': VERBS } }),
    });
    const servers = Array.from({ length: 12 }, (_, at) =>
      skewServer(at < 7 ? '1.37.2' : '1.34.4', listing(at), {
        name: nameOf(at),
        storage: {
          hashes: hashesOf({ 'apps/v1': { deployments: at < 9 ? 'one=' : 'two=' }, 'batch/v1': { jobs: 'one=' } }),
          problem: '',
        },
      }),
    );
    for (const style of [PLAIN, COLOURED]) {
      const lines = skewText(compared(servers), style).split('\n');
      for (const line of lines) assert.ok(shownWidth(line) <= style.columns, line);
    }
    const text = skewText(compared(servers), PLAIN);
    assert.match(text, new RegExp(`^ {3}1 {2}${nameOf(0)} {2}1\\.37\\.2$`, 'm'));
    assert.match(text, new RegExp(`^ {2}12 {2}${nameOf(11)} {2}1\\.34\\.4$`, 'm'));
    assert.match(text, /^batch\/v1\n {2}all of it: jobs \+status\n {4}✓ 1-7 {3}✗ 8-12 {3}comes with upgrade$/m);
    assert.match(text, /^ {4}✓ one= 1-9 {3}✓ two= 10-12 {3}stored differently$/m);
  });

  it('breaks what a row means rather than make the table wider than the terminal', () => {
    const servers = ['1.37.2', '1.36.3', '1.34.4'].map((release, at) =>
      skewServer(release, at < 2 ? { 'apps/v1': { deployments: VERBS } } : {}, {
        storage: { hashes: hashesOf({ 'apps/v1': { deployments: `${at}=` } }), problem: '' },
      }),
    );
    const text = skewText(compared(servers), { ...PLAIN, columns: 100 });
    assert.match(text, /^ {2}all of it: deployments .*✓ 0= +✓ 1= +✗ +stored differently,\n +comes with upgrade$/m);
  });

  it('says "all of it" only of everything in a group-version that a server lacks altogether', () => {
    const two = { jobs: VERBS, cronjobs: VERBS };
    const partly = compared([
      skewServer('1.37.2', { 'batch/v1': two }),
      skewServer('1.36.3', { 'batch/v1': { jobs: VERBS } }),
      skewServer('1.34.4', {}),
    ]);
    assert.doesNotMatch(skewText(partly, PLAIN), /all of it/);
    const stale = compared([
      skewServer('1.37.2', discoveryOf({ 'batch/v1': two }, ['batch/v1'])),
      skewServer('1.36.3', { 'batch/v1': { jobs: VERBS } }),
    ]);
    assert.doesNotMatch(skewText(stale, PLAIN), /all of it/);
    const allStale = compared(
      ['1.37.2', '1.36.3'].map((release) => skewServer(release, discoveryOf({ 'batch/v1': two }, ['batch/v1']))),
    );
    assert.match(skewText(allStale, PLAIN), /^ {2}cronjobs, jobs /m);
    const whole = compared([skewServer('1.37.2', { 'batch/v1': two }), skewServer('1.36.3', {})]);
    assert.match(skewText(whole, PLAIN), /^ {2}all of it: cronjobs, jobs /m);
  });
});

describe('skewMarkdown', () => {
  it('takes nothing that a server chose for markup', () => {
    const evil = 'a|b`c` <img src=x> [x](evil) **b** ~~s~~ &lt;';
    const listing = { [`${evil}/v1`]: { [evil]: VERBS } };
    const stores = (hash: string) => ({
      storage: { hashes: hashesOf({ [`${evil}/v1`]: { [evil]: hash } }), problem: '' },
    });
    const text = skewMarkdown(
      compared([
        skewServer('1.37.2', listing, { name: evil, ready: false, condition: evil, ...stores(evil) }),
        skewServer('1.34.4', {}, { name: `${evil}2` }),
        skewServer('1.34.3', listing, stores('other=')),
      ]),
    );
    const unescaped = text.replace(/\\[!-/:-@[-`{-~]/g, '');
    assert.doesNotMatch(unescaped, /<img|\[x\]|\*\*b|~~|&lt;|`c`/);
    const rows = text.split('\n').filter((line) => line.startsWith('| '));
    assert.equal(rows.length, 3);
    assert.deepEqual(
      rows.map((row) => row.replace(/\\\|/g, '').split('|').length),
      rows.map(() => 8),
    );
  });
});
