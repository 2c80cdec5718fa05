// Reads a whole collection page by page. Node 20 or newer, or a browser; no packages.
const base = process.env.AMPARO_URL ?? "http://127.0.0.1:8000";

async function* features(collection, asked = {}) {
  let address = `${base}/collections/${collection}/items?${new URLSearchParams(asked)}`;
  while (address) {
    const answer = await fetch(address);
    const body = await answer.json();
    // A problem says what is wrong and what helps (RFC 9457).
    if (!answer.ok) throw new Error(`${body.title}: ${body.detail} ${body.what_to_do}`);
    yield* body.features;
    // The link carries the whole question, and loses and repeats nothing.
    address = body.links.find((link) => link.rel === "next")?.href;
  }
}

let count = 0;
for await (const space of features("spaces", { limit: 10 })) count += space.id ? 1 : 0;
console.log(`spaces: ${count}`);

const filter = "country = 'CO' AND population > 500000";
for await (const town of features("places", { filter, sortby: "-population" })) {
  console.log(`  ${town.properties.name}: ${town.properties.population}`);
}
