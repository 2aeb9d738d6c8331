import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { claudeEnvironment } from '../../src/cli/claude-environment.ts';
import { formatEnvironment } from '../../src/cli/shell.ts';

/** What a process started by sh sees after the lines were evaluated. */
function throughSh(lines: string): Record<string, string> {
  const output = execFileSync('/bin/sh', ['-c', `${lines}\nexec env -0`], {
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
  });
  return Object.fromEntries(
    output.split('\0').map((entry) => [entry.split('=')[0], entry.slice(entry.indexOf('=') + 1)]),
  );
}

test('every value survives sh, whatever is in it', () => {
  const value = fc.string({ unit: fc.constantFrom(...'ab \'"\\$`!\n;#é*~') });
  fc.assert(
    fc.property(fc.array(value, { minLength: 30, maxLength: 30 }), (values) => {
      const variables = Object.fromEntries(values.map((text, index) => [`WARMSLOT_TEST_${index}`, text]));
      expect(throughSh(formatEnvironment(variables, 'sh'))).toMatchObject(variables);
    }),
    { numRuns: 20 },
  );
});

test('fish has its own quoting', () => {
  expect(formatEnvironment({ A: "it's \\ $x" }, 'fish')).toBe("set -gx A 'it\\'s \\\\ $x'");
});

test('Claude Code gets its three timeouts off, one model for everything, and its sizes', () => {
  const model = { id: 'anthropic-qwen', contextWindow: 131072, maxOutputTokens: 8192 };
  const variables = claudeEnvironment({ url: 'http://127.0.0.1:8051', key: undefined, model });
  expect(throughSh(formatEnvironment(variables, 'sh'))).toMatchObject({
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:8051',
    ANTHROPIC_AUTH_TOKEN: 'warmslot',
    ANTHROPIC_MODEL: 'anthropic-qwen',
    ANTHROPIC_DEFAULT_OPUS_MODEL: 'anthropic-qwen',
    ANTHROPIC_DEFAULT_SONNET_MODEL: 'anthropic-qwen',
    ANTHROPIC_DEFAULT_HAIKU_MODEL: 'anthropic-qwen',
    CLAUDE_CODE_MAX_CONTEXT_TOKENS: '131072',
    CLAUDE_CODE_AUTO_COMPACT_WINDOW: '131072',
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: '8192',
    API_FORCE_IDLE_TIMEOUT: '0',
    API_TIMEOUT_MS: '1800000',
    CLAUDE_ENABLE_STREAM_WATCHDOG: '0',
    CLAUDE_CODE_ATTRIBUTION_HEADER: '0',
    DISABLE_PROMPT_CACHING: '1',
    CLAUDE_CODE_GATEWAY_HINT_HEADERS: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  });
  expect(JSON.parse(formatEnvironment(variables, 'json'))).toEqual(variables);
});
