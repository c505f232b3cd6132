import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { manPages } from './man-pages.ts';

const pages = manPages('1.2.3');

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** Formats a page; what the program had to say of it. */
function complaints(program: string, args: readonly string[], page: string): string {
  const { stdout, stderr, status } = spawnSync(program, args, { input: page, encoding: 'utf8' });
  return program === 'mandoc' ? `${stdout}${stderr}` : `${stderr}${status === 0 ? '' : `status ${status}`}`;
}

test('every command has a page, and the pages name each other', () => {
  for (const name of ['mvproxy.1', 'mvproxy-serve.1', 'mvproxy-explain.1', 'mvproxy-lab-record.1']) {
    assert.ok(pages.has(name), name);
  }
  assert.match(pages.get('mvproxy.1') ?? '', /[.]BR mvproxy\\-lab \(1\)/);
  assert.match(pages.get('mvproxy-lab-record.1') ?? '', /SEE ALSO\n[.]BR mvproxy\\-lab \(1\)\n$/);
  assert.match(pages.get('mvproxy-serve.1') ?? '', /[.]B \\-\\-config <FILE>\n/);
});

describe('no page is complained about', () => {
  test('by groff', { skip: !isInstalled('groff') && 'groff is not installed' }, () => {
    for (const [name, page] of pages) {
      assert.equal(complaints('groff', ['-man', '-ww', '-Tutf8', '-z'], page), '', name);
    }
  });

  test('by mandoc', { skip: !isInstalled('mandoc') && 'mandoc is not installed' }, () => {
    for (const [name, page] of pages) {
      // A date would make every build another one.
      const said = complaints('mandoc', ['-Tlint', '-Wwarning'], page).replace(/^.*missing date.*\n/, '');
      assert.equal(said, '', name);
    }
  });
});

test('a page reads as it is meant', { skip: !isInstalled('groff') && 'groff is not installed' }, () => {
  const { stdout } = spawnSync('groff', ['-man', '-Tascii', '-P-cbou'], {
    input: pages.get('mvproxy-explain.1') ?? '',
    encoding: 'utf8',
  });
  assert.match(stdout, /mvproxy-explain\s+-\s+Say\s+how\s+a\s+URL\s+is\s+read/);
  assert.match(stdout, /mvproxy explain \[options\] <method> <path>/);
  assert.match(stdout, /--user-agent <TEXT>\n +As\s+for\s+a\s+client/);
  assert.match(stdout, /^ +curl -si -H 'X-Mvproxy-Explain: 1'/m);
});
