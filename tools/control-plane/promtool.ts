import { findGoCommand } from './binaries.ts';

const MODULE = 'github.com/prometheus/prometheus';
/** Modules of Prometheus count 3.13.5 as 0.313.5. */
const VERSION = '0.313.5';

/**
 * The path of `promtool` 3.13.5, which checks metrics and alert rules; built when it is missing. Without service discovery,
 * which is most of it and asks clouds.
 *
 * @throws {BuildError} `GoMissing`, `BuildFailed`.
 */
export function findPromtool(): Promise<string> {
  const command = {
    title: 'promtool 3.13.5',
    module: MODULE,
    version: VERSION,
    command: `${MODULE}/cmd/promtool`,
    tags: ['remove_all_sd'],
  };
  return findGoCommand(command, 'promtool-3.13.5');
}
