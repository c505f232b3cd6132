import assert from 'node:assert/strict';
import { test } from 'node:test';
import { upgradeReport } from './report.ts';
import { htmlReport } from './report-html.ts';
import { markdownReport } from './report-markdown.ts';
import { ABSENT, item, row, SERVED, server, skew, status, unexpected404 } from './testing/facts.ts';
import type { Verdict } from './verdict.ts';

const NOW = Date.parse('2026-03-03T14:00:00Z');
const HOSTILE = '<img src=x onerror=alert(1)>|[x](javascript:alert(1))`*&';
const verdict: Verdict = {
  kind: 'no',
  title: 'No, stop here',
  reasons: [{ text: 'it rains', href: '' }],
  facts: ['1 of 2 servers ready'],
};

function source(text: string) {
  const servers = [server(text, '1.37.2'), server('old', '1.34.4')];
  return {
    verdict,
    now: NOW,
    status: status(servers),
    skew: skew(servers, [
      row('pods', [SERVED, SERVED]),
      row('jobs', [SERVED, ABSENT], { group: 'batch', subresource: 'status', findings: ['OnlyNewerReleases'] }),
    ]),
    unexpected: {
      since: '2026-03-03T12:00:00Z',
      items: [unexpected404({ client: text, count: 3, lastAt: '2026-03-03T13:59:00.5Z' })],
    },
    timeline: {
      since: '2026-03-03T12:00:00Z',
      items: [
        item(2, { at: '2026-03-03T13:00:00Z', text }),
        item(1, { at: '2026-03-03T12:30:00Z', text: 'the first' }),
      ],
    },
  };
}

test('a report has the answer, servers, unexpected 404s, the history from its beginning, and what differs', () => {
  const { facts, tables } = upgradeReport(source('new'));
  assert.deepEqual(facts, [
    'Written 2026-03-03 14:00:00.000 UTC.',
    'Known since 2026-03-03 12:00:00.000 UTC.',
    'Safe to go on? No, stop here.',
    'it rains',
    '1 of 2 servers ready',
  ]);
  const [servers, unexpected, timeline, differences] = tables;
  assert.deepEqual(servers?.rows[0], ['new', '1.37.2', 'ready', 'new.example:6443', '']);
  assert.deepEqual(unexpected?.rows, [
    ['new', 'jobs.v1.batch', 'cp-4', 'reached the client', '3', '2026-03-03 13:59:00.500 UTC', '/apis/batch/v1/jobs'],
  ]);
  assert.deepEqual(
    timeline?.rows.map((cells) => cells[3]),
    ['the first', 'new'],
  );
  assert.deepEqual(differences?.rows, [['jobs/status', 'batch/v1', 'yes', 'no', 'OnlyNewerReleases']]);
});

test('nothing known makes a report that says so', () => {
  const nothing = { verdict, now: NOW, status: undefined, skew: undefined, unexpected: undefined, timeline: undefined };
  const text = markdownReport(upgradeReport(nothing));
  for (const { title, empty } of upgradeReport(nothing).tables) {
    assert.equal(empty, 'Not known: it could not be read.');
    assert.ok(text.includes(`## ${title}\n\n${empty}`), title);
  }
});

test('what was read and has nothing in it is told so', () => {
  const time = '2026-03-03T12:00:00Z';
  const { tables } = upgradeReport({
    verdict,
    now: NOW,
    status: status([]),
    skew: skew([], []),
    unexpected: { since: time, items: [] },
    timeline: { since: time, items: [] },
  });
  const said = tables.map(({ empty }) => empty);
  assert.deepEqual(said, ['No server is known.', 'None.', 'Nothing happened.', 'All servers serve the same.']);
});

test('markup in names stays text in HTML, and the file may run and load nothing', () => {
  const html = htmlReport(upgradeReport(source(HOSTILE)));
  assert.doesNotMatch(html, /<img|<script|<a /);
  assert.match(html, /&lt;img src=x onerror=alert\(1\)&gt;/);
  assert.match(
    html,
    /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">/,
  );
  assert.doesNotMatch(html, /(?:src|href)="/);
});

test('markup in names stays text in Markdown, and a cell stays one', () => {
  const markdown = markdownReport(upgradeReport(source(HOSTILE)));
  assert.doesNotMatch(markdown, /<img|(?<!\\)\[x\]|(?<!\\)`/);
  const linked = markdownReport(upgradeReport(source('https://evil.example www.evil.example')));
  assert.match(linked, /https\\:\/\/evil\.example www\\\.evil\.example/, 'addresses make no links either');
  const line = markdown.split('\n').find((each) => each.includes('13:00:00'));
  assert.equal(line?.split(/(?<!\\)\|/).length, 6, line);
});
