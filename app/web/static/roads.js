// The corridor sketch of a pack, and where along a way over it help lies.
//
// Roads that may not be used are not in it, but for those that a published exclusion shuts: they are
// told apart, for who is told what a detour goes round (P54), and no way leads over them.
import { distanceM } from './spaces.js';

const DEGREE_PARTS = 100_000;
const MINUTE_MS = 60_000;
const ACCESS_M = 1_000; // definitions.md, "Support along a route"

/** The network of a pack, ready to search; null where the pack has none. */
export function readRoads(pack) {
  const given = pack.around?.roads;
  if (!given) return null;
  const { nodes } = given;
  const roads = joined(given.roads, given.excluded);
  const count = nodes.lon.length;
  const links = Array.from({ length: count }, () => []);
  const gates = [];
  roads.tail.forEach((tail, road) => {
    const head = roads.head[road];
    if (roads.gates[road] === null) {
      links[tail].push([head, road]);
      links[head].push([tail, road]);
      return;
    }
    const posts = roads.gates[road];
    gates.push({ road, from: tail, to: head, posts }, { road, from: head, to: tail, posts: [...posts].reverse() });
  });
  const towns = new Map();
  for (let node = 0; node < count; node += 1) {
    if (nodes.name[node] === null) continue;
    const label = nodes.country[node] ? `${nodes.name[node]}, ${nodes.country[node]}` : nodes.name[node];
    if (!towns.has(label)) towns.set(label, node);
  }
  return {
    nodes, roads, links, gates, towns, pack, positionOf: (node) => [nodes.lon[node] / DEGREE_PARTS, nodes.lat[node] / DEGREE_PARTS],
  };
}

/** The columns of roads with those that an exclusion shuts behind them; packs of before have none. */
function joined(roads, excluded) {
  const shut = roads.tail.map(() => null);
  if (!excluded) return { ...roads, shut };
  const each = Object.keys(roads).map((name) => [name, [...roads[name], ...excluded[name]]]);
  return { ...Object.fromEntries(each), shut: [...shut, ...excluded.shut] };
}

/** The town nearest to a position, of its own country where one is given (P33). */
export function nearestTown(network, position, country = null) {
  let best = null;
  for (const node of network.towns.values()) {
    if (country !== null && network.nodes.country[node] !== country) continue;
    const distance = distanceM(position, network.positionOf(node));
    if (best === null || distance < best.distance) best = { node, distance };
  }
  return best?.node ?? null;
}

/** A country's offset from UTC, as its crossings tell it; minutes do not matter on foot. */
export function offsetOf(pack, country, ms) {
  const crossing = pack.around.crossings.find(({ countries }) => countries.includes(country));
  return zoneOffsetMs(crossing?.timezone ?? 'UTC', ms);
}

/** How far a time zone is ahead of UTC at a moment. */
export function zoneOffsetMs(timezone, ms) {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone, year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', hourCycle: 'h23',
  }).formatToParts(ms).reduce((all, { type, value }) => ({ ...all, [type]: Number(value) }), {});
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute) - Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

/** Spaces within reach of a way, by where on it they lie. */
export function spacesAlong(way, spaces) {
  const found = [];
  for (const space of spaces) {
    let best = null;
    for (let i = 0; i + 1 < way.line.length; i += 1) {
      const [metres, share] = toSegment([space.lon, space.lat], way.line[i], way.line[i + 1]);
      if (metres <= ACCESS_M && (best === null || metres < best.metres)) {
        best = { metres, atM: way.at[i] + share * (way.at[i + 1] - way.at[i]) };
      }
    }
    if (best) found.push({ space, atM: best.atM });
  }
  return found.sort((a, b) => a.atM - b.atM);
}

/** The longest stretch between places of a list (metres on the way), the ends counting as places. */
export function longestGap(way, placesM) {
  const stops = [0, ...placesM, way.lengthM];
  let gap = { fromM: 0, lengthM: 0 };
  for (let i = 0; i + 1 < stops.length; i += 1) {
    if (stops[i + 1] - stops[i] > gap.lengthM) gap = { fromM: stops[i], lengthM: stops[i + 1] - stops[i] };
  }
  return gap;
}

function toSegment([lon, lat], [fromLon, fromLat], [toLon, toLat]) {
  // Short distances: a degree of longitude shrinks with the cosine of the latitude.
  const east = 111_195 * Math.cos((lat * Math.PI) / 180);
  const [ax, ay] = [(toLon - fromLon) * east, (toLat - fromLat) * 111_195];
  const [px, py] = [(lon - fromLon) * east, (lat - fromLat) * 111_195];
  const length2 = ax * ax + ay * ay;
  const share = length2 === 0 ? 0 : Math.min(1, Math.max(0, (px * ax + py * ay) / length2));
  return [Math.hypot(px - share * ax, py - share * ay), share];
}
