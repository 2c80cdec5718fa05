// Finds the tiles of a layer by their TileJSON, and checks the style that MapLibre would load.
const base = process.env.AMPARO_URL ?? "http://127.0.0.1:8000";
const get = async (address, headers = {}) => {
  const answer = await fetch(address, { headers });
  if (!answer.ok && answer.status !== 304) throw new Error(`${answer.status} ${address}`);
  return answer;
};

const tilejson = await (await get(`${base}/tiles/roads/tilejson`)).json();
console.log(`${tilejson.name}: zoom ${tilejson.minzoom} to ${tilejson.maxzoom}`);
console.log(`credit: ${tilejson.attribution}`);

// The tile of Cúcuta at zoom 8, as every slippy map counts them.
const [lon, lat, z] = [-72.5, 7.9, 8];
const x = Math.floor(((lon + 180) / 360) * 2 ** z);
const y = Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * 2 ** z);
const address = tilejson.tiles[0].replace("{z}", z).replace("{x}", x).replace("{y}", y);
const tile = await get(address);
console.log(`tile: ${(await tile.arrayBuffer()).byteLength > 0 ? "drawn" : "empty"}`);

// An unchanged tile costs one small answer.
const again = await get(address, { "If-None-Match": tile.headers.get("etag") });
console.log(`again: ${again.status}`);

const style = await (await get(`${base}/styles/amparo`)).json();
console.log(`style: version ${style.version}, sources ${Object.keys(style.sources).join(", ")}`);
