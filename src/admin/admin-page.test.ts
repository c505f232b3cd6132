import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdminPage, findPage } from './admin-page.ts';

const page = (path: string): AdminPage => ({
  path,
  answer: () => ({ status: 200, contentType: 'text/plain', body: path }),
});
const PAGES = [page('/verify'), page('/servers/NAME/discovery')];

for (const [path, expected] of [
  ['/verify', { path: '/verify', names: [] }],
  ['/servers/a/discovery', { path: '/servers/NAME/discovery', names: ['a'] }],
  ['/servers/a%2Fb%20c/discovery', { path: '/servers/NAME/discovery', names: ['a/b c'] }],
  ['/servers/verify/discovery', { path: '/servers/NAME/discovery', names: ['verify'] }],
  ['/servers//discovery', undefined],
  ['/servers/%zz/discovery', undefined],
  ['/servers/a/b/discovery', undefined],
  ['/verify/', undefined],
  ['/Verify', undefined],
] as const) {
  test(`${path} is ${expected === undefined ? 'no page' : `${expected.path} of [${expected.names}]`}`, () => {
    const found = findPage(PAGES, path);
    assert.deepEqual(found && { path: found.page.path, names: found.names }, expected);
  });
}
