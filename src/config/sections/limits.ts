import { z } from 'zod';
import { field, seconds } from '../field.ts';

const MiB = 1_048_576;

export const limits = field(
  z
    .strictObject({
      headerBytes: field(
        z
          .int()
          .min(4096)
          .max(16 * MiB)
          .default(65_536),
        {
          description:
            'Largest header section of a request, in bytes; larger ones are refused. Raise it for users in hundreds of groups or with very large tokens.',
        },
      ),
      streamsPerConnection: field(z.int().min(1).max(1_000_000).default(250), {
        description:
          'Concurrent HTTP/2 requests of one client connection. A client that needs more opens another connection; lower it if single clients take too much.',
      }),
      connections: field(z.int().min(1).max(1_000_000).default(10_000), {
        flag: 'max-connections',
        argument: 'COUNT',
        description:
          'Client connections open at a time; further ones are refused. Keep it below half the limit of open files, because a client connection can need one to a server.',
      }),
      bodyIdleSeconds: field(seconds(0.01).default(60), {
        description:
          'How long a client may pause while it sends a request body. It ends uploads that nobody continues; responses, watches and exec sessions have no such limit.',
      }),
      replayBytesPerRequest: field(
        z
          .int()
          .min(0)
          .max(64 * MiB)
          .default(262_144),
        {
          description:
            'How much of one request body is kept so that it can be sent to another server, in bytes. A request with a longer body is not retried once that much was sent.',
        },
      ),
      replayBytesTotal: field(
        z
          .int()
          .min(0)
          .default(64 * MiB),
        {
          description:
            'How much of all request bodies together is kept for retries, in bytes. It bounds the memory that many large requests at once can take.',
        },
      ),
      upstreamConnectionsPerServer: field(z.int().min(1).max(65_535).default(256), {
        description:
          'HTTP/2 connections open to one server at a time in each trust class. Each carries many requests; exec and port-forward sessions have connections of their own beside them.',
      }),
    })
    .prefault({}),
  { title: 'Limits', description: 'What one client may use, so that the others are served.' },
);
