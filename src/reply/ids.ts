/** Ids of the wire: 128 random bits, so never seen before and not to be guessed. */
import { randomBytes } from 'node:crypto';

const unique = () => randomBytes(16).toString('hex');

export const newMessageId = (): string => `msg_${unique()}`;
export const newToolUseId = (): string => `toolu_${unique()}`;
export const newRequestId = (): string => `req_${unique()}`;
