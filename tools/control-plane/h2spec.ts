import { findGoCommand } from './binaries.ts';

const MODULE = 'github.com/summerwind/h2spec';
/** The last one that can be had as a module; its successors say a path in their go.mod that their tags do not have. */
const VERSION = '2.2.1+incompatible';
/** h2spec itself names revisions of 2017, in a form Go no longer reads. */
const NEEDS = ['github.com/fatih/color v1.18.0', 'github.com/spf13/cobra v1.9.1', 'golang.org/x/net v0.38.0'];

/**
 * The path of `h2spec`, which tests servers of HTTP/2, or of `h2specd`, which tests clients; built when it is missing.
 *
 * @throws {BuildError} `GoMissing`, `BuildFailed`.
 */
export function findH2spec(name: 'h2spec' | 'h2specd'): Promise<string> {
  const command = `${MODULE}/cmd/${name}`;
  const title = `${name} 2.2.1`;
  return findGoCommand({ title, module: MODULE, version: VERSION, command, needs: NEEDS }, `${name}-2.2.1`);
}
