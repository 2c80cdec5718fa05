// Begins a copy of a collection and follows it once: what to do at least every 24 hours.
const base = process.env.AMPARO_URL ?? "http://127.0.0.1:8000";

async function follow(collection, copy) {
  for (;;) {
    const asked = new URLSearchParams(copy.token ? { since: copy.token } : {});
    const answer = await fetch(`${base}/collections/${collection}/changes?${asked}`);
    if (answer.status === 410) {
      copy = { features: new Map() }; // too old to be followed, so too old to be kept
      continue;
    }
    if (!answer.ok) throw new Error(`${answer.status}: ${(await answer.json()).detail}`);
    const page = await answer.json();
    for (const feature of page.features) copy.features.set(feature.id, feature);
    for (const id of page.gone) copy.features.delete(id);
    copy.token = page.token;
    if (page.complete) return copy;
  }
}

let copy = await follow("spaces", { features: new Map() });
console.log(`spaces: ${copy.features.size}`);
copy = await follow("spaces", copy); // tomorrow, say: only what has changed is sent

const today = new Date().toISOString().slice(0, 10);
const usable = [...copy.features.values()].filter(
  ({ properties }) => (properties.expires_on ?? "9") >= today,
);
console.log(`may be shown today: ${usable.length}`);
