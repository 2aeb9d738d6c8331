/** The log: pino JSON on stderr or in a file, readable lines on a terminal. */
import { type DestinationStream, destination, type LevelWithSilent, type Logger, pino } from 'pino';
import { build as pretty } from 'pino-pretty';

export interface LoggerOptions {
  readonly level: LevelWithSilent;
  /** Readable lines instead of JSON. */
  readonly pretty: boolean;
  /** 0 to 3; below 3 what people wrote to the model stays out. */
  readonly debugLevel: number;
  /** Absent: stderr. stdout belongs to the commands. */
  readonly file?: string;
}

const stderr = 2;
const secrets = ['authorization', 'proxy-authorization', 'x-api-key', 'apiKey', 'apiKeys', 'cookie'];
const privateText = ['body', 'prompt', 'system', 'messages', 'content'];

export function createLogger(options: LoggerOptions): Logger {
  const { level, debugLevel } = options;
  const hidden = debugLevel >= 3 ? secrets : [...secrets, ...privateText];
  return pino({ level, base: null, redact: { paths: hidden.flatMap(paths), censor: '[redacted]' } }, output(options));
}

/** A whole key at the top, in an object, and in an object in that: as deep as anything we log. */
function paths(key: string): string[] {
  return [`["${key}"]`, `*["${key}"]`, `*.*["${key}"]`];
}

function output({ pretty: readable, file }: LoggerOptions): DestinationStream {
  if (readable) return pretty({ destination: stderr, sync: true, translateTime: 'SYS:HH:MM:ss' });
  // Synchronous, because lines kept back are flushed at exit, and that flush never ends when nobody reads stderr any more.
  return destination({ dest: file ?? stderr, mkdir: true, sync: true });
}
