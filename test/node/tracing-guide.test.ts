import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { loadConfiguration } from '../../src/config/load.ts';
import { API_VERSION, KIND } from '../../src/config/schema.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { OtlpCollector } from '../support/otlp-collector.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const guide = await readFile(new URL('../../docs/tracing.md', import.meta.url), 'utf8');

function blocks(language: string): string[] {
  return [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text ?? '');
}

/** Runs a command of the guide where its files are, against the proxy. */
async function typed(t: TestContext, { pki, daemon }: EmbeddedControlPlane, command: string): Promise<string> {
  const directory = await temporaryDirectory(t);
  await Promise.all([
    writeFile(join(directory, 'ca.crt'), pki.servingCa.cert),
    writeFile(join(directory, 'client.crt'), pki.admin.cert),
    writeFile(join(directory, 'client.key'), pki.admin.key),
  ]);
  const env = { ...process.env, PROXY: daemon.servingAddress };
  return (await promisify(execFile)('bash', ['-euc', command], { cwd: directory, env })).stdout;
}

const [asking = '', following = '', ...others] = blocks('sh');

test('the guide has two commands', () => assert.deepEqual(others, []));

test('the header says what the guide says that it says', async (t) => {
  const plane = await startEmbeddedControlPlane(t, { flags: { 'explain-header': 'true' } });
  const [expected = ''] = blocks('text');
  assert.equal((await typed(t, plane, asking)).trim().toLowerCase(), expected.trim().toLowerCase());
});

test('the trace that is printed is found at the collector, with attributes that the guide explains', async (t) => {
  const collector = await OtlpCollector.start(t);
  const flags = { 'tracing-otlp-endpoint': collector.url, 'tracing-sampling-ratio': '0' };
  const plane = await startEmbeddedControlPlane(t, { flags });
  const trace = (await typed(t, plane, following)).trim();
  await plane.daemon.stop(0);
  const [span] = collector.spans;
  assert.equal(span?.traceId, trace);
  const explained = guide.replaceAll('`.', '`mvproxy.k8s.');
  for (const name of Object.keys(span?.attributes ?? {})) assert.ok(explained.includes(`\`${name}\``), name);
  for (const { name } of span?.events ?? []) assert.ok(guide.includes(`\`${name}\``), name);
});

test('the configuration of the guide is a valid one', async (t) => {
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'config.yaml');
  const [tracing = ''] = blocks('yaml');
  const servers = 'servers: [{ name: a, url: "https://10.0.0.1:6443" }]';
  const serving = 'serving: { tlsCertFile: a, tlsPrivateKeyFile: b }';
  await writeFile(file, `apiVersion: ${API_VERSION}\nkind: ${KIND}\n${serving}\n${servers}\n${tracing}`);
  const configuration = await loadConfiguration({ configFile: file });
  assert.equal(configuration.tracing.otlpEndpoint, 'https://collector.example:4318');
});
