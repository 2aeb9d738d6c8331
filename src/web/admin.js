/** What the owner can have done: `POST /admin/…`. */
import { authorization } from './follow.js';

/**
 * @param {string} action
 * @param {object} body
 * @param {string} key
 * @returns {Promise<{ text: string, failed: boolean }>} what came of it, in the gateway's words
 */
export async function act(action, body, key) {
  try {
    const response = await fetch(`/admin/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization(key) },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    return response.ok ? { text: answer.done, failed: false } : { text: answer.error.message, failed: true };
  } catch {
    return { text: 'The gateway did not answer.', failed: true };
  }
}
