import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabClient } from '../../../src/lab/client/lab-client.ts';
import { FRONT_CONTEXT, type Lab, type LabFront, startLab } from '../../../src/lab/lab.ts';
import { LabEvents } from '../../../src/lab/lab-events.ts';
import { LogLines } from './log-lines.ts';

/** A lab of 1.34, 1.36 and 1.37 in this process, and what tests ask of it. */
export interface RunningLab extends Lab {
  readonly events: LabEvents;
  /** Warnings and errors; a healthy lab has none. */
  readonly complaints: readonly string[];
  /** For caches and other files; removed with the lab. */
  readonly directory: string;
  /** A client of the front, or of the server of that context, as admin. Closed with the lab. */
  client(context?: string): LabClient;
}

export async function runLab(front: LabFront): Promise<RunningLab> {
  const directory = await mkdtemp(join(tmpdir(), 'mvproxy-lab-test-'));
  const events = new LabEvents();
  const log = new LogLines();
  const clients: LabClient[] = [];
  const lab = await startLab({
    versions: ['1.34', '1.36', '1.37'],
    front,
    spread: 'connection',
    data: undefined,
    crdLagMs: [0, 300, 800],
    port: 0,
    kubeconfig: undefined,
    programs: undefined,
    controllers: true,
    logger: log.logger,
    onEvent: (event) => events.add(event),
  });
  return {
    ...lab,
    events,
    complaints: log.complaints,
    directory,
    client(context = FRONT_CONTEXT) {
      const server = lab.plane.servers.find(({ name }) => name === context);
      const client = new LabClient({
        name: 'test',
        url: server?.url ?? lab.url,
        ca: lab.plane.pki.servingCa.cert,
        token: lab.plane.adminToken,
        userAgent: 'test',
        timeoutMs: 30_000,
      });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) await client.close();
      await lab.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
