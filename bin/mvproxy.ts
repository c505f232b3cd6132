#!/usr/bin/env node
import { run } from '../src/cli/main.ts';
import { supervisorChannel } from '../src/workers/supervisor-channel.ts';

// A reader that went away (`mvproxy help | head -1`, a restarted log collector) is no failure of ours.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

process.exit(
  await run(process.argv, {
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    directory: process.cwd(),
    signals: process,
    pid: process.pid,
    supervisor: supervisorChannel(process),
  }),
);
