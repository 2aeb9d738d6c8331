/** A Prompt as the one text a model reads: through the model's own chat template. */
import type { Prompt } from '../../prompt/types.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { chatmlTemplate } from './chatml.ts';
import type { Library } from './library.ts';
import { type TemplateInput, toTemplateInput } from './messages.ts';
import { toolProbe } from './tool-probe.ts';

export interface TemplateSource {
  /** The model's own; undefined for a file without one. */
  readonly template: string | undefined;
  /** Texts of the special tokens templates ask for; empty where the tokenizer adds the token itself. */
  readonly bos: string;
  readonly eos: string;
}

export type Render = (prompt: Prompt) => string;

type Rendered = { readonly text: string } | { readonly refusal: unknown };

/** @throws GatewayError engine_failed: the template is none that can be read */
export function createRenderer({ jinja }: Pick<Library, 'jinja'>, source: TemplateSource): Render {
  const template = parse();
  const probed = render(toolProbe.input);
  const knowsTools = 'text' in probed && toolProbe.marks.every((mark) => probed.text.includes(mark));

  return (prompt) => {
    const flags = thinkingSwitch(prompt);
    const given = render(toTemplateInput(prompt, !knowsTools), flags);
    // Some templates that know tools take one call at a time and refuse two.
    const plain = 'refusal' in given && knowsTools ? render(toTemplateInput(prompt, true), flags) : given;
    if ('text' in plain) return plain.text;
    const quote = reason(plain.refusal);
    const words = `The model's chat template refuses this conversation: ${quote}`;
    throw new GatewayError('engine_refused', words, { cause: plain.refusal, quote });
  };

  function render({ messages, tools }: TemplateInput, flags: object = {}): Rendered {
    const written = { messages, ...(tools.length > 0 ? { tools } : {}), add_generation_prompt: true };
    try {
      return { text: template.render({ ...written, bos_token: source.bos, eos_token: source.eos, ...flags }) };
    } catch (refusal) {
      return { refusal };
    }
  }

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
