/** Prints the JSON schema of the configuration file, for editors and documentation. */
import { configJsonSchema } from '../src/config/schema.ts';

console.log(JSON.stringify(configJsonSchema(), null, 2));
