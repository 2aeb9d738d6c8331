/** Writes the directives that tell a test engine what to answer (test/support/directives.ts). */

/** A prompt of several steps: what to answer at first, then after each turn of tool results. */
export function script(...steps: readonly (readonly string[])[]): string {
  return steps.map((lines) => lines.join('\n')).join('\nTHEN\n');
}

export const say = (text: string) => `SAY:${text.replaceAll('\n', '\\n')}`;
export const think = (text: string) => `THINK:${text}`;
export const words = (count: number) => `LONG:${count}`;
/** Milliseconds between two tokens. */
export const slowly = (ms: number) => `DELAY:${ms}`;
/** Milliseconds before the first token. */
export const hang = (ms: number) => `HANG:${ms}`;
export const call = (name: string, input: object) => `TOOL:${name}:${JSON.stringify(input)}`;
export const bash = (command: string) => call('Bash', { command, description: 'Run it' });

/** A script that writes, edits and runs a file. */
export function fileLoop(path: string): string {
  return script(
    [say('I write it.'), call('Write', { file_path: path, content: "print('hello')\n" })],
    [call('Edit', { file_path: path, old_string: 'hello', new_string: 'goodbye' })],
    [bash('python3 hello.py')],
    [say('It printed goodbye.')],
  );
}
