import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { configurationFields } from '../../src/config/fields.ts';
import { loadConfiguration } from '../../src/config/load.ts';
import { temporaryFiles } from '../../src/config/testing/temporary-files.ts';
import { ERRORS } from '../../src/errors.ts';
import { anchor } from './markdown.ts';
import { referencePages } from './pages.ts';

function page(name: string): string {
  return referencePages().get(name) ?? assert.fail(`no page ${name}`);
}

describe('the reference pages', () => {
  for (const [name, content] of referencePages()) {
    it(`docs/reference/${name} is up to date`, async () => {
      const committed = await readFile(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8');
      assert.ok(committed === content, `docs/reference/${name} is old; run: node tools/reference/main.ts`);
    });
  }

  it('describe every field, flag and error code', () => {
    for (const { path, flag } of configurationFields) {
      const heading = `### ${path.join('.').replaceAll('.[]', '[]')}\n`;
      assert.ok(page('configuration.md').includes(heading), heading);
      if (flag !== undefined) assert.ok(page('flags.md').includes(`--${flag}`), flag);
    }
    for (const code of Object.keys(ERRORS)) assert.ok(page('errors.md').includes(`\`${code}\``), code);
  });

  it('link from flags to headings that exist', () => {
    const headings = [...page('configuration.md').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchor(heading));
    const links = [...page('flags.md').matchAll(/configuration\.md#([^)]+)\)/g)].map(([, target = '']) => target);
    assert.ok(links.length > 10);
    assert.deepEqual(
      links.filter((link) => !headings.includes(link)),
      [],
    );
  });

  it('show an example that is a valid configuration', async () => {
    const example = /```yaml\n(.*?)```/s.exec(page('configuration.md'))?.[1] ?? assert.fail('no example');
    await using files = await temporaryFiles({ 'example.yaml': example });
    const { servers } = await loadConfiguration({ configFile: files.path('example.yaml') });
    assert.equal(servers.length, 2);
  });

  it('contain a JSON Schema that is JSON', () => {
    assert.deepEqual(parse(page('configuration.schema.json')).required, ['apiVersion', 'kind']);
  });
});
