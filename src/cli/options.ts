/** The command line of one command, read strictly. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { suggest } from '../config/nearest.ts';
import { codeOf, UsageError } from './errors.ts';

export const configOptions = {
  config: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  model: { type: 'string' },
  'log-level': { type: 'string' },
} as const;

export const configHelp = `  --config FILE      the configuration file
  --host HOST        the address to listen on (127.0.0.1)
  --port PORT        the port, 0 for any free one (8051)
  --model MODEL      a GGUF path or hf:user/repo:quant for the embedded engine,
                     or the name of a configured engine's model
  --log-level LEVEL  trace, debug, info, warn, error, fatal or silent`;

/** For commands that ask a running gateway, see address. */
export const sourceOptions = { url: { type: 'string' }, key: { type: 'string' } } as const;

export const sourceHelp = `  --url URL          the gateway there (the configured one)
  --key KEY          one of its keys (WARMSLOT_API_KEY, or the first configured one)`;

type Options = NonNullable<ParseArgsConfig['options']>;

/** @throws UsageError */
export function readOptions<T extends Options>(
  command: string,
  args: readonly string[],
  options: T,
  positionals = false,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: positionals });
  } catch (error) {
    throw new UsageError(`${reasonOf(error, Object.keys(options))}; see warmslot ${command} --help`);
  }
}

function reasonOf(error: unknown, known: readonly string[]): string {
  const text = error instanceof Error ? error.message : String(error);
  const quoted = /'(-*)([^' =]+)/.exec(text);
  if (codeOf(error) === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' && quoted) {
    const [, dashes = '', name = ''] = quoted;
    return `unknown option ${dashes}${name} (${suggest(name, known)})`;
  }
  const [first = text] = text.split('. ');
  return first.charAt(0).toLowerCase() + first.slice(1);
}
