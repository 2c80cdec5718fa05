// A way over the streets of a pack, by the server's rules (routing/engine/portal_search.py): borders
// are crossed at official crossings alone that are known to be open when somebody gets there, or to
// open after it (P10, P32); streets that a published exclusion meets are closed; hazards weigh by the
// prices of routing/travel/cost_model.py.
//
// Without what is known, which a phone has for a week, no hazard is known and no crossing is passed.
import { makeMarch } from './marching.js';
import { holdsAt, stateAt } from './states.js';
import { isBetween } from './street-ends.js';
import { makeSearch } from './street-search.js';
import { IS_ENTRY, countryOf, heightOf, lengthOf, lineOf, nameOf } from './streets.js';
import { isWorthWaiting, makeClock } from './waits.js';

const KEPT_COSTS = 6; // columns of costs, a megabyte each for a city
const MOST_LABELS = 8; // at one crossing; as routing/engine/portal_search.py

const NOTHING_KNOWN = { start: new Date(0).toISOString(), horizon_days: 0, around: { crossings: [], hazards: [] } };

/**
 * Join streets and what is known of them to a network, ready to search.
 *
 * @param {object} streets of `readStreets`
 * @param {object|null} known what is known, of the same edition; null where it is too old
 */
export function makeStreetNetwork(streets, known) {
  const isOfThese = known !== null && known.digest === streets.digest;
  const pack = { ...(isOfThese ? known : NOTHING_KNOWN), walker: streets.walker, limits: streets.limits };
  const { crossings, hazards } = pack.around;
  const postOf = new Map(crossings.map(({ id }, index) => [id, index]));
  const contacts = new Map();
  const shut = {};
  hazards.forEach((hazard, index) => hazard.contacts.edge.forEach((edge, row) => {
    const [start, end] = [hazard.contacts.start[row], hazard.contacts.end[row]];
    const risks = ['day', 'night'].map((time) => hazard.contacts[`risk_${time}`]?.[row] ?? 1);
    if (!contacts.has(edge)) contacts.set(edge, []);
    contacts.get(edge).push({ hazard: index, start, end, risks });
    if (hazard.effect === 'exclusion') shut[edge] = [...new Set([...shut[edge] ?? [], index])];
  }));
  // Of a crossing that nothing is known of, no way leads through (P12).
  const gates = streets.gates.map(({ edge, at, posts }) => ({ edge, at, posts: posts.map((id) => postOf.get(id)) }))
    .filter(({ posts }) => posts.every((post) => post !== undefined));
  const baseMs = Float64Array.from(streets.pricedMs, (ms, edge) => ms + entryMs(streets, edge));
  return {
    streets, pack, contacts, gates, baseMs,
    search: makeSearch(streets, baseMs, gates),
    slowestMPerS: slowestMPerS(streets),
    roads: { shut, gates: Object.fromEntries(gates.map(({ edge, posts }) => [edge, posts])) },
    costs: new Map(),
  };
}

/** The pace of the slowest street, a little less for rounded lengths: what a time is walked at least. */
function slowestMPerS(streets) {
  let slowest = Infinity;
  for (let edge = 0; edge < streets.edgeCount; edge += 1) {
    const metres = lengthOf(streets, edge);
    if (metres >= 10) slowest = Math.min(slowest, (1000 * metres) / streets.pricedMs[edge]);
  }
  return slowest === Infinity ? 0 : 0.99 * slowest;
}

const entryMs = ({ flags, entry_ms: ms }, edge) => (flags[edge] & IS_ENTRY ? ms : 0);

/**
 * What a search goes by: the clock, what hazards cost, and what is taken to be open.
 *
 * @param {object} from an end, of `meet`
 * @param {{isOpened?: Function, isTimeOnly?: boolean, isNight?: boolean, untilMs?: number}} options
 *        as in ways.js; `isNight` counts with what holds by night alone, whenever somebody leaves,
 *        and `untilMs` with exclusions that begin before it
 */
export function makeWorld(network, from, startMs, {
  isOpened = () => false, isTimeOnly = false, isNight = false, untilMs = startMs,
} = {}) {
  const { pack, streets } = network;
  const { crossings, hazards } = pack.around;
  const march = makeMarch(pack.walker);
  const zone = crossings.find(({ countries }) => countries.includes(from.country))?.timezone ?? streets.timezone;
  const clock = makeClock(pack, zone, startMs, isOpened);
  const leavesByNight = march.isClosed(clock.startS);
  const counts = hazards.map((hazard) => (isNight || leavesByNight || !hazard.night_only) && isAhead(hazard, pack, startMs, untilMs));
  const held = hazards.map((hazard, index) => counts[index] && holdsAt(hazard, pack, startMs));
  const closes = hazards.map((hazard, index) => counts[index] && hazard.effect === 'exclusion' && !isOpened('hazard', index));
  const prices = pricesOf(hazards, held, streets.prices);
  const rules = { closes, prices: isTimeOnly ? prices.map(() => 0) : prices, aversion: isTimeOnly ? 0 : 1, time: leavesByNight ? 1 : 0 };
  const costMs = costsOf(network, rules);
  return {
    network, march, ...clock, held, costMs, zone,
    /** Whether some hazard counts for who is still under way at a clock, and does not count here. */
    isLessAt: (clockS) => hazards.some((hazard, index) => !counts[index]
      && (march.isClosed(clockS) || !hazard.night_only) && isAhead(hazard, pack, startMs, clock.msOf(clockS))),
    isShutBy: (_, index) => counts[index],
    /** Whether nothing that is closed lies between an end and its street. */
    isFree: (end) => !hazards.some(({ area }, index) => closes[index] && isBetween(end, area)),
    legMs: (edge, start, end) => legMs(network, rules, edge, start, end),
  };
}

/** Whether a hazard holds at the start, or is an exclusion that begins before a moment. */
function isAhead(hazard, pack, startMs, untilMs) {
  if (holdsAt(hazard, pack, startMs)) return true;
  if (hazard.effect !== 'exclusion' || (hazard.from_minute ?? null) === null) return false;
  const beginsMs = Date.parse(pack.start) + hazard.from_minute * 60_000;
  return startMs < beginsMs && beginsMs < untilMs;
}

/** What a kilometre inside each hazard costs, seconds: `hazard_prices` of the cost model. */
function pricesOf(hazards, held, { km_inside_s: insideS, event_s: eventS }) {
  const dearest = {};
  hazards.forEach(({ kind, upper_rate_per_km: rate }, index) => {
    if (held[index] && rate !== null) dearest[kind] = Math.max(dearest[kind] ?? 0, rate * eventS);
  });
  return hazards.map(({ kind, weight, upper_rate_per_km: rate }, index) => {
    if (!held[index]) return 0;
    return weight * (rate === null ? Math.max(insideS, dearest[kind] ?? 0) : rate * eventS);
  });
}

/** What a part of an edge costs, milliseconds; Infinity where an exclusion meets it. */
function legMs({ streets, contacts }, { closes, prices, aversion, time }, edge, start, end) {
  const share = end - start;
  const timeMs = streets.pricedMs[edge] * share;
  let exposedMs = (streets.altitudeMs?.[edge] ?? 0) * share;
  const km = lengthOf(streets, edge) / 1000;
  for (const one of contacts.get(edge) ?? []) {
    const inside = Math.min(end, one.end) - Math.max(start, one.start);
    if (inside < 0) continue;
    if (closes[one.hazard]) return Infinity;
    exposedMs += prices[one.hazard] * 1000 * km * inside * one.risks[time];
  }
  return Math.min(timeMs + aversion * exposedMs, streets.prices.most_times * timeMs) + entryMs(streets, edge);
}

/** The costs of all edges; those of the last few worlds are kept. */
function costsOf(network, rules) {
  const key = JSON.stringify(rules);
  const { costs, baseMs, contacts, streets } = network;
  let kept = costs.get(key);
  if (!kept) {
    const costMs = baseMs.slice();
    const change = (edge) => { costMs[edge] = Math.round(legMs(network, rules, edge, 0, 1)); };
    if (rules.aversion > 0) streets.altitudeMs?.forEach((ms, edge) => { if (ms > 0) change(edge); });
    for (const edge of contacts.keys()) change(edge);
    for (const edge of streets.gateOf.keys()) costMs[edge] = Infinity;
    kept = costMs;
    costs.set(key, kept);
    if (costs.size > KEPT_COSTS) costs.delete(costs.keys().next().value);
  }
  return kept;
}

// Ends, as parts of edges.

function placesOf({ twin }, { edge, share }) {
  return [[edge, share], ...(twin[edge] < 0 ? [] : [[twin[edge], 1 - share]])];
}

function departuresOf(world, end) {
  const { streets } = world.network;
  return placesOf(streets, end).flatMap(([edge, at]) => [
    { piece: [edge, at, 1], node: streets.edgeHead[edge] },
    ...(at === 0 ? [{ piece: [edge, 0, 0], node: streets.tail[edge] }] : []),
  ]).map((one) => ({ ...one, ms: world.legMs(...one.piece) })).filter(({ ms }) => ms < Infinity);
}

function arrivalsOf(world, end) {
  const { streets } = world.network;
  return placesOf(streets, end).flatMap(([edge, at]) => [
    { piece: [edge, 0, at], node: streets.tail[edge] },
    ...(at === 1 ? [{ piece: [edge, 1, 1], node: streets.edgeHead[edge] }] : []),
  ]).map((one) => ({ ...one, ms: world.legMs(...one.piece) })).filter(({ ms }) => ms < Infinity);
}

const leastOf = (rows) => rows.reduce((best, row) => (row && row.ms < (best?.ms ?? Infinity) ? row : best), null);
const whole = (edges) => edges.map((edge) => [edge, 0, 1]);

/** Parts of one edge that lead from one end straight to the other. */
function directsOf(world, from, to) {
  const { streets } = world.network;
  return placesOf(streets, from).flatMap(([edge, at]) => placesOf(streets, to)
    .filter(([other, until]) => other === edge && at <= until)
    .map(([, until]) => ({ before: [[edge, at, until]], edges: [], after: [], ms: world.legMs(edge, at, until) })));
}

const nodesOf = (rows) => rows.map(({ node, ms }) => [node, ms]);

/** The cheapest section from some departures to some arrivals that crosses no border, or null. */
function sectionOf(world, departures, arrivals) {
  if (departures.length === 0 || arrivals.length === 0) return null;
  return joined(world.network.search.between(world.costMs, nodesOf(departures), nodesOf(arrivals)), departures, arrivals);
}

/** A section: its whole edges, with the parts of edges at its ends. */
function joined(path, departures, arrivals) {
  if (path === null) return null;
  const pieceAt = (rows, node) => {
    const { piece } = leastOf(rows.filter((row) => row.node === node));
    return piece ? [piece] : [];
  };
  return { ms: path.cost, before: pieceAt(departures, path.from), edges: path.edges, after: pieceAt(arrivals, path.to) };
}

// Labels: where somebody is who has passed some crossings.

/**
 * Find the way that costs least in a world: time from leaving to arriving, and exposure to hazards.
 *
 * What is looked at next is what may cost least by the landmarks: most crossings are never looked at.
 *
 * @param {boolean} isPatient whether waits and rests cost nothing: the way of who can wait
 * @returns {object|null} as `described`; null where no way may be shown
 */
export function findIn(world, from, to, isPatient = false) {
  const { march, network: { streets, gates, search, slowestMPerS } } = world;
  if (!world.isFree(from) || !world.isFree(to)) return null;
  const arrivals = arrivalsOf(world, to);
  const nodeAt = (node) => [{ piece: null, node, ms: 0 }];
  const tailOf = ({ edge }) => nodeAt(streets.tail[edge]);
  const headOf = ({ edge }) => nodeAt(streets.edgeHead[edge]);
  const aheadS = new Map(gates.map((gate) => [gate, search.bound(nodesOf(headOf(gate)), nodesOf(arrivals)) / 1000]));
  const sectionS = (departures, goals) => search.sectionBound(nodesOf(departures), nodesOf(goals)) / 1000;
  const kept = new Map();
  const open = [];
  const entryS = streets.entry_ms / 1000;
  /**
   * What a way costs at least that goes on from a label for some time, through posts and on from
   * there: who comes later passes no earlier. The price of entering a no-through road is no time.
   * What lies ahead counts as one section; more crossings on it would let people walk on at dusk.
   */
  const leastS = (label, onS, posts, aheadOfS) => {
    if (isPatient || !(onS + aheadOfS < Infinity)) return label.priceS + onS + aheadOfS;
    const entries = Math.floor(onS / entryS) + Math.floor(aheadOfS / entryS);
    const walk = (state, [movingS, lengthM], moreS) => march.walk(state, lengthM + moreS * slowestMPerS, movingS + moreS);
    const there = walk(label.state, label.since, onS % entryS);
    const passS = world.throughS(posts, there.clockS);
    if (passS === null) return Infinity;
    const end = posts.length === 0 ? there : walk(march.until(there, passS), [0, 0], aheadOfS % entryS);
    const priceS = end.clockS - world.startS + label.exposedS + entries * entryS;
    return Math.min(priceS, label.priceS + (entries + 1) * entryS);
  };
  const rankOf = ({ label, gate, onS }) => leastS(label, onS, gate?.posts ?? [], gate === null ? 0 : aheadS.get(gate));
  const queue = (one) => {
    const rank = rankOf(one);
    if (rank < Infinity) open.push({ ...one, rank });
  };
  /** Queue where a label may lead: to the end, and to crossings that it has not passed. */
  const look = (label, side) => {
    // No street leads to another country but through a crossing: that search would be of all streets.
    if (side === to.country) queue({ label, gate: null, onS: sectionS(label.departures, arrivals) });
    for (const gate of gates) {
      const isThere = side === countryOf(streets, streets.tail[gate.edge]);
      if (!isThere || gate.posts.some((post) => label.passed.includes(post))) continue;
      queue({ label, gate, onS: sectionS(label.departures, tailOf(gate)) });
    }
  };
  const begin = {
    gate: null, before: null, state: march.start(world.startS), since: [0, 0], metricMs: 0, exposedS: 0, priceS: 0,
    passed: [], departures: departuresOf(world, from),
  };
  let best = ended(world, begin, leastOf(directsOf(world, from, to)), isPatient);
  look(begin, from.country);
  while (open.length > 0) {
    const at = open.reduce((least, one, index) => (one.rank < open[least].rank ? index : least), 0);
    const [{ label, gate, rank }] = open.splice(at, 1);
    if (!(rank < (best?.priceS ?? Infinity))) break;
    const section = sectionOf(world, label.departures, gate === null ? arrivals : tailOf(gate));
    if (gate === null) {
      const end = ended(world, label, section, isPatient);
      if (end !== null && end.priceS < (best?.priceS ?? Infinity)) best = end;
      continue;
    }
    const next = through(world, label, section, gate, isPatient);
    if (next !== null && isWorthKeeping(next, kept)) look({ ...next, departures: headOf(gate) }, countryOf(streets, streets.edgeHead[gate.edge]));
  }
  return best === null ? null : described(world, best, from, to);
}

/** Moving seconds and metres of a section. */
function measured({ timeMs, lengthDm, edgeRoad }, { before, edges, after }) {
  let [movingMs, inDm] = [0, 0];
  for (const edge of edges) {
    movingMs += timeMs[edge];
    inDm += lengthDm[edgeRoad[edge] >> 1];
  }
  for (const [edge, start, end] of [...before, ...after]) {
    movingMs += timeMs[edge] * (end - start);
    inDm += lengthDm[edgeRoad[edge] >> 1] * (end - start);
  }
  return [movingMs / 1000, inDm / 10];
}

const countOf = ({ before, edges, after }) => before.length + edges.length + after.length;
const piecesOf = ({ before, edges, after }) => [...before, ...whole(edges), ...after];

/** What a section adds to moving time, seconds: rounding to whole milliseconds is none. */
function exposureS(sectionMs, movingS, pieces) {
  const excess = sectionMs / 1000 - movingS;
  return excess <= pieces / 1000 ? 0 : excess;
}

const priceOf = (world, { state, exposedS, metricMs }, isPatient) =>
  (isPatient ? metricMs / 1000 : state.clockS - world.startS + exposedS);

function ended(world, label, section, isPatient) {
  if (section === null) return null;
  const [movingS, lengthM] = measured(world.network.streets, section);
  const state = world.march.walk(label.state, label.since[1] + lengthM, label.since[0] + movingS);
  const exposedS = label.exposedS + exposureS(section.ms, movingS, countOf(section));
  const end = { gate: null, before: label, section, state, exposedS, metricMs: label.metricMs + section.ms };
  return { ...end, priceS: priceOf(world, end, isPatient) };
}

/** What a label is behind a crossing, or null where that is not known to open. */
function through(world, label, section, gate, isPatient) {
  if (section === null) return null;
  const { streets } = world.network;
  const edgeMs = world.legMs(gate.edge, 0, 1);
  if (!(edgeMs < Infinity)) return null;
  const [edgeS, edgeM] = [streets.timeMs[gate.edge] / 1000, lengthOf(streets, gate.edge)];
  const [movingS, lengthM] = measured(streets, section);
  const there = world.march.walk(
    label.state,
    label.since[1] + lengthM + gate.at * edgeM,
    label.since[0] + movingS + gate.at * edgeS,
  );
  const throughS = world.throughS(gate.posts, there.clockS);
  if (throughS === null) return null;
  const exposedS = label.exposedS + exposureS(section.ms + edgeMs, movingS + edgeS, countOf(section) + 1);
  const metricMs = label.metricMs + section.ms + edgeMs;
  const next = {
    gate, before: label, section, thereS: there.clockS, exposedS, metricMs,
    state: world.march.until(there, throughS),
    since: [(1 - gate.at) * edgeS, (1 - gate.at) * edgeM],
    passed: [...label.passed, ...gate.posts],
  };
  return { ...next, priceS: priceOf(world, next, isPatient) };
}

function isWorthKeeping(label, kept) {
  if (!kept.has(label.gate)) kept.set(label.gate, []);
  const others = kept.get(label.gate);
  const isCrowded = others.length >= MOST_LABELS;
  const isBeaten = others.some((other) => other.priceS <= label.priceS && other.state.clockS <= label.state.clockS
    && (other.state.leftM >= label.state.leftM || other.state.freshS <= label.state.clockS)
    && (isCrowded || other.metricMs <= label.metricMs));
  if (!isBeaten) others.push(label);
  return !isBeaten;
}

/** The ways to show: the best one, and beside it that of who can wait, as ways.js tells. */
export function findWays(network, from, to, startMs) {
  const best = findBest(network, from, to, startMs);
  if (best === null) return [];
  if (!best.crossings.length && !network.gates.length) return [best];
  const patient = findIn(makeWorld(network, from, startMs), from, to, true);
  return isWorthWaiting(best, patient, network.pack) ? [best, patient] : [best];
}

/** The best way; one that takes long keeps clear of what begins meanwhile, and of what holds by night. */
function findBest(network, from, to, startMs) {
  const world = makeWorld(network, from, startMs);
  const best = findIn(world, from, to);
  const endS = world.startS + (best?.elapsedS ?? 0);
  if (best === null || !world.isLessAt(endS)) return best;
  return findIn(makeWorld(network, from, startMs, { isNight: world.march.isClosed(endS), untilMs: world.msOf(endS) }), from, to);
}

// What is shown of a way.

function described(world, end, from, to) {
  const { streets, pack, contacts } = world.network;
  const labels = [];
  for (let label = end; label.before !== null; label = label.before) labels.unshift(label);
  const pieces = [];
  const crossings = [];
  let lengthM = 0;
  for (const { section, gate, thereS } of labels) {
    pieces.push(...piecesOf(section));
    lengthM += measured(streets, section)[1];
    if (gate === null) continue;
    const atM = lengthM + gate.at * lengthOf(streets, gate.edge);
    let clockS = thereS;
    for (const post of gate.posts) {
      const [crossing, thereMs] = [pack.around.crossings[post], world.msOf(clockS)];
      clockS = world.throughS([post], clockS);
      crossings.push({ crossing, post, atM, state: stateAt(crossing, pack, thereMs), thereMs, passMs: world.msOf(clockS) });
    }
    pieces.push([gate.edge, 0, 1]);
    lengthM += lengthOf(streets, gate.edge);
  }
  const walked = pieces.filter(([, start, until]) => start < until);
  const [movingS] = measured(streets, { before: walked, edges: [], after: [] });
  const hazards = new Map();
  for (const [edge, start, until] of walked) {
    for (const one of contacts.get(edge) ?? []) {
      const inside = Math.min(until, one.end) - Math.max(start, one.start);
      if (inside > 0 && world.held[one.hazard]) hazards.set(one.hazard, (hazards.get(one.hazard) ?? 0) + inside * lengthOf(streets, edge));
    }
  }
  const days = Math.max(1, end.state.days);
  return {
    ...drawn(streets, walked, from),
    roads: walked.map(([edge]) => edge),
    lengthM,
    elapsedS: end.state.clockS - world.startS,
    movingS,
    priceS: end.priceS,
    metricS: end.metricMs / 1000,
    days,
    slowDays: Math.max(days, Math.ceil(lengthM / pack.walker.slow_day_m)),
    crossings,
    hazards: [...hazards].map(([index, metres]) => ({ hazard: pack.around.hazards[index], lengthM: metres })),
    streets: namedOf(streets, walked),
    countries: [...new Set([from.country, ...walked.map(([edge]) => countryOf(streets, streets.edgeHead[edge])), to.country])].filter(Boolean),
    ...climbOf(streets, walked),
  };
}

/** The line of parts of edges, with the metres before each of its points. */
function drawn(streets, pieces, from) {
  const line = pieces.length === 0 ? [from.at] : [];
  const at = pieces.length === 0 ? [0] : [];
  let beforeM = 0;
  for (const [edge, start, until] of pieces) {
    const code = streets.edgeRoad[edge];
    const { points, shares } = lineOf(streets, code >> 1);
    const isBack = (code & 1) === 1;
    const way = isBack ? [...points].reverse() : points;
    const along = isBack ? shares.map((share) => 1 - share).reverse() : shares;
    const metres = lengthOf(streets, edge);
    const put = (point, share) => {
      line.push(point);
      at.push(beforeM + (share - start) * metres);
    };
    const between = (share) => {
      const i = Math.max(1, along.findIndex((one) => one >= share));
      const part = along[i] > along[i - 1] ? (share - along[i - 1]) / (along[i] - along[i - 1]) : 0;
      return [0, 1].map((axis) => way[i - 1][axis] + part * (way[i][axis] - way[i - 1][axis]));
    };
    if (line.length === 0 || start > 0) put(between(start), start);
    way.forEach((point, i) => { if (along[i] > start && along[i] < until) put(point, along[i]); });
    put(between(until), until);
    beforeM += (until - start) * metres;
  }
  return { line, at };
}

/** Streets along a way by name, each with its metres; those without a name count to none. */
function namedOf(streets, pieces) {
  const found = [];
  for (const [edge, start, until] of pieces) {
    const [name, metres] = [nameOf(streets, edge), lengthOf(streets, edge) * (until - start)];
    const last = found[found.length - 1];
    if (last && last.name === name) last.lengthM += metres;
    else found.push({ name, lengthM: metres });
  }
  return found;
}

function climbOf(streets, pieces) {
  const nodes = pieces.flatMap(([edge, start, until], i) => [
    ...(i === 0 && start === 0 ? [streets.tail[edge]] : []), ...(until === 1 ? [streets.edgeHead[edge]] : []),
  ]);
  const heights = nodes.map((node) => heightOf(streets, node)).filter((height) => height !== null);
  return {
    climbM: heights.slice(1).reduce((sum, height, i) => sum + Math.max(0, height - heights[i]), 0),
    highestM: heights.length > 0 ? Math.max(...heights) : null,
  };
}
