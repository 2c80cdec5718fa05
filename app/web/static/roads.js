// A way over the corridor sketch, found on the phone: the server's rules on a thousand nodes.
//
// Roads that may not be used are not in the pack. Borders are crossed at official crossings alone,
// and only where they are known to be open when somebody gets there, or to open after it (P10, P32).
import { distanceM } from './spaces.js';
import { holdsAt, passableFrom, stateAt } from './states.js';

const DEGREE_PARTS = 100_000;
const MINUTE_MS = 60_000;
const ACCESS_M = 1_000; // definitions.md, "Support along a route"

/** The network of a pack, ready to search; null where the pack has none. */
export function readRoads(pack) {
  const given = pack.around?.roads;
  if (!given) return null;
  const { nodes, roads } = given;
  const count = nodes.lon.length;
  const links = Array.from({ length: count }, () => []);
  roads.tail.forEach((tail, road) => {
    links[tail].push([roads.head[road], road]);
    links[roads.head[road]].push([tail, road]);
  });
  const towns = new Map();
  for (let node = 0; node < count; node += 1) {
    if (nodes.name[node] === null) continue;
    const label = nodes.country[node] ? `${nodes.name[node]}, ${nodes.country[node]}` : nodes.name[node];
    if (!towns.has(label)) towns.set(label, node);
  }
  return {
    nodes, roads, links, towns, pack, positionOf: (node) => [nodes.lon[node] / DEGREE_PARTS, nodes.lat[node] / DEGREE_PARTS],
  };
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

/** When somebody arrives who leaves at a moment and walks so far, in the hours of walking. */
export function arrivalMs(walker, startMs, lengthM, offsetMs) {
  let left = lengthM / walker.speed_m_s;
  let now = startMs + offsetMs; // local time as if it were UTC
  const opensMs = walker.window_start_h * 3_600_000;
  const windowMs = walker.window_s * 1000;
  const perDayS = Math.min(walker.window_s, walker.day_max_m / walker.speed_m_s);
  while (left > 0) {
    const midnight = Math.floor(now / 86_400_000) * 86_400_000;
    const begin = Math.max(now, midnight + opensMs);
    const end = midnight + opensMs + windowMs;
    const walked = Math.min(left, perDayS, Math.max(0, (end - begin) / 1000));
    left -= walked;
    now = left > 0 ? midnight + 86_400_000 + opensMs : begin + walked * 1000;
  }
  return now - offsetMs;
}

/**
 * Find the way with the least known exposure to hazards, by length (P46).
 *
 * @returns {object|null} nodes, roads, length, climb, crossings with when each is passed; null where
 *          no way may be shown
 */
export function findWay(network, from, to, startMs) {
  const { links, roads, pack } = network;
  const offsetMs = offsetOf(pack, network.nodes.country[from], startMs);
  const count = links.length;
  const cost = new Float64Array(count).fill(Infinity);
  const length = new Float64Array(count);
  const waited = new Float64Array(count);
  const via = new Int32Array(count).fill(-1);
  const before = new Int32Array(count).fill(-1);
  const heap = makeHeap(cost);
  cost[from] = 0;
  heap.push(from);
  // As on the server, what weighs is what holds at the start; roads that an exclusion of these weeks
  // meets are not in the pack.
  const held = pack.around.hazards.map((hazard) => holdsAt(hazard, pack, startMs));
  const weights = pack.around.hazards.map((hazard, index) => (held[index] ? Math.max(1, hazard.weight) : 1));
  for (let node = heap.pop(); node !== -1 && node !== to; node = heap.pop()) {
    for (const [next, road] of links[node]) {
      const along = length[node] + roads.length_m[road];
      let waits = waited[node];
      if (roads.gates[road] !== null) {
        const thereMs = arrivalMs(pack.walker, startMs + waits, along, offsetMs);
        const passed = pastAll(roads.gates[road], pack, thereMs);
        if (passed === null) continue;
        waits += passed - thereMs;
      }
      const weight = (roads.hazards[road] ?? []).reduce((most, hazard) => Math.max(most, weights[hazard]), 1);
      // A wait costs the way that could have been walked meanwhile.
      const waitM = ((waits - waited[node]) / 1000) * pack.walker.speed_m_s;
      const price = cost[node] + roads.length_m[road] * weight + waitM;
      if (price < cost[next]) {
        cost[next] = price;
        length[next] = along;
        waited[next] = waits;
        via[next] = road;
        before[next] = node;
        heap.push(next);
      }
    }
  }
  if (cost[to] === Infinity) return null;
  const nodes = [to];
  const used = [];
  while (nodes.at(-1) !== from) {
    used.push(via[nodes.at(-1)]);
    nodes.push(before[nodes.at(-1)]);
  }
  return described(network, nodes.reverse(), used.reverse(), startMs, offsetMs, held);
}

function pastAll(gates, pack, atMs) {
  let at = atMs;
  for (const gate of gates) {
    at = passableFrom(pack.around.crossings[gate], pack, at);
    if (at === null) return null;
  }
  return at;
}

/** A country's offset from UTC, as its crossings tell it; minutes do not matter on foot. */
function offsetOf(pack, country, ms) {
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

function described(network, nodes, used, startMs, offsetMs, held) {
  const { roads, pack } = network;
  const heights = nodes.map((node) => network.nodes.height_m[node]);
  const at = [0];
  for (const road of used) at.push(at.at(-1) + roads.length_m[road]);
  const lengthM = at.at(-1);
  let waits = 0;
  const crossings = used.flatMap((road, index) => {
    if (roads.gates[road] === null) return [];
    const reachedMs = arrivalMs(pack.walker, startMs + waits, at[index + 1], offsetMs);
    let thereMs = reachedMs;
    const passed = roads.gates[road].map((gate) => {
      const crossing = pack.around.crossings[gate];
      const passMs = passableFrom(crossing, pack, thereMs);
      const one = { crossing, atM: at[index + 1], state: stateAt(crossing, pack, thereMs), thereMs, passMs };
      thereMs = passMs;
      return one;
    });
    waits += thereMs - reachedMs;
    return passed;
  });
  const hazards = new Map();
  used.forEach((road, index) => {
    for (const hazard of roads.hazards[road] ?? []) {
      if (!held[hazard]) continue;
      hazards.set(hazard, (hazards.get(hazard) ?? 0) + at[index + 1] - at[index]);
    }
  });
  const walkS = lengthM / pack.walker.speed_m_s;
  const days = Math.max(1, Math.ceil(lengthM / pack.walker.day_max_m), Math.ceil(walkS / pack.walker.window_s));
  return {
    nodes,
    at,
    lengthM,
    days,
    slowDays: Math.max(days, Math.ceil(lengthM / pack.walker.slow_day_m)),
    climbM: heights.slice(1).reduce((sum, height, i) => sum + Math.max(0, (height ?? 0) - (heights[i] ?? height ?? 0)), 0),
    highestM: heights.reduce((most, height) => (height === null ? most : Math.max(most ?? height, height)), null),
    crossings,
    hazards: [...hazards].map(([index, metres]) => ({ hazard: pack.around.hazards[index], lengthM: metres })),
    line: nodes.map(network.positionOf),
  };
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

/** A binary heap of nodes by cost; a node may be in it several times, the cheapest comes first. */
function makeHeap(cost) {
  const items = [];
  const done = new Uint8Array(cost.length);
  return {
    push(node) {
      items.push([cost[node], node]);
      for (let i = items.length - 1; i > 0;) {
        const up = (i - 1) >> 1;
        if (items[up][0] <= items[i][0]) break;
        [items[up], items[i]] = [items[i], items[up]];
        i = up;
      }
    },
    pop() {
      while (items.length > 0) {
        const [, node] = items[0];
        const last = items.pop();
        if (items.length > 0) {
          items[0] = last;
          for (let i = 0; ;) {
            const left = 2 * i + 1;
            if (left >= items.length) break;
            const least = left + 1 < items.length && items[left + 1][0] < items[left][0] ? left + 1 : left;
            if (items[i][0] <= items[least][0]) break;
            [items[i], items[least]] = [items[least], items[i]];
            i = least;
          }
        }
        if (!done[node]) {
          done[node] = 1;
          return node;
        }
      }
      return -1;
    },
  };
}
