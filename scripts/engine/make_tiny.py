#!/usr/bin/env python3
"""Makes a tiny Qwen2-type model folder that the real vllm-mlx server loads on a CPU. Nothing is downloaded.

  python make_tiny.py OUT [--preset tiny|slow-prefill] [--strict-system]

The tokenizer is a byte-level BPE trained here on the sources of this Python's standard library, about 3.5 bytes a token.
The weights are random; the answers are scripted: see scripted_model.py.
--strict-system makes the template refuse a system message that is not the first one, as recent Qwen templates do.
Keep words like "qwen3", "coder", "nemotron" out of OUT: vllm-mlx looks at the name.
"""

import argparse
import json
import shutil
import sysconfig
from pathlib import Path

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_lm.models import qwen2
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

LAYERS = {
    "tiny": 1,  # the KV of a prompt costs next to nothing
    "slow-prefill": 2,  # the second layer's KV needs the first one's attention: about 2000 tokens/s at 20k tokens
}
VOCABULARY = 16384
CONTEXT = 131072
CORPUS_BYTES = 6_000_000
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MARKERS = ["<tool_call>", "</tool_call>", "<think>", "</think>"]
# What other families' tokenizers have as one token: their parsers see it come at once.
MARKERS += ["[TOOL_CALLS]", "[ARGS]", "<minimax:tool_call>", "</minimax:tool_call>", "<|tool_call>", "<tool_call|>", '<|"|>']
MARKERS += ["<|channel|>", "<|message|>", "<|constrain|>", "<|call|>", "<|start|>", "<|end|>", "<|python_tag|>", "<|tool_call|>"]

# The server renders with trim_blocks, so a line break after a block tag is lost: those that count are written {{ nl }}.
TEMPLATE = """\
{%- set nl = '\\n' -%}
{%- set ns = namespace(start=0, sys='You are a helpful assistant.') -%}
{%- if messages and messages[0].role == 'system' -%}
{%- set ns.start = 1 -%}
{%- set ns.sys = messages[0].content -%}
{%- endif -%}
{{ '<|im_start|>system' + nl + ns.sys }}
{%- if tools -%}
{{ nl + nl + '# Tools' + nl + nl + 'You may call one or more functions. Signatures are inside <tools></tools>:' + nl + '<tools>' }}
{%- for t in tools -%}{{ nl }}{{ t | tojson }}{%- endfor -%}
{{ nl + '</tools>' + nl + nl + 'Answer with <tool_call></tool_call> around {"name": ..., "arguments": ...}.' }}
{%- endif -%}
{{ '<|im_end|>' + nl }}
{%- for m in messages[ns.start:] -%}
{%- if m.role == 'tool' -%}
{%- if loop.first or loop.previtem.role != 'tool' -%}{{ '<|im_start|>user' }}{%- endif -%}
{{ nl + '<tool_response>' + nl + m.content + nl + '</tool_response>' }}
{%- if loop.last or loop.nextitem.role != 'tool' -%}{{ '<|im_end|>' + nl }}{%- endif -%}
{%- else -%}
STRICT{{ '<|im_start|>' + m.role + nl + (m.content or '') }}
{%- for c in m.tool_calls or [] -%}
{%- set f = c.function or c -%}
{%- if m.content or not loop.first -%}{{ nl }}{%- endif -%}
{{ '<tool_call>' + nl + '{"name": "' + f.name + '", "arguments": ' }}
{%- if f.arguments is string -%}{{ f.arguments }}{%- else -%}{{ f.arguments | tojson }}{%- endif -%}
{{ '}' + nl + '</tool_call>' }}
{%- endfor -%}
{{ '<|im_end|>' + nl }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant' + nl }}{%- endif -%}
"""
STRICT = "{%- if m.role == 'system' -%}{{ raise_exception('System message must be at the beginning.') }}{%- endif -%}"


def corpus():
    """Text to train the tokenizer on, prose first."""
    total = 0
    stdlib = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(stdlib.rglob("*"), key=lambda p: ("pydoc_data" not in p.parts, p)):
        if path.suffix in (".py", ".md", ".txt", ".json") and "site-packages" not in path.parts:
            text = path.read_text(encoding="utf-8", errors="ignore")
            yield text
            total += len(text)
            if total > CORPUS_BYTES:
                return


def make_tokenizer():
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SPECIAL) - len(MARKERS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tok.train_from_iterator(corpus(), trainer)
    tok.add_special_tokens([AddedToken(s, special=True) for s in SPECIAL])
    tok.add_tokens([AddedToken(s, special=False) for s in MARKERS])
    return tok


def tokenizer_config(strict_system):
    return dict(
        tokenizer_class="PreTrainedTokenizerFast",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        bos_token=None,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
        chat_template=TEMPLATE.replace("STRICT", STRICT if strict_system else ""),
    )


def model_config(layers, eos):
    return dict(
        model_type="qwen2",
        model_file="scripted_model.py",
        architectures=["Qwen2ForCausalLM"],
        hidden_size=32,
        num_hidden_layers=layers,
        intermediate_size=64,
        num_attention_heads=1,
        num_key_value_heads=1,
        rms_norm_eps=1e-6,
        vocab_size=VOCABULARY,
        max_position_embeddings=CONTEXT,
        rope_theta=1e6,
        tie_word_embeddings=True,
        torch_dtype="float32",
        eos_token_id=eos,
    )


def random_weights(config):
    mx.random.seed(0)
    model = qwen2.Model(qwen2.ModelArgs.from_dict(config))
    mx.eval(model.parameters())
    return dict(tree_flatten(model.parameters()))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=Path)
    p.add_argument("--preset", choices=LAYERS, default="tiny")
    p.add_argument("--strict-system", action="store_true")
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)

    tok = make_tokenizer()
    config = model_config(LAYERS[a.preset], tok.token_to_id("<|im_end|>"))
    tok.save(str(a.out / "tokenizer.json"))
    (a.out / "tokenizer_config.json").write_text(json.dumps(tokenizer_config(a.strict_system)))
    (a.out / "config.json").write_text(json.dumps(config, indent=1))
    shutil.copy(Path(__file__).parent / "scripted_model.py", a.out)
    mx.save_safetensors(str(a.out / "model.safetensors"), random_weights(config), metadata={"format": "mlx"})


if __name__ == "__main__":
    main()
