import { type ChildProcess, spawn } from 'node:child_process';
import { holdEventLoop } from './event-loop.ts';

/**
 * Lines "+ PID" and "- PID" arrive on standard input. Its end means that our process is gone, however it ended: what
 * is still listed is killed and the directory removed. The pause lets killed processes finish their last write.
 */
const SCRIPT = `
pids=
while read -r change pid; do
  left=
  for each in $pids; do [ "$each" = "$pid" ] || left="$left $each"; done
  pids=$left
  if [ "$change" = + ]; then pids="$pids $pid"; fi
done
if [ -n "$pids" ]; then kill -9 $pids 2>/dev/null; sleep 1; fi
if [ -n "$1" ]; then rm -rf -- "$1"; fi
`;

/**
 * Ends child processes when this process ends without having stopped them.
 *
 * Exit handlers are not enough: a test runner ends a test file that hangs with SIGKILL, and every kube-apiserver left
 * behind costs hundreds of megabytes. So a shell outside our process group waits for the end of a pipe that only we hold.
 */
export class Reaper {
  readonly #shell: ChildProcess;

  /** `directory`: removed at the end; none for a directory that is to stay. */
  constructor(directory: string | undefined) {
    this.#shell = spawn('sh', ['-c', SCRIPT, 'reaper', directory ?? ''], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#shell.on('error', () => {});
    this.#shell.stdin?.on('error', () => {});
    holdEventLoop(this.#shell, false);
    holdEventLoop(this.#shell.stdin, false);
  }

  watch(pid: number): void {
    this.#shell.stdin?.write(`+ ${pid}\n`);
  }

  forget(pid: number): void {
    this.#shell.stdin?.write(`- ${pid}\n`);
  }

  close(): void {
    this.#shell.stdin?.end();
  }
}
