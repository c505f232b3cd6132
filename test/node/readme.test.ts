import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { flagOptions } from './support/serve-flags.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');

test('every TypeScript snippet of the README runs and does what its comments say', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'mvproxy-readme-'));
  t.after(() => rm(directory, { recursive: true }));
  const [snippet, ...others] = blocks('ts');
  assert.ok(snippet !== undefined && others.length === 0, 'this test knows one snippet');
  const library = pathToFileURL(join(root, 'src/index.ts')).href;
  const file = join(directory, 'snippet.ts');
  await writeFile(
    file,
    `${snippet.replaceAll("'mixed-version-proxy'", `'${library}'`)}\nconsole.log(JSON.stringify({ info, merged }));\n`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  const { info, merged } = JSON.parse(stdout);
  assert.equal(info.isResourceRequest, true);
  assert.deepEqual(
    [info.verb, info.apiGroup, info.resource, info.subresource],
    ['get', 'apps', 'deployments', 'scale'],
  );
  assert.deepEqual(merged.apis, [{ metadata: { name: 'apps' }, versions: [{ version: 'v1', freshness: 'Current' }] }]);
  assert.deepEqual(merged.conflicts, []);
});

test('every flag that the README and the guides show exists', async () => {
  const known = await flagOptions(root);
  const guides = await Promise.all(
    ['docs/running.md', 'docs/routing.md', 'docs/discovery.md'].map((file) => readFile(join(root, file), 'utf8')),
  );
  const shown = new Set(
    [readme, ...guides].flatMap((text) =>
      [...text.matchAll(/mvproxy serve[^`]*/g)].flatMap(([command]) => command.match(/--[a-z-]+/g) ?? []),
    ),
  );
  assert.ok(shown.size > 5);
  assert.deepEqual(
    [...shown].filter((flag) => !known.has(flag)),
    [],
  );
});

test('the first two commands of the README are scripts of the package', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const [first] = blocks('sh');
  const commands = [...(first ?? '').matchAll(/npm (?:run )?([a-z:-]+)\s+#/g)].map(([, name]) => name);
  assert.deepEqual(commands, ['lab', 'test']);
  for (const command of commands) assert.ok(command !== undefined && command in scripts, command);
});

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text ?? '');
}
