/** The way of a worker to its supervisor. */
export interface SupervisorChannel {
  /** False: nobody started this process as a worker, and nothing will ever come. */
  readonly isOpen: boolean;
  send(message: unknown): void;
  onMessage(listener: (message: unknown, connection: unknown) => void): void;
  /** The supervisor is gone. */
  onDisconnect(listener: () => void): void;
}

/** As much of `process` as a channel needs. */
interface ForkedProcess {
  send?: NodeJS.Process['send'];
  on(event: 'message', listener: (message: unknown, connection: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

/** The channel that this process was forked with. */
export function supervisorChannel(forked: ForkedProcess): SupervisorChannel {
  return {
    isOpen: forked.send !== undefined,
    send: (message) => void forked.send?.(message, undefined, undefined, () => {}),
    onMessage: (listener) => void forked.on('message', listener),
    onDisconnect: (listener) => void forked.on('disconnect', listener),
  };
}
