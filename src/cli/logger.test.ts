import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Environment } from './io.ts';
import { createLogger } from './logger.ts';

function logged(
  options: { readonly isTTY?: boolean; readonly verbosity?: number; readonly environment?: Environment },
  write: (logger: ReturnType<typeof createLogger>) => void,
): string[] {
  const lines: string[] = [];
  const output = { isTTY: options.isTTY, write: (text: string) => lines.push(text) };
  write(createLogger({ output, verbosity: options.verbosity ?? 0, environment: options.environment ?? {} }));
  return lines;
}

describe('createLogger', () => {
  it('writes one JSON object per line when nobody watches', () => {
    const [line = '', ...others] = logged({ isTTY: false }, (logger) => logger.warn('a server\nleft', { server: 'a' }));
    assert.equal(others.length, 0);
    assert.equal(line.indexOf('\n'), line.length - 1);
    const { time, ...entry } = JSON.parse(line);
    assert.deepEqual(entry, { level: 'warn', server: 'a', message: 'a server\nleft' });
    assert.match(time, /^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('writes plain lines on a terminal, coloured unless NO_COLOR is set', () => {
    const write = (environment: Environment): string =>
      logged({ isTTY: true, environment }, (logger) =>
        logger.error('no server', { name: 'a b', count: 2, url: 'https://a' }),
      ).join('');
    assert.match(write({ NO_COLOR: '1' }), /^\S+Z ERROR no server name="a b" count=2 url=https:\/\/a\n$/);
    for (const coloured of [write({}), write({ NO_COLOR: '' })]) {
      assert.ok(coloured.startsWith('\u001b[31m'), coloured);
      assert.ok(coloured.endsWith('\u001b[0m\n'), coloured);
    }
  });

  it('keeps what others send from being obeyed by the terminal', () => {
    const [line] = logged({ isTTY: true, environment: { NO_COLOR: '1' } }, (logger) =>
      logger.info('server \u001b[2Jx', { name: '\u001b]0;x\u0007', path: 'a\u009b1m b' }),
    );
    assert.match(line ?? '', /Z INFO {2}server \\u\{1b\}\[2Jx name=\\u\{1b\}\]0;x\\u\{7\} path="a\\u\{9b\}1m b"\n$/);
  });

  it('writes debug entries from verbosity 4', () => {
    const count = (verbosity: number): number => logged({ verbosity }, (logger) => logger.debug('detail')).length;
    assert.deepEqual([0, 3, 4, 10].map(count), [0, 0, 1, 1]);
  });

  it('shows errors with code and cause, and their stack only for debugging', () => {
    const error = new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'ECONNREFUSED' }) });
    const entry = (verbosity: number): { readonly error: unknown } =>
      JSON.parse(logged({ verbosity }, (logger) => logger.error('failed', { error }))[0] ?? '');
    assert.deepEqual(entry(0).error, { message: 'outer', cause: { message: 'inner', code: 'ECONNREFUSED' } });
    assert.match(JSON.stringify(entry(4).error), /logger\.test\.ts/);
  });
});
