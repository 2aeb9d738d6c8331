/** An environment in a form a shell or a program reads. */

export const shells = ['sh', 'fish', 'json'] as const;
export type Shell = (typeof shells)[number];

export function formatEnvironment(variables: Readonly<Record<string, string>>, shell: Shell): string {
  if (shell === 'json') return JSON.stringify(variables, null, 2);
  const line = shell === 'sh' ? shLine : fishLine;
  return Object.entries(variables)
    .map(([name, value]) => line(name, value))
    .join('\n');
}

/** Between single quotes sh takes everything as it is, but for the quote. */
function shLine(name: string, value: string): string {
  return `export ${name}='${value.replaceAll("'", `'\\''`)}'`;
}

/** Between single quotes fish knows two escapes: of the backslash and of the quote. */
function fishLine(name: string, value: string): string {
  return `set -gx ${name} '${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
