/** Ids of the wire: 122 random bits, so never seen before and not to be guessed. */
import { randomUUID } from 'node:crypto';

/** A UUID, because Node draws its random bits in advance and many at once. */
const unique = () => randomUUID().replaceAll('-', '');

export const newMessageId = (): string => `msg_${unique()}`;
export const newToolUseId = (): string => `toolu_${unique()}`;
export const newRequestId = (): string => `req_${unique()}`;
