"""A scripted language model for mlx-lm: warmslot is tested with it against the real vllm-mlx server.

make_tiny.py copies this file into the model folder and names it in config.json ("model_file"); mlx-lm 0.31 then loads
`Model` and `ModelArgs` from here. It is a real (tiny, random) Qwen2 backbone, so prefill and decode cost real
time and fill a real KV cache. The one unreal thing: the logits. They are one-hot for the next token of a text chosen
by directives in the last user message.

How the model knows the prompt: the engine hands over only the tokens it did not find in a cache, so one extra cache
layer, the "tape", keeps the token ids themselves as keys and values. Whatever the engine restores, trims, merges or
evicts happens to the tape too. The directive SEEN prints what the tape holds: number of tokens and a digest, which
proves that a restored prefix was the right one.

Directives: at the start of a line of the last user message. Those of one phase are concatenated in order.
  SAY:text            text (\\n for a line break)
  RAW:text            the same, no other meaning: raw markup of another model family
  THINK:text          <think>\\ntext\\n</think>\\n\\n
  TOOL:name:{json}    a hermes <tool_call>
  XTOOL:name:{json}   a qwen3-coder style <tool_call><function=..>
  LONG:n              n words
  SEEN                "seen=<tokens> sha=<8 hex>" of the whole prompt
  DELAY:ms            extra time for each decoded token (whole engine)
  HANG:ms             extra time once, before the first token
  THEN                a new phase: what to answer after the next tool result
Phase k is used after k tool-result turns. With no directive: "OK."; after the last phase: "Done."
A user turn of nothing but <system-reminder> blocks is passed over: clients put them behind tool results.

test/support/directives.ts holds the same rules for the fake engine; test/engine holds both to one contract.
"""

import hashlib
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx_lm.models import qwen2
from tokenizers import Tokenizer

_DIRECTIVE = re.compile(r"^(SAY|RAW|THINK|TOOL|XTOOL|LONG|DELAY|HANG):(.*)$|^(SEEN|THEN)\s*$", re.M)
_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.S)
_TOOL_RESULT = "<tool_response>"
_PLANS_KEPT = 64


@dataclass
class ModelArgs(qwen2.ModelArgs):
    model_file: str = "scripted_model.py"


class Tape(nn.Module):
    """Stands for the extra cache layer. It has no weights."""


class Script:
    """Prompt token ids -> ids of the scripted answer."""

    def __init__(self, folder):
        self.tok = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.im_start = self.tok.token_to_id("<|im_start|>")
        self.im_end = self.tok.token_to_id("<|im_end|>")
        self.header = self.tok.encode("assistant\n", add_special_tokens=False).ids
        self.plans = {}

    def next_token(self, ids):
        """The next token of the answer to the prompt in `ids`, and the seconds to wait before it."""
        starts = np.flatnonzero(ids == self.im_start)
        if not len(starts):
            return self.tok.token_to_id("A"), 0.0
        start = int(starts[-1]) + 1
        end = start + len(self.header)
        if ids[start:end].tolist() != self.header:
            return self.im_end, 0.0  # the middle of a prefill: nobody looks at this token
        answer, delay, hang = self.plan_of(ids[: start - 1], ids[:end])
        done = len(ids) - end
        wait = delay + (hang if done == 0 else 0.0)
        return (answer[done] if done < len(answer) else self.im_end), wait

    def plan_of(self, turns, prompt):
        key = hashlib.sha256(prompt.tobytes()).hexdigest()
        if key not in self.plans:
            if len(self.plans) >= _PLANS_KEPT:
                self.plans.clear()
            self.plans[key] = self.plan(turns, f"seen={len(prompt)} sha={key[:8]}")
        return self.plans[key]

    def plan(self, ids, seen):
        """The answer's token ids, the seconds to wait before each of them, and those before the first."""
        last_user, phase = self.position(self.tok.decode(ids.tolist(), skip_special_tokens=False))
        phases, delay, hang = [[]], 0.0, 0.0
        for m in _DIRECTIVE.finditer(last_user):
            name, value = m.group(1) or m.group(3), (m.group(2) or "").rstrip("\r")
            if name == "THEN":
                phases.append([])
            elif name == "DELAY":
                delay = float(value) / 1000
            elif name == "HANG":
                hang = float(value) / 1000
            else:
                phases[-1].append(self.piece(name, value, seen))
        if phase < len(phases) and phases[phase]:
            text = "".join(phases[phase])
        else:
            text = "Done." if any(phases) or phase else "OK."
        return self.tok.encode(text, add_special_tokens=False).ids, delay, hang

    @staticmethod
    def position(text):
        """The last user message, and the number of tool-result turns since."""
        phase = 0
        for turn in reversed(text.split("<|im_start|>")[1:]):
            role, _, body = turn.partition("\n")
            body = body.replace("<|im_end|>", "")
            if role.strip() != "user" or ("<system-reminder>" in body and not _REMINDER.sub("", body).strip()):
                continue
            if not body.lstrip().startswith(_TOOL_RESULT):
                return body, phase
            phase += 1
        return "", phase

    @staticmethod
    def piece(name, value, seen):
        text = value.replace("\\n", "\n")
        if name in ("SAY", "RAW"):
            return text
        if name == "THINK":
            return f"<think>\n{text}\n</think>\n\n"
        if name == "LONG":
            return " ".join(f"w{i}" for i in range(int(value)))
        if name == "SEEN":
            return seen
        tool, _, args = value.partition(":")
        if name == "TOOL":
            return f'<tool_call>\n{{"name": "{tool}", "arguments": {args or "{}"}}}\n</tool_call>'
        parameters = "".join(
            f"<parameter={key}>\n{v if isinstance(v, str) else json.dumps(v)}\n</parameter>\n"
            for key, v in json.loads(args or "{}").items()
        )
        return f"<tool_call>\n<function={tool}>\n{parameters}</function>\n</tool_call>"


class Model(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.args = args
        self.model_type = args.model_type
        self.model = qwen2.Qwen2Model(args)
        self.tape = Tape()
        self._script = Script(Path(__file__).parent)

    @property
    def layers(self):
        """One cache is made for each: the last one is the tape's."""
        return [*self.model.layers, self.tape]

    def __call__(self, inputs, cache=None, input_embeddings=None):
        batch, length = inputs.shape
        hidden = self.model(inputs, cache[:-1] if cache else None)
        real = self.model.embed_tokens.as_linear(hidden[:, -1:, :])
        if not cache:
            return mx.broadcast_to(real, (batch, length, real.shape[-1]))
        # One up, so that no token looks like the zeros of a padded cache.
        ids = (inputs + 1).astype(mx.float32)[:, None, :, None]
        tape, _ = cache[-1].update_and_fetch(ids, ids)
        rows = np.array(tape[:, 0, :, 0]).astype(np.int64) - 1
        pads = getattr(cache[-1], "left_padding", None)
        pads = [0] * batch if pads is None else np.array(pads).tolist()
        wanted = np.full((batch, 1, real.shape[-1]), -60.0, dtype=np.float32)
        wait = 0.0
        for i in range(batch):
            token, delay = self._script.next_token(rows[i, max(0, int(pads[i])):])
            wanted[i, 0, token] = 60.0
            wait = max(wait, delay)
        if wait:
            time.sleep(wait)
        # The backbone's work must stay in the graph, or MLX would never do it.
        scripted = mx.array(wanted) + 0.0 * real
        return mx.broadcast_to(scripted, (batch, length, real.shape[-1]))
