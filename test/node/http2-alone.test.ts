import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../../src/wire/free-port.ts';
import { defaultClientLimits, defaultServerLimits } from '../../src/wire/http2/index.ts';
import * as constants from '../../src/wire/http2/limits.ts';
import { TestCa } from '../support/certificates.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = await readFile(join(root, 'src/wire/http2/README.md'), 'utf8');
const SOURCE = pathToFileURL(join(root, 'src/wire/http2/index.ts')).href;

async function example(directory: string, name: string): Promise<string> {
  const text = await readFile(join(root, 'examples', name), 'utf8');
  const [, code = ''] = text.split(/^\/\*\*.*\*\/\n/);
  assert.ok(
    code.length > 0 && readme.includes(`\`\`\`ts\n${code}\`\`\``),
    `the README shows examples/${name} as it is`,
  );
  const file = join(directory, name);
  await writeFile(file, text.replaceAll("'mixed-version-proxy/http2'", `'${SOURCE}'`));
  return file;
}

async function serve(t: TestContext, program: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    exited.then(() => Promise.reject(new Error('it ended before it was ready'))),
  ]);
  assert.equal(line, 'ready');
}

test('the server and the client of the README understand each other', async (t) => {
  const directory = await temporaryDirectory(t);
  const ca = await TestCa.create('ca');
  const { cert, key } = await ca.issue({ commonName: 'server', ips: ['127.0.0.1'] });
  const [certFile, keyFile, caFile] = [join(directory, 'cert'), join(directory, 'key'), join(directory, 'ca')];
  await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key), writeFile(caFile, ca.cert)]);
  const port = String(await freePort());
  await serve(t, await example(directory, 'http2-server.ts'), [port, certFile, keyFile]);
  const client = await example(directory, 'http2-client.ts');
  // It ends by itself, because its connection does.
  const text = 'how are you? '.repeat(5000);
  const { stdout, stderr } = await run(process.execPath, [client, port, caFile, text]);
  assert.equal(stdout, `200 POST /echo: ${text}`);
  assert.equal(stderr, '');
});

/** `64 KiB` as a number; undefined: the cell is empty. */
function octets(cell: string | undefined): number | undefined {
  const [number = '', unit = ''] = (cell ?? '').trim().split(' ');
  if (number === '') return undefined;
  return Number(number) * (unit === 'MiB' ? 2 ** 20 : unit === 'KiB' ? 2 ** 10 : 1);
}

test('the limits of the README are all that there are, and what they are', () => {
  const rows = [...readme.matchAll(/^\| `(\w+)` +\|(.*)\|$/gm)].map(([, name = '', rest = '']) => ({
    name,
    cells: rest.split('|'),
  }));
  const server: Record<string, number> = { ...defaultServerLimits };
  const client: Record<string, number> = { ...defaultClientLimits };
  const fixed: Record<string, unknown> = { ...constants };
  const names = [...Object.keys(server), ...Object.keys(fixed)];
  assert.deepEqual(rows.map(({ name }) => name).sort(), names.sort());
  for (const { name, cells } of rows) {
    if (name in fixed) assert.equal(octets(cells[0]), fixed[name], name);
    else assert.deepEqual([octets(cells[0]), octets(cells[1])], [server[name], client[name]], name);
  }
});

test('every file that the README names exists', async () => {
  const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link ?? '');
  assert.ok(links.length > 15);
  for (const link of links) await access(join(root, 'src/wire/http2', link));
});

test('compiled as it is packed, mixed-version-proxy/http2 can be imported and needs no dependency', async (t) => {
  const directory = await temporaryDirectory(t);
  const { name, type, exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const entry = exports['./http2'];
  assert.equal(entry.types, entry.default.replace(/\.js$/, '.d.ts'));
  const source = entry.default.replace('./dist/', '').replace(/\.js$/, '.ts');
  const options = {
    extends: join(root, 'tsconfig.build.json'),
    compilerOptions: {
      rootDir: root,
      outDir: join(directory, 'dist'),
      typeRoots: [join(root, 'node_modules/@types')],
      noCheck: true,
    },
    include: [],
    files: [join(root, source)],
  };
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(options));
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name, type, exports }));
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', directory]);
  await readFile(join(directory, entry.types));
  const use = `import * as http2 from '${name}/http2'; console.log(JSON.stringify(Object.keys(http2).sort()));`;
  await writeFile(join(directory, 'use.js'), use);
  const { stdout } = await run(process.execPath, [join(directory, 'use.js')]);
  assert.deepEqual(JSON.parse(stdout), Object.keys(await import('../../src/wire/http2/index.ts')).sort());
});
