import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfiguration } from './load.ts';
import { ConfigurationError } from './problem.ts';

const FLAGS = { server: ['a=https://10.0.0.1:6443'], 'tls-cert-file': ['a'], 'tls-private-key-file': ['b'] };

async function problems(flags: Readonly<Record<string, string>>): Promise<string> {
  const given = Object.entries(flags).map(([name, value]): [string, string[]] => [`tracing-${name}`, [value]]);
  const loading = loadConfiguration({ flags: new Map([...Object.entries(FLAGS), ...given]) });
  return loading.then(
    () => '',
    (error: unknown) => (error instanceof ConfigurationError ? error.message : Promise.reject(error)),
  );
}

const FILE = { 'otlp-headers-file': '/k' };

test('files for a collector need a collector', async () => {
  assert.match(await problems({ 'otlp-cafile': '/ca' }), /otlp-cafile.* has no effect without a collector/);
  assert.match(await problems(FILE), /otlp-headers-file.* has no effect without a collector/);
  assert.equal(await problems({ 'otlp-endpoint': 'https://collector.example:4318', ...FILE }), '');
});

test('a key does not go to a collector in the clear, but on this machine', async () => {
  assert.match(
    await problems({ 'otlp-endpoint': 'http://collector.example:4318', ...FILE }),
    /without TLS.* use https/,
  );
  assert.equal(await problems({ 'otlp-endpoint': 'http://127.0.0.1:4318', ...FILE }), '');
  assert.equal(await problems({ 'otlp-endpoint': 'http://collector.example:4318' }), '');
});

test('values that cannot be meant are refused with what to write', async () => {
  assert.match(await problems({ 'otlp-endpoint': 'collector:4317' }), /must be a URL like https:[/][/]collector/);
  assert.match(await problems({ 'otlp-endpoint': 'https://user:key@collector' }), /without credentials/);
  assert.match(await problems({ 'sampling-ratio': '2' }), /tracing-sampling-ratio: must be at most 1/);
  assert.match(await problems({ 'resource-attributes': 'prod' }), /must be NAME=VALUE/);
  assert.match(await problems({ 'resource-attributes': 'service.name=x' }), /must not name what tracing.serviceName/);
});
