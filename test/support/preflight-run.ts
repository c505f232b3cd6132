import assert from 'node:assert/strict';
import { run } from '../../src/cli/main.ts';
import { capturedIo } from '../../src/cli/testing/captured-io.ts';
import type { Pki } from '../../src/lab/pki/pki.ts';
import { serveFlags } from '../../src/lab/pki/serve-flags.ts';
import type { PreflightReport } from '../../src/preflight/preflight-report.ts';
import { preflightReport } from '../../src/reports/preflight-report.ts';

export interface PreflightRun {
  readonly pki: Pki;
  readonly servers: readonly { readonly name: string; readonly url: string }[];
  /** In place of those of the lab, without dashes; undefined takes one away. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
  /** Of preflight itself. */
  readonly args?: readonly string[];
}

/** The command line of `mvproxy preflight` for a configuration in flags. */
export function preflightArgs({ pki, servers, flags = {}, args = [] }: PreflightRun): string[] {
  const values = Object.entries({ ...serveFlags(pki), ...flags });
  return [
    'preflight',
    ...values.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
    ...servers.map(({ name, url }) => `--server=${name}=${url}`),
    ...args,
  ];
}

/** Runs `mvproxy preflight` without a running proxy; its JSON is what its schema says. */
export async function provedLinks(options: PreflightRun) {
  const io = capturedIo();
  const exitCode = await run(['node', 'mvproxy', ...preflightArgs(options), '--output=json'], io);
  assert.equal(io.err, '');
  return { exitCode, ...readPreflight(io.out) };
}

/** What a report says, in short. @throws when it is not what the schema says */
export function readPreflight(text: string) {
  const report: PreflightReport = JSON.parse(text);
  preflightReport.schema.parse(report);
  const named = (status: string) =>
    report.checks.flatMap((check) => (check.status === status ? [`${check.code} ${check.server}`.trim()] : []));
  const fixOf = (code: string) => report.checks.find((check) => check.code === code && check.status !== 'pass')?.fix;
  return { report, failed: named('fail'), warned: named('warn'), fixOf };
}

/** The text for people without what is another one at each run. */
export function steady(text: string): string {
  return text
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/\d{4}-\d\d-\d\d/g, 'YYYY-MM-DD')
    .replace(/in \d+ minutes/g, 'in N minutes')
    .replace(/agrees with ours to \d s/g, 'agrees with ours to N s');
}
