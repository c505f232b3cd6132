interface Handle {
  ref(): unknown;
  unref(): unknown;
}

/**
 * Decides whether a child process or one of its pipes keeps this process alive. The streams of a child are sockets,
 * which its type does not say.
 */
export function holdEventLoop(handle: object | null | undefined, hold: boolean): void {
  if (!isHandle(handle)) return;
  if (hold) handle.ref();
  else handle.unref();
}

function isHandle(value: object | null | undefined): value is Handle {
  return value !== null && value !== undefined && 'ref' in value && 'unref' in value;
}
