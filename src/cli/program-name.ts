import { basename } from 'node:path';

/** What the program calls itself; `path` is that under which it was started. kubectl plug-ins are called as kubectl does. */
export function programName(path = 'mvproxy'): string {
  return basename(path).startsWith('kubectl-') ? 'kubectl mvproxy' : 'mvproxy';
}

/** What to type for the program that was started as `path`: nothing is installed where it runs from its sources. */
export function commandName(path = 'mvproxy'): string {
  return path.endsWith('.ts') ? 'npm run -s mvproxy --' : programName(path);
}
