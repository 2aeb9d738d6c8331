/** A Prompt as the one text a model reads: through the model's own chat template. */
import type { Prompt } from '../../prompt/types.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { chatmlTemplate } from './chatml.ts';
import type { Library } from './library.ts';
import { toDefinitions, toMessages } from './messages.ts';

export interface TemplateSource {
  /** The model's own; undefined for a file without one. */
  readonly template: string | undefined;
  /** Texts of the special tokens templates ask for; empty where the tokenizer adds the token itself. */
  readonly bos: string;
  readonly eos: string;
}

export type Render = (prompt: Prompt) => string;

/** @throws GatewayError engine_failed: the template is none that can be read */
export function createRenderer({ jinja }: Pick<Library, 'jinja'>, source: TemplateSource): Render {
  const template = parse();
  return (prompt) => {
    const tools = toDefinitions(prompt);
    try {
      return template.render({
        messages: toMessages(prompt),
        ...(tools.length > 0 ? { tools } : {}),
        add_generation_prompt: true,
        bos_token: source.bos,
        eos_token: source.eos,
        ...thinkingSwitch(prompt),
      });
    } catch (error) {
      throw new GatewayError(
        'engine_refused',
        `The model's chat template refuses this conversation: ${reason(error)}`,
        {
          cause: error,
        },
      );
    }
  };

  function parse(): InstanceType<Library['jinja']['Template']> {
    try {
      return new jinja.Template(source.template ?? chatmlTemplate);
    } catch (error) {
      throw new GatewayError('engine_failed', `The model's chat template cannot be read: ${reason(error)}`, {
        cause: error,
      });
    }
  }
}

/** Templates of models that can do both read `enable_thinking`; left out, the model's default holds. */
function thinkingSwitch({ settings }: Prompt): { enable_thinking?: boolean } {
  // A grammar for the answer leaves no room to think in.
  if (settings.outputSchema || settings.thinking === 'disabled') return { enable_thinking: false };
  return settings.thinking === 'enabled' ? { enable_thinking: true } : {};
}

/**
 * What the template has already begun to say for the model: some open the thinking themselves, and its end would then come
 * without a beginning.
 */
export function begunAnswer(rendered: string): string {
  return /<think>\s*$/.exec(rendered)?.[0] ?? '';
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
