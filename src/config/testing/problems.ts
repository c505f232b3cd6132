import assert from 'node:assert/strict';
import { ConfigurationError, formatProblem } from '../problem.ts';

/** The problems with which `attempt` is rejected, as operators see them, with `directory` left out. */
export async function problemsOf(attempt: Promise<unknown>, directory?: string): Promise<string[]> {
  const error = await attempt.then(
    () => assert.fail('the configuration was accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConfigurationError, String(error));
  assert.equal(error.code, 'MVP_CONFIG');
  const lines = error.problems.map(formatProblem);
  return directory === undefined ? lines : lines.map((line) => line.replaceAll(`${directory}/`, ''));
}
