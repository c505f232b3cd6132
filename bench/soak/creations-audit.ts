import { readFile } from 'node:fs/promises';

/** Compares what was executed with what was answered; says what does not fit. */
export async function auditCreations(
  commitFiles: readonly string[],
  created: readonly number[],
  refused: readonly number[],
): Promise<{ readonly executed: number; readonly faults: readonly string[] }> {
  const times = new Map<number, number>();
  for (const file of commitFiles) {
    const text = await readFile(file, 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      if (line !== '') times.set(Number(line), (times.get(Number(line)) ?? 0) + 1);
    }
  }
  const faults: string[] = [];
  for (const [id, count] of times) if (count > 1) faults.push(`creation ${id} was executed ${count} times`);
  for (const id of created) if (!times.has(id)) faults.push(`creation ${id} was answered 201 and not executed`);
  for (const id of refused) {
    if (times.has(id)) faults.push(`creation ${id} was executed and answered 503 with Retry-After`);
  }
  return { executed: times.size, faults };
}
