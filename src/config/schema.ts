/** The configuration: the one source of its types, checks, defaults and published JSON schema. */
import { z } from 'zod';
import { backendEntry, entryProblems } from './backend-entry.ts';
import { expandHome } from './paths.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

interface ApiKey {
  readonly name: string;
  readonly key: string;
  readonly weight?: number | undefined;
}

const path = z.string().min(1).transform(expandHome);
const key = z.string().min(1, 'empty; write a key of at least one character, or remove it');

const apiKeys = z
  .array(
    z.strictObject({
      name: z.string().min(1).describe('whose key it is: shown in logs and used for fairness'),
      key: key.describe('what the client sends'),
      weight: z.number().gt(0).optional().describe('its part of the engines when clients compete, 1 unless told'),
    }),
  )
  .superRefine((entries, context) => {
    for (const field of ['name', 'key'] as const) {
      const seen = new Map<string, number>();
      for (const [index, entry] of entries.entries()) {
        const first = seen.get(entry[field]);
        if (first === undefined) seen.set(entry[field], index);
        else {
          const message = `the same ${field} as in [${first}]; give everybody their own`;
          context.addIssue({ code: 'custom', path: [index, field], message });
        }
      }
    }
  });

const server = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('the address to listen on'),
    port: z.int().min(0).max(65535).default(8051).describe('the port to listen on, 0 for any free one'),
    apiKey: key.optional().describe('one key for everybody; apiKeys gives everybody their own'),
    apiKeys: apiKeys.default([]).describe('a name and a key for each client'),
    hostNames: z
      .array(z.string().min(1).toLowerCase())
      .default([])
      .describe('names, besides addresses and localhost, under which clients reach the gateway'),
    drainSeconds: z.number().min(0).default(20).describe('how long running answers may take at shutdown, in seconds'),
  })
  .transform(({ apiKey, ...rest }) => ({
    ...rest,
    apiKeys: apiKey === undefined ? rest.apiKeys : withMainKey(rest.apiKeys, apiKey),
  }));

const backends = z.record(z.string().min(1), backendEntry).superRefine((entries, context) => {
  for (const [name, entry] of Object.entries(entries)) {
    for (const { key, message } of entryProblems(name, entry)) {
      context.addIssue({ code: 'custom', path: [name, key], message });
    }
  }
});

const cache = z.strictObject({
  responses: z
    .strictObject({ max: z.int().min(0).default(32).describe('answers kept for repeated requests, 0 for none') })
    .prefault({}),
  snapshots: z
    .strictObject({
      dir: path.prefault('~/.cache/warmslot/snapshots').describe('where the embedded engine keeps prefixes'),
      maxBytes: z.int().min(0).default(8_589_934_592).describe('the most bytes they may take, 0 for none'),
    })
    .prefault({}),
  models: z
    .strictObject({
      dir: path.prefault('~/.cache/warmslot/models').describe('where downloaded models are kept'),
    })
    .prefault({}),
});

const scheduling = z.strictObject({
  maxWaiting: z.int().min(0).default(256).describe('requests that may wait for a slot; more are told to come back'),
  maxWaitingPerClient: z.int().min(0).default(64).describe('of them, for each client'),
  maxWaitSeconds: z
    .number()
    .gt(0)
    .default(1_800)
    .describe('the longest wait for a slot, predicted or real, in seconds'),
  graceSeconds: z
    .number()
    .min(0)
    .default(5)
    .describe('how long an answer whose client vanished is gone on with, in case it asks again, in seconds'),
  warmUp: z.boolean().default(true).describe('prefills, while an engine is idle, what is likely to be asked for next'),
});

export const configSchema = z.strictObject({
  $schema: z.string().optional().describe("for editors: this schema's address"),
  server: server.prefault({}),
  backend: z.string().min(1).optional().describe('the one backend to use; absent: all enabled ones, by priority'),
  backends: backends.default({}),
  models: z
    .record(z.string().min(1), z.string().min(1))
    .default({})
    .describe('which backend a model name means; * in the name stands for anything'),
  cache: cache.prefault({}),
  prompt: z
    .strictObject({
      stableFirst: z
        .boolean()
        .default(true)
        .describe(
          'moves lines that change between directories and days behind what does not, so that sessions share more',
        ),
    })
    .prefault({}),
  scheduling: scheduling.prefault({}),
  debug: z
    .strictObject({
      level: z.int().min(0).max(3).default(0).describe('0 quiet, 1 requests, 2 decisions, 3 bodies'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(logLevels).default('info').describe('the least severity that is logged'),
      file: path.optional().describe('where the log goes, as lines of JSON; absent: to stderr'),
    })
    .prefault({}),
});

export type Config = Readonly<Omit<z.output<typeof configSchema>, '$schema'>>;
export type LogLevel = Config['log']['level'];

/** The key given without a name stands first: it is the one `warmslot env` hands out. */
export function withMainKey(keys: readonly ApiKey[], key: string): ApiKey[] {
  return [{ name: 'default', key }, ...keys.filter((entry) => entry.name !== 'default' && entry.key !== key)];
}

/** The published JSON schema, for editors. */
export function configJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(configSchema, { io: 'input' });
}
