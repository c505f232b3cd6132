import type { ProcessContext, ServerProcess } from '../../../src/lab/control-plane/server-process.ts';
import type { Pki } from '../../../src/lab/pki/pki.ts';
import type { ProcessName } from '../results.ts';
import type { Backends } from '../rivals/rival.ts';

/** What proxies are measured in front of. */
export interface Stage {
  readonly directory: string;
  readonly pki: Pki;
  readonly backends: Backends;
  /** The processes behind the proxies. */
  readonly behind: Readonly<Partial<Record<ProcessName, number>>>;
  /** What a further process of this stage is made with. */
  processContext(name: string): ProcessContext;
}

/** The process id of what runs. */
export function pidOf(running: ServerProcess): number {
  const { state } = running;
  if (state.state !== 'running')
    throw new Error(`${running.name} does not run (${state.state}), see ${running.logFile}`);
  return state.pid;
}
