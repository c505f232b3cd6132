/** Why a file could not be read and what to do, for the end of a sentence that begins with its name. */
export function describeFileError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'does not exist; check the path';
    case 'ENOTDIR':
      return 'does not exist, because a part of its path is not a directory; check the path';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by the user that runs mvproxy; change its owner or mode';
    case 'EISDIR':
      return 'is a directory; name the file in it';
    default:
      return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
