// A way over the corridor sketch, found on the phone: the server's rules on a thousand nodes.
//
// Borders are crossed at official crossings alone, and only where they are known to be open when
// somebody gets there, or to open after it, however long that is (P10, P32). To wait costs what it
// takes, as to walk does: nobody is sent about to pass the time, and no crossing is passed twice.
import { makeMarch } from './marching.js';
import { zoneOf } from './roads.js';
import { distanceM } from './spaces.js';
import { holdsAt, stateAt } from './states.js';
import { isWorthWaiting, makeClock } from './waits.js';

const MOST_LABELS = 8; // at one crossing; past them, moving time is no longer compared

/**
 * What a search goes by: the roads, the clock, and what is taken to be open.
 *
 * @param {object} network of `readRoads`
 * @param {number} from the node that somebody leaves
 * @param {{isOpened?: (kind: string, index: number) => boolean, isTimeOnly?: boolean}} options
 *        which closed crossings and shutting hazards are taken to be open at any hour, and whether
 *        hazards weigh nothing
 */
export function makeWorld(network, from, startMs, { isOpened = () => false, isTimeOnly = false } = {}) {
  const { pack, roads, links, nodes } = network;
  const { around } = pack;
  const march = makeMarch(pack.walker);
  // As on the server, what weighs is what holds at the start.
  const held = around.hazards.map((hazard) => holdsAt(hazard, pack, startMs));
  const weights = around.hazards.map((hazard, index) => (held[index] && !isTimeOnly ? Math.max(1, hazard.weight) : 1));
  // One that is over before anybody can be there shuts nothing.
  const start = network.positionOf(from);
  const earliestMs = (road) => startMs + 1000 * march.leastS(Math.min(
    ...[roads.tail[road], roads.head[road]].map((node) => distanceM(start, network.positionOf(node))),
  ));
  const isShutBy = (road, hazard) => !isOver(around.hazards[hazard], pack, earliestMs(road));
  const weightOf = (road) => (roads.hazards[road] ?? []).reduce((most, hazard) => Math.max(most, weights[hazard]), 1);
  const isClosed = (road) => (roads.shut[road] ?? []).some((hazard) => !isOpened('hazard', hazard) && isShutBy(road, hazard));
  const trees = new Map();
  return {
    network,
    march,
    ...makeClock(pack, zoneOf(pack, nodes.country[from]), startMs, isOpened),
    held,
    weightOf,
    isClosed,
    isShutBy,
    /** The ways from a node to all others of its country, by length and exposure. */
    treeOf(node) {
      if (!trees.has(node)) trees.set(node, grown(node, links, roads, weightOf, isClosed));
      return trees.get(node);
    },
  };
}

/** Whether a hazard is over: those to come are not, for somebody may come by then. */
const isOver = ({ until_minute: until = null }, pack, ms) =>
  until !== null && ms >= Date.parse(pack.start) + until * 60_000;

function grown(root, links, roads, weightOf, isClosed) {
  const count = links.length;
  const cost = new Float64Array(count).fill(Infinity);
  const lengthM = new Float64Array(count);
  const via = new Int32Array(count).fill(-1);
  const before = new Int32Array(count).fill(-1);
  const queue = makeQueue((a, b) => a[0] - b[0]);
  cost[root] = 0;
  queue.push([0, root]);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [reached, node] = next;
    if (reached > cost[node]) continue;
    for (const [other, road] of links[node]) {
      if (isClosed(road)) continue;
      const price = reached + roads.length_m[road] * weightOf(road);
      if (price < cost[other]) {
        cost[other] = price;
        lengthM[other] = lengthM[node] + roads.length_m[road];
        via[other] = road;
        before[other] = node;
        queue.push([price, other]);
      }
    }
  }
  return { cost, lengthM, via, before };
}

/**
 * Find the way that costs least in a world: time from leaving to arriving, and exposure to hazards.
 *
 * @param {boolean} isPatient whether waits and rests cost nothing: the way of who can wait
 * @returns {object|null} as `described`; null where no way may be shown
 */
export function findIn(world, from, to, isPatient = false) {
  const { march, network } = world;
  const queue = makeQueue((a, b) => a.rank - b.rank || a.movingS - b.movingS);
  const kept = new Map();
  const goal = network.positionOf(to);
  /** What is left to pay at least: no road is shorter than the straight line. */
  const leastS = (node) => {
    const aheadM = distanceM(network.positionOf(node), goal);
    return isPatient ? aheadM / march.speed : march.leastS(aheadM);
  };
  queue.push({
    node: from, state: march.start(world.startS), aheadM: 0, movingS: 0, exposureS: 0, price: 0, rank: 0, before: null, gate: null,
  });
  /** What a label is after a section: to a gate and through it, or to the end. */
  const walked = (label, node, gate) => {
    const tree = world.treeOf(label.node);
    const aheadM = label.aheadM + tree.lengthM[node];
    const exposureS = label.exposureS + (tree.cost[node] - tree.lengthM[node]) / march.speed
      + (gate === null ? 0 : network.roads.length_m[gate.road] * (world.weightOf(gate.road) - 1)) / march.speed;
    const movingS = label.movingS + aheadM / march.speed;
    const there = march.walk(label.state, aheadM);
    const throughS = gate === null ? there.clockS : world.throughS(gate.posts, there.clockS);
    if (throughS === null) return null;
    const state = march.until(there, throughS);
    const price = (isPatient ? movingS : throughS - world.startS) + exposureS;
    const rank = price + leastS(gate === null ? node : gate.to);
    return {
      node: gate === null ? node : gate.to,
      aheadM: gate === null ? 0 : network.roads.length_m[gate.road],
      state, movingS, exposureS, price, rank, thereS: there.clockS, before: label, gate,
    };
  };
  for (let label = queue.pop(); label !== undefined; label = queue.pop()) {
    if (label.gate === null && label.before !== null) return described(world, label);
    if (label.isSuperfluous) continue;
    const { cost } = world.treeOf(label.node);
    if (cost[to] < Infinity) queue.push(walked(label, to, null));
    for (const gate of network.gates) {
      if (cost[gate.from] === Infinity || world.isClosed(gate.road) || isPassed(label, gate)) continue;
      const next = walked(label, gate.from, gate);
      if (next !== null && isWorthKeeping(next, kept, march)) queue.push(next);
    }
  }
  return null;
}

function isPassed(label, { posts }) {
  for (let at = label; at.gate !== null; at = at.before) {
    if (at.gate.posts.some((post) => posts.includes(post))) return true;
  }
  return false;
}

function isWorthKeeping(label, kept, march) {
  if (!kept.has(label.gate)) kept.set(label.gate, []);
  const others = kept.get(label.gate);
  const isMovingCompared = others.length < MOST_LABELS;
  const beats = (a, b) => a.state.clockS <= b.state.clockS && a.price <= b.price
    && (!isMovingCompared || a.movingS <= b.movingS)
    && (a.state.leftM >= b.state.leftM || march.periodOf(a.state.clockS) < march.periodOf(b.state.clockS));
  if (others.some((other) => beats(other, label))) return false;
  const left = others.filter((other) => !beats(label, other));
  for (const other of others) other.isSuperfluous = !left.includes(other);
  kept.set(label.gate, [...left, label]);
  return true;
}

/** Find the ways to show: the best one, and beside it that of who can wait, where it is worth it. */
export function findWays(network, from, to, startMs) {
  const world = makeWorld(network, from, startMs);
  const best = findIn(world, from, to);
  if (best === null) return [];
  const patient = findIn(world, from, to, true);
  return isWorthWaiting(best, patient, network.pack) ? [best, patient] : [best];
}

/** The best way, or null. */
export const findWay = (network, from, to, startMs) => findIn(makeWorld(network, from, startMs), from, to);

function described(world, end) {
  const { network, march, held } = world;
  const { roads, pack } = network;
  const labels = [];
  for (let label = end; label !== null; label = label.before) labels.unshift(label);
  const nodes = [labels[0].node];
  const used = [];
  const crossings = [];
  let atM = 0;
  for (const label of labels.slice(1)) {
    const part = pathTo(world.treeOf(label.before.node), label.gate === null ? label.node : label.gate.from);
    nodes.push(...part.nodes);
    used.push(...part.roads);
    atM += label.before.aheadM + part.roads.reduce((sum, road) => sum + roads.length_m[road], 0);
    if (label.gate === null) continue;
    nodes.push(label.gate.to);
    used.push(label.gate.road);
    crossings.push(...passedAt(world, label, atM));
  }
  const at = [0];
  for (const road of used) at.push(at[at.length - 1] + roads.length_m[road]);
  const hazards = new Map();
  const add = (hazard, road) => hazards.set(hazard, (hazards.get(hazard) ?? 0) + roads.length_m[road]);
  for (const road of used) for (const hazard of roads.hazards[road] ?? []) if (held[hazard]) add(hazard, road);
  const heights = nodes.map((node) => network.nodes.height_m[node]);
  const lengthM = at[at.length - 1];
  const days = Math.max(1, end.state.days);
  return {
    nodes,
    roads: used,
    at,
    lengthM,
    elapsedS: end.state.clockS - world.startS,
    movingS: end.movingS,
    days,
    slowDays: Math.max(days, Math.ceil(lengthM / pack.walker.slow_day_m)),
    climbM: heights.slice(1).reduce((sum, height, i) => sum + Math.max(0, (height ?? 0) - (heights[i] ?? height ?? 0)), 0),
    highestM: heights.reduce((most, height) => (height === null ? most : Math.max(most ?? height, height)), null),
    crossings,
    hazards: [...hazards].map(([index, metres]) => ({ hazard: pack.around.hazards[index], lengthM: metres })),
    line: nodes.map(network.positionOf),
  };
}

/** The posts of a gate with when somebody comes to each, and is past it. */
function passedAt(world, { gate, thereS }, atM) {
  const { pack } = world.network;
  let clockS = thereS;
  return gate.posts.map((post) => {
    const [crossing, thereMs] = [pack.around.crossings[post], world.msOf(clockS)];
    clockS = world.throughS([post], clockS);
    return { crossing, post, atM, state: stateAt(crossing, pack, thereMs), thereMs, passMs: world.msOf(clockS) };
  });
}

/** The nodes after the root of a tree and the roads to one of its nodes. */
function pathTo({ via, before }, node) {
  const path = { nodes: [], roads: [] };
  for (let at = node; before[at] !== -1; at = before[at]) {
    path.nodes.unshift(at);
    path.roads.unshift(via[at]);
  }
  return path;
}

/** A binary heap, the least by `compare` first. */
function makeQueue(compare) {
  const items = [];
  const isLess = (i, j) => compare(items[i], items[j]) < 0;
  const swap = (i, j) => { [items[i], items[j]] = [items[j], items[i]]; };
  return {
    push(item) {
      items.push(item);
      for (let i = items.length - 1; i > 0 && isLess(i, (i - 1) >> 1); i = (i - 1) >> 1) swap(i, (i - 1) >> 1);
    },
    pop() {
      if (items.length === 0) return undefined;
      swap(0, items.length - 1);
      const least = items.pop();
      for (let i = 0; ;) {
        const [left, right] = [2 * i + 1, 2 * i + 2];
        if (left >= items.length) break;
        const next = right < items.length && isLess(right, left) ? right : left;
        if (!isLess(next, i)) break;
        swap(i, next);
        i = next;
      }
      return least;
    },
  };
}
