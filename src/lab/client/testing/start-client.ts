import type { LabClientOptions } from '../lab-client.ts';
import { LabClient } from '../lab-client.ts';

/** A client of a listener on loopback, with what does not matter to a test filled in. */
export function testClient(port: number, ca: string, options: Partial<LabClientOptions> = {}): LabClient {
  return new LabClient({
    name: 'tester',
    url: `https://127.0.0.1:${port}`,
    ca,
    userAgent: 'tester/v1',
    timeoutMs: 10_000,
    ...options,
  });
}
