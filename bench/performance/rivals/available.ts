import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { canChooseEngine } from './mvproxy.ts';
import type { RivalName } from './rival.ts';

/** What took part in no measurement, and why. */
export interface Absent {
  readonly rival: RivalName;
  readonly why: string;
}

/** What this machine has. */
export interface Available {
  /** Whether both of our engines can be measured. */
  readonly engines: boolean;
  readonly absent: readonly Absent[];
  /** Program → its version. */
  readonly versions: Readonly<Record<string, string>>;
}

const PROGRAMS: readonly (readonly [program: string, flag: string, version: RegExp])[] = [
  ['nginx', '-v', /nginx\/(\S+)/],
  ['haproxy', '-v', /version (\S+)/],
  ['h2load', '--version', /nghttp2\/(\S+)/],
  ['wrk', '-v', /wrk (?:debian\/)?(\S+)/],
];
const GENERATORS = new Set(['h2load', 'wrk']);

/** Looks for the programs that are no part of the project, and throws when one is missing that loads are made with. */
export async function available(): Promise<Available> {
  const versions: Record<string, string> = {};
  const missing: string[] = [];
  for (const [program, flag, pattern] of PROGRAMS) {
    const version = pattern.exec(await output(program, flag))?.[1];
    if (version === undefined) missing.push(program);
    else versions[program] = version;
  }
  const needed = missing.filter((program) => GENERATORS.has(program));
  if (needed.length > 0) {
    throw new Error(
      `The bench makes its load with ${needed.join(' and ')}, which is not installed here. Install it first.`,
    );
  }
  const engines = await canChooseEngine();
  const absent: Absent[] = [];
  for (const rival of ['nginx', 'haproxy'] as const) {
    if (missing.includes(rival)) absent.push({ rival, why: 'not installed on this machine' });
  }
  if (!engines) absent.push({ rival: 'node', why: 'this mvproxy has only one HTTP/2 engine' });
  return { engines, absent, versions };
}

/** Of programs that write their version anywhere and exit with anything. */
async function output(program: string, flag: string): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, [flag]);
    return `${stdout}${stderr}`;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return `${stdout}${stderr}`;
  }
}
