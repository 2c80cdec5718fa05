// Searches ways over streets beside the page: one town's streets are in memory at a time.
import { askWays } from './because.js';
import { meet } from './street-ends.js';
import { storedStreets } from './street-packs.js';
import * as engine from './street-ways.js';
import { readStreets } from './streets.js';

let current = null;

/** The network of a code as of a moment, read again when what is known has changed or expired. */
async function networkOf(code, nowMs) {
  const stored = await storedStreets(code, nowMs);
  if (stored === null) return null;
  const edition = `${code} ${stored.known?.start ?? ''}`;
  if (current?.edition !== edition) {
    current = null; // room for the next, before it is read
    current = { edition, network: engine.makeStreetNetwork(readStreets(stored.buffer), stored.known) };
  }
  return current.network;
}

async function answer({ code, from, to, startMs }) {
  const network = await networkOf(code, startMs);
  if (network === null) return { refusal: 'gone' };
  const ends = meet(network.streets, from, to);
  if (ends === null) return { refusal: 'far' };
  return { ...askWays(network, ...ends, startMs, engine), zone: network.streets.timezone };
}

addEventListener('message', async ({ data: { id, question } }) => {
  try {
    postMessage({ id, found: await answer(question) });
  } catch (error) {
    postMessage({ id, error: String(error) });
  }
});
