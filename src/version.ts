import { createRequire } from 'node:module';
import { z } from 'zod';

/** This package's version, from package.json. */
export const { version } = z
  .looseObject({ version: z.string() })
  .parse(createRequire(import.meta.url)('../package.json'));
