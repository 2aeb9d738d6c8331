/** Something in the configuration, a flag or the environment that cannot be used: one line, `where: what; what to do`. */
export class ConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigError';
  }
}
