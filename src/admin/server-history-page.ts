import type { Journal } from '../observe/journal/journal.ts';
import type { ServerTransition } from '../observe/journal/server-histories.ts';
import { AdminError, type AdminPage, jsonAnswer } from './admin-page.ts';

/** What `GET /servers/NAME/history` answers. */
export interface ServerHistory {
  readonly kind: 'ServerHistory';
  readonly server: string;
  /** Newest first. */
  readonly items: readonly ServerTransition[];
}

/** `GET /servers/NAME/history`: every change of a server's state, passing states included; of servers that left, too. */
export function serverHistoryPage({ servers }: Journal): AdminPage {
  return {
    path: '/servers/NAME/history',
    answer({ names: [server = ''] }) {
      const items = servers.of(server);
      if (items === undefined) {
        const names = servers.names.join(', ');
        throw new AdminError('UnknownServer', `There is no history of a server "${server}". There is of: ${names}.`);
      }
      const history: ServerHistory = { kind: 'ServerHistory', server, items };
      return jsonAnswer(history);
    },
  };
}
