import { ProxyError } from '../errors.ts';
import { configurationFields } from './fields.ts';
import { formatPath, type Path } from './path.ts';

/** Where somebody has to change something. Lines and columns begin at 1. */
export type Location =
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'flag'; readonly flag: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'nowhere' };

/** One thing wrong with the configuration. */
export interface Problem {
  readonly location: Location;
  /** The field or section concerned; empty if it is the configuration as a whole. */
  readonly path: Path;
  /** What is wrong and what would be right. */
  readonly message: string;
}

/** Every problem of one configuration, found in one go. Code `MVP_CONFIG`. */
export class ConfigurationError extends ProxyError {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    const lines = problems.map((problem) => `\n  ${formatProblem(problem)}`);
    super('MVP_CONFIG', `The configuration has ${count} and is not used:${lines.join('')}`);
    this.problems = problems;
  }
}

/** `mvproxy.yaml:12:3: limits.headerBytes: must be …`, or `--secure-port: must be …`. */
export function formatProblem({ location, path, message }: Problem): string {
  const key = formatPath(path);
  switch (location.kind) {
    case 'file':
      return `${location.file}:${location.line}:${location.column}: ${key === '' ? '' : `${key}: `}${message}`;
    case 'flag':
      return `--${location.flag}: ${message}`;
    case 'environment':
      return `${location.variable} in the environment: ${message}`;
    case 'nowhere':
      return key === '' ? message : `${withFlag(path, key)}: ${message}`;
  }
}

function withFlag(path: Path, key: string): string {
  const flag = configurationFields.find((field) => formatPath(field.path) === formatPath(path))?.flag;
  return flag === undefined ? key : `${key} (--${flag})`;
}
