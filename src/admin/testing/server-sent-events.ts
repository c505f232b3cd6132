/** One event of a stream; its data is JSON. */
export interface ServerSentEvent {
  readonly event: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The whole events in `text`, comments and settings left out (HTML Living Standard section 9.2.6). */
export function serverSentEvents(text: string): ServerSentEvent[] {
  return text.split('\n\n').flatMap((block) => {
    const fields = new Map(
      block.split('\n').flatMap((line): [string, string][] => {
        const at = line.indexOf(': ');
        return at <= 0 ? [] : [[line.slice(0, at), line.slice(at + 2)]];
      }),
    );
    const [event, id, data] = ['event', 'id', 'data'].map((name) => fields.get(name));
    return event === undefined || id === undefined || data === undefined ? [] : [{ event, id, data: JSON.parse(data) }];
  });
}
