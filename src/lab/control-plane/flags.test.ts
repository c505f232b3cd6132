import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandLine } from './flags.ts';

const DEFAULTS = { 'secure-port': '6443', server: ['a=https://1', 'b=https://2'], v: '2' };

test('defaults become --name=value, repeated for several values', () => {
  assert.deepEqual(commandLine(DEFAULTS, {}), [
    '--secure-port=6443',
    '--server=a=https://1',
    '--server=b=https://2',
    '--v=2',
  ]);
});

test('an extra argument replaces every default value of its name', () => {
  assert.deepEqual(commandLine(DEFAULTS, { extraArgs: ['--server=c=https://3', '--v=4'] }), [
    '--secure-port=6443',
    '--server=c=https://3',
    '--v=4',
  ]);
});

test('an extra argument without value replaces a default too, and only the one with exactly its name', () => {
  const flags = { 'anonymous-auth': 'true', 'anonymous-auth-config': 'f' };
  assert.deepEqual(commandLine(flags, { extraArgs: ['--anonymous-auth'] }), [
    '--anonymous-auth-config=f',
    '--anonymous-auth',
  ]);
});

test('defaults can be left out', () => {
  assert.deepEqual(commandLine(DEFAULTS, { withoutFlags: ['server', 'v'] }), ['--secure-port=6443']);
});
