import { type Check, finding, pass } from '../check.ts';
import { CHECK_KINDS } from '../check-codes.ts';
import type { PreflightCheck } from '../preflight-report.ts';

export const configuration: Check = {
  code: 'Configuration',
  async run(facts) {
    const problems = await facts.configuration();
    return problems.length === 0
      ? [pass('The configuration and the files it names can be used.')]
      : unreadableConfiguration(problems);
  },
};

/** One finding for each problem, in whole sentences. Without a configuration nothing else can be looked at. */
export function unreadableConfiguration(problems: readonly string[]): readonly PreflightCheck[] {
  const { fix } = CHECK_KINDS.Configuration;
  return problems.map((problem) => ({ code: 'Configuration', ...finding('fail', problem, fix) }));
}
