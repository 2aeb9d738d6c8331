import { complaint, isNewEnough } from './node24.mjs';

if (!isNewEnough()) {
  console.error(complaint());
  process.exit(1);
}
