/** How people and their agents work: prompts, tool loops, agents that fan out, titles on the side. */
import type { TraceRequest } from '../../../scripts/simulate/trace.ts';
import { type Agent, createAgent } from './agent.ts';
import type { Random } from './random.ts';

export interface Coder {
  readonly main: Agent;
  /** The person writes a prompt `gapMs` after the last answer, which the main agent works on for so many tool calls. */
  ask(gapMs: number, toolCalls: number): void;
  /** The same, with so many agents working side by side in the middle of it. */
  delegate(gapMs: number, agents: number, toolCallsEach: number): void;
}

export function createCoder(trace: TraceRequest[], random: Random, client: string, session = client): Coder {
  const key = `main of ${client}`;
  const main = createAgent(trace, {
    client,
    session,
    name: 'main',
    band: 'interactive',
    prefix: { key, tokens: 18_000 },
  });
  let agentsSoFar = 0;

  const begin = (gapMs: number) =>
    main.turn({ gapMs, tokens: random.between(30, 400), outputTokens: answerOf(random), callsTool: true });

  const toolLoop = (agent: Agent, calls: number) => {
    for (let call = 1; call < calls; call++) agent.turn({ ...toolReturns(random), callsTool: true });
    return agent.turn({ ...toolReturns(random), outputTokens: random.between(80, 300), callsTool: false });
  };

  const fanOut = (asked: string, agents: number, toolCallsEach: number) =>
    Array.from({ length: agents }, () => {
      agentsSoFar += 1;
      const agent = createAgent(trace, {
        client,
        session,
        name: `agent ${agentsSoFar}`,
        band: 'subagent',
        prefix: { key: `agents of ${client}`, tokens: 12_000 },
      });
      const tokens = random.between(200, 800);
      agent.turn({
        gapMs: random.between(5, 60),
        after: [asked],
        tokens,
        outputTokens: answerOf(random),
        callsTool: true,
      });
      return toolLoop(agent, toolCallsEach);
    });

  return {
    main,
    ask(gapMs, toolCalls) {
      begin(gapMs);
      toolLoop(main, toolCalls);
    },
    delegate(gapMs, agents, toolCallsEach) {
      begin(gapMs);
      const asked = main.turn({ ...toolReturns(random), callsTool: true });
      const reports = fanOut(asked, agents, toolCallsEach);
      main.turn({ ...toolReturns(random), gapMs: 20, after: reports, tokens: 400 * agents, callsTool: true });
      toolLoop(main, 2);
    },
  };
}

/** Titles have a short prompt of their own. */
export function addTitle(trace: TraceRequest[], client: string, session: string, gapMs: number): void {
  const title = createAgent(trace, {
    client,
    session,
    name: 'auxiliary',
    band: 'auxiliary',
    prefix: { key: 'titles', tokens: 600 },
  });
  title.turn({ gapMs, tokens: 300, outputTokens: 15, callsTool: false });
}

const answerOf = (random: Random) => random.between(40, 180);

/** Most tools read a file or search; some run tests. */
export function toolReturns(random: Random) {
  const slow = random.chance(0.3);
  const gapMs = slow ? random.between(500, 4_000) : random.between(10, 300);
  return { gapMs, tokens: random.between(100, 1_500), outputTokens: answerOf(random) };
}
