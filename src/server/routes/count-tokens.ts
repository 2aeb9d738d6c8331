/** `POST /v1/messages/count_tokens`: exact where the engine is embedded, else learned from what engines reported. */
import type { FastifyInstance } from 'fastify';
import { type PromptRules, toPrompt } from '../../prompt/canonical.ts';
import { countTokensRequest, describeIssue } from '../../protocol/anthropic/request.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { Gateway } from '../../runtime/gateway.ts';

export function countTokensRoute(app: FastifyInstance, gateway: Gateway, rules: PromptRules): void {
  app.post('/v1/messages/count_tokens', async (request) => {
    const parsed = countTokensRequest.safeParse(request.body);
    if (!parsed.success) throw new GatewayError('invalid_request', describeIssue(parsed.error));
    return { input_tokens: gateway.countTokens(toPrompt(parsed.data, rules)) };
  });
}
