import assert from 'node:assert/strict';
import { run } from '../../src/cli/main.ts';
import { capturedIo } from '../../src/cli/testing/captured-io.ts';
import { reports } from '../../src/reports/index.ts';

/** Runs commands that read; `directory` has the files that they name. */
export class ReadingCommands {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async run(args: readonly string[]): Promise<{ exitCode: number; out: string; err: string }> {
    const io = capturedIo({ directory: this.#directory, environment: { LANG: 'C.UTF-8' } });
    const exitCode = await run(['node', 'mvproxy', ...args], io);
    return { exitCode, out: io.out, err: io.err };
  }

  /** The text for people, without what differs from run to run. */
  async text(args: readonly string[], expected = 0): Promise<string> {
    const { exitCode, out, err } = await this.run(args);
    assert.deepEqual([exitCode, err], [expected, ''], args.join(' '));
    return out
      .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
      .replace(/\b\d+\.\d s ago/g, 'N.N s ago')
      .replace(/^mvproxy \S+ {2}/, 'mvproxy VERSION  ');
  }

  /** The JSON output, which has every member that its schema describes and no other. */
  async json<T>(args: readonly string[], expected = 0): Promise<T> {
    const { exitCode, out, err } = await this.run([...args, '--output=json']);
    assert.deepEqual([exitCode, err], [expected, ''], args.join(' '));
    const report = reports.find(({ command }) => command.split(' ')[1] === args[0]);
    assert.ok(report !== undefined, `${args[0]} has no schema`);
    const value: T = JSON.parse(out);
    assert.deepEqual(report.schema.parse(value), value);
    return value;
  }
}
