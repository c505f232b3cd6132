/** One case of h2spec. */
export interface SpecCase {
  /** Section and words, such as `http2/6.9.1: Sends multiple WINDOW_UPDATE frames …`. */
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** What h2spec says was expected and came. */
  readonly detail: string;
}

/** The cases of a JUnit report of `h2spec --junit-report`. */
export function readJunit(xml: string): SpecCase[] {
  const cases = xml.matchAll(/<testcase package="([^"]*)" classname="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs);
  return Array.from(cases, ([, section = '', words = '', inside = '']) => ({
    name: `${section}: ${unescaped(words)}`,
    outcome: /<(failure|error)\b/.test(inside) ? 'failed' : inside.includes('<skipped') ? 'skipped' : 'passed',
    detail: unescaped(inside.replace(/<[^>]*>/g, ' ').trim()),
  }));
}

/** What a case of `h2specd` says that waited in vain. */
const TIMEOUT = 'Timeout';

/**
 * The cases in what `h2specd --verbose` prints; its groups are lines such as `5.1. Stream States`. `detail` says whether a case
 * waited for something that did not come in time.
 */
export function readTranscript(lines: readonly string[]): SpecCase[] {
  const cases: SpecCase[] = [];
  let section = '';
  let detail = '';
  for (const line of lines) {
    if (line.startsWith('Failures:')) break;
    if (/^\s*\[recv\] Timeout$/.test(line)) detail = TIMEOUT;
    const last = cases.at(-1);
    // Of a connection that was not made in time, which is said after the case.
    if (/^\s*Error: Timeout$/.test(line) && last !== undefined) cases.splice(-1, 1, { ...last, detail: TIMEOUT });
    section = /^\s*(\d+(?:\.\d+)*)\. /.exec(line)?.[1] ?? section;
    const [, mark, words] = /([✔×]) \d+: (.*)$/.exec(line) ?? [];
    if (words === undefined) continue;
    cases.push({ name: `client/${section}: ${words}`, outcome: mark === '✔' ? 'passed' : 'failed', detail });
    detail = '';
  }
  return cases;
}

/** Whether nothing is amiss but that answers did not come in time, which they may not on a busy machine. */
export function isLate(problems: readonly string[]): boolean {
  return problems.length > 0 && problems.every((problem) => problem.endsWith(` ${TIMEOUT}`));
}

const unescaped = (text: string): string =>
  text
    .replaceAll('&#34;', '"')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');

/** A case that fails for a reason we stand by. */
export interface Exemption {
  readonly name: string;
  /** The section of the RFC that allows, or asks for, what is done instead. */
  readonly rule: string;
  readonly why: string;
  /** Whether it fails depends on who is faster. */
  readonly mayPass?: boolean;
}

/** What contradicts "everything passes but the exemptions": failures without one, and exemptions that are not needed. */
export function contradictions(cases: readonly SpecCase[], exemptions: readonly Exemption[]): string[] {
  const exempt = new Set(exemptions.map(({ name }) => name));
  const failed = cases.filter(({ outcome }) => outcome !== 'passed');
  const needed = new Set(failed.map(({ name }) => name));
  return [
    ...failed.filter(({ name }) => !exempt.has(name)).map(({ name, detail }) => `fails: ${name} ${detail}`),
    ...exemptions
      .filter(({ name, mayPass = false }) => !mayPass && !needed.has(name))
      .map(({ name }) => `is exempt and passes: ${name}`),
  ];
}
