import type { Conversation } from '../conversation.ts';

/** One behaviour: a conversation with a server, alone in its namespace `contract-ID`. */
export interface ContractCase {
  readonly id: string;
  readonly title: string;
  talk(server: Conversation): Promise<void>;
}
