/** Checks that need no generation: engine, key, model, context window. */
import { enabledBackends } from '../../config/backends.ts';
import type { Config } from '../../config/schema.ts';
import { askStatus, type Health } from '../client.ts';
import { bad, type Finding, good, warning } from './finding.ts';

const working = ['up', 'degraded', 'halfOpen'];

/** @param described a line about each engine, where the gateway runs in this process */
export function checkEngines({ backends }: Health, described: readonly string[]): Finding[] {
  const anyWorks = backends.some(({ status, drained }) => working.includes(status) && !drained);
  return backends.map(({ name, type, status, drained }, index) => {
    const what = described[index] ?? `${name}: ${type} is ${drained ? 'drained' : status}`;
    if (working.includes(status) && !drained) return good(what);
    const resume = `POST /admin/resume-backend {"backend": "${name}"}, or the button on the page, gives it work again`;
    const fix = drained
      ? resume
      : `start the engine, or mend backends.${name} in the configuration; the gateway's log has the reason`;
    return anyWorks ? warning(what, fix) : bad(what, fix);
  });
}

export async function checkKey(config: Config, url: string, key: string | undefined): Promise<Finding> {
  const status = await askStatus(url, key);
  if (status === 401 || status === 403) {
    return bad('the gateway refuses the configured key', 'set WARMSLOT_API_KEY to one of its keys');
  }
  if (status !== 200) return bad(`the gateway answers ${status} for its models`, "see the gateway's log");
  if (key === undefined) return good('no key is needed from this machine; other machines are refused');
  if ((await askStatus(url, undefined)) === 200) {
    return warning('the gateway answers without a key too', 'restart it: its configuration is older than the file');
  }
  const names = config.server.apiKeys.map(({ name }) => name).join(', ');
  return good(`the key is accepted, and nothing is answered without one (keys: ${names})`);
}

export function checkModel({ model, model_loaded: loaded, backends }: Health): Finding {
  if (model === null) return bad('no engine has named a model', 'load a model in the engine');
  if (!loaded)
    return bad(`the model ${model} is not loaded`, 'wait until the engine has loaded it, then run doctor again');
  if (backends.every(({ demo }) => demo)) {
    return warning(
      `${model} has random weights: its answers are noise`,
      'warmslot pull hf:user/repo:Q4_K_M, then warmslot --model hf:user/repo:Q4_K_M; or run a vllm-mlx server',
    );
  }
  return good(`the model is ${model}`);
}

/** A coding agent's own prompt is about 20 000 tokens. */
const tight = 65_536;

/** @param said by the gateway; undefined when it does not */
export function checkContext(config: Config, said: number | undefined): Finding {
  const configured = enabledBackends(config)[0]?.contextWindow;
  const tokens = said ?? configured;
  if (tokens === undefined) {
    return warning('the context window is not known', 'set contextWindow of the backend in the configuration');
  }
  const text = `the context window is ${tokens} tokens${tokens === configured ? ', as configured' : ''}`;
  if (tokens >= tight) return good(text);
  return warning(
    text,
    'Claude Code needs some 20000 for its own prompt; give the engine a larger one if its memory allows',
  );
}
