/** Python's constants as JSON has them: models that were trained on Python write them into JSON, too. */
export const pythonConstants: ReadonlyMap<string, string> = new Map([
  ['True', 'true'],
  ['False', 'false'],
  ['None', 'null'],
]);
