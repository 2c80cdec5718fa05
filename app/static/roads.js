// The corridor sketch of a pack, and where along a way over it help lies.
//
// Roads that may not be used are not in it, but for those that a published exclusion shuts: they are
// told apart, for who is told what a detour goes round (P54), and no way leads over them.
import { folded } from './names.js';
import { distanceM } from './spaces.js';

const DEGREE_PARTS = 100_000;
const MINUTE_MS = 60_000;
const METRES_A_DEGREE = 111_195;
const ACCESS_M = 1_000; // definitions.md, "Support along a route"
const TOWN_M = 10_000; // as routing/travel/sketch_towns.py
const NAMED_TOWN_M = 25_000;

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
  const borders = new Set(gates.flatMap(({ from, to }) => [from, to]));
  const named = nodes.name.flatMap((name, node) => (name === null ? [] : [node]));
  const plain = named.map((node) => labelOf(nodes, node, false));
  const isTwice = new Set(plain.filter((label, index) => plain.indexOf(label) !== index));
  const towns = new Map();
  for (const [index, node] of named.entries()) {
    const label = isTwice.has(plain[index]) ? labelOf(nodes, node, true) : plain[index];
    if (!towns.has(label)) towns.set(label, node);
  }
  return {
    nodes, roads, links, gates, towns, pack,
    fullLabelOf: (node) => labelOf(nodes, node, true),
    // Official crossings, though named, are no towns.
    townNodes: named.filter((node) => !borders.has(node) && nodes.country[node]),
    positionOf: (node) => [nodes.lon[node] / DEGREE_PARTS, nodes.lat[node] / DEGREE_PARTS],
  };
}

/** A town's name with its department, where that is known, and its country. */
function labelOf({ name, admin1 = [], country }, node, isFull) {
  return [name[node], isFull ? admin1[node] : null, country[node]].filter(Boolean).join(', ');
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

/** The time zone of a country, as its crossings tell it; minutes do not matter on foot. */
export const zoneOf = (pack, country) =>
  pack.around.crossings.find(({ countries }) => countries.includes(country))?.timezone ?? 'UTC';

/** How far a time zone is ahead of UTC at a moment. */
export function zoneOffsetMs(timezone, ms) {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone, year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', hourCycle: 'h23',
  }).formatToParts(ms).reduce((all, { type, value }) => ({ ...all, [type]: Number(value) }), {});
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute) - Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

/**
 * Spaces that support a way, by where on it they lie: within reach of it, or else in a town that it
 * comes through, at the town's node, for a sketch leaves out every bend and street.
 */
export function spacesAlong(way, spaces, network) {
  const found = [];
  for (const space of spaces) {
    const atM = placeOn(way, [space.lon, space.lat]) ?? townPlaceOn(way, network, space);
    if (atM !== null) found.push({ space, atM });
  }
  return found.sort((a, b) => a.atM - b.atM || (a.space.id < b.space.id ? -1 : 1));
}

/** Metres along a way to the nearest place on it, or null where that is out of reach. */
function placeOn({ line, at }, position) {
  let best = null;
  for (let i = 0; i + 1 < line.length; i += 1) {
    const [metres, share] = toSegment(position, line[i], line[i + 1]);
    // Of two that meet at the space the first one wins, whatever the rounding.
    if (metres <= ACCESS_M && (best === null || metres < best.metres - 1e-6)) {
      best = { metres, atM: at[i] + share * (at[i + 1] - at[i]) };
    }
  }
  return best?.atM ?? null;
}

function townPlaceOn(way, network, space) {
  const node = townOf(network, space);
  return node === null ? null : placeOn(way, network.positionOf(node));
}

/**
 * The node of the town in which a space lies, of its own country, or null (routing/travel/sketch_towns.py): the
 * nearest of the name that the space states, else the nearest of any name that is near enough.
 */
export function townOf({ townNodes, nodes, positionOf }, { lon, lat, country, locality }) {
  const place = folded(locality ?? '');
  let [named, any] = [{ metres: NAMED_TOWN_M, node: null }, { metres: TOWN_M, node: null }];
  for (const node of townNodes) {
    if (nodes.country[node] !== country) continue;
    const metres = flatDistanceM([lon, lat], positionOf(node));
    const isNearer = (best) => metres < best.metres || (best.node === null && metres === best.metres);
    if (isNearer(named) && folded(nodes.name[node]) === place) named = { metres, node };
    if (isNearer(any)) any = { metres, node };
  }
  return named.node ?? any.node;
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

function flatDistanceM([lon, lat], [otherLon, otherLat]) {
  const east = (otherLon - lon) * Math.cos((lat * Math.PI) / 180);
  return Math.hypot(east, otherLat - lat) * METRES_A_DEGREE;
}

function toSegment([lon, lat], [fromLon, fromLat], [toLon, toLat]) {
  // Short distances: a degree of longitude shrinks with the cosine of the latitude.
  const east = METRES_A_DEGREE * Math.cos((lat * Math.PI) / 180);
  const [ax, ay] = [(toLon - fromLon) * east, (toLat - fromLat) * METRES_A_DEGREE];
  const [px, py] = [(lon - fromLon) * east, (lat - fromLat) * METRES_A_DEGREE];
  const length2 = ax * ax + ay * ay;
  const share = length2 === 0 ? 0 : Math.min(1, Math.max(0, (px * ax + py * ay) / length2));
  return [Math.hypot(px - share * ax, py - share * ay), share];
}
