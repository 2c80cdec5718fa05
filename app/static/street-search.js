// The cheapest path over streets: Dijkstra on typed arrays, led by landmarks (Goldberg and Harrelson
// 2005, "Computing the shortest path: A* search meets graph theory"). Costs are milliseconds, whole
// ones but for the parts of edges at both ends, as those of the server's metric.
//
// Landmarks' tables are of the costs of edges at their least: what hazards and closures add keeps
// every bound true, so nothing is worked out anew when they change.

const LANDMARKS = 6; // [A]: with more, the tables take longer to work out than they save
const USED = 3; // of the tables, in one search
const BUCKET_MS = 2_000; // [A]: half as much and twice as much take longer
const BUCKETS = 270_000; // six days: few ways over a town take longer [A]

/**
 * Make what searches streets.
 *
 * @param {object} streets of `readStreets`
 * @param {Float64Array} baseMs the least that each edge ever costs
 */
export function makeSearch(streets, baseMs) {
  const { nodeCount, firstOut, edgeHead, firstIn, inEdge, tail } = streets;
  // One search after the other writes to the first of these: a phone has no room for a set of each.
  const [once, outward, inward] = [makeReached(nodeCount), makeReached(nodeCount), makeReached(nodeCount)];
  const queue = makeQueue();

  /** Begin anew in one set; what reaches a node there, where that is cheaper than before. */
  function begin(reached, boundOf) {
    queue.clear();
    reached.now += 1;
    const { cost, via, stamp, now } = reached;
    return (node, there, edge) => {
      if (stamp[node] === now && there >= cost[node]) return;
      stamp[node] = now;
      cost[node] = there;
      via[node] = edge;
      queue.push(there + boundOf(node), there, node);
    };
  }

  /**
   * Reach all nodes that paths lead to from some, or all from which paths lead to them.
   *
   * @param {Set<number>|null} wanted nodes, after the last of which nothing more is reached
   */
  function grow(reached, costMs, roots, isInward, wanted = null) {
    const { cost } = reached;
    const reach = begin(reached, () => 0);
    const [first, edgeAt, ending] = isInward ? [firstIn, inEdge, tail] : [firstOut, null, edgeHead];
    for (const [root, there] of roots) reach(root, there, -1);
    let enough = Infinity; // just beyond the dearest of the wanted nodes, once all are reached
    while (queue.least() < enough) {
      const there = queue.leastTag();
      const node = queue.pop();
      if (there > cost[node]) continue;
      if (wanted?.delete(node) && wanted.size === 0) enough = Math.max(there, queue.least()) + BUCKET_MS;
      for (let at = first[node]; at < first[node + 1]; at += 1) {
        const edge = edgeAt === null ? at : edgeAt[at];
        const next = there + costMs[edge];
        if (next < Infinity) reach(ending[edge], next, edge);
      }
    }
  }

  /** The least costs from some nodes to all others, or from all others to them. */
  function around(roots, isInward) {
    grow(once, baseMs, roots, isInward);
    const { cost, stamp, now } = once;
    return cost.map((value, node) => (stamp[node] === now ? value : Infinity));
  }

  /**
   * Find the cheapest paths from some nodes to all wanted ones, or from these to them; they are there
   * until the next such paths of that direction are found.
   *
   * @returns {Function} of a node: its path, as `between` gives it, or null
   */
  function paths(costMs, roots, wanted, isInward) {
    const reached = isInward ? inward : outward;
    grow(reached, costMs, roots, isInward, new Set(wanted));
    return (node) => (reached.stamp[node] === reached.now ? pathAt(reached, node, isInward) : null);
  }

  function pathAt({ cost, via }, node, isInward) {
    const edges = [];
    let at = node;
    for (; via[at] >= 0; at = (isInward ? edgeHead : tail)[via[at]]) edges.push(via[at]);
    return isInward ? { cost: cost[node], from: node, to: at, edges } : { cost: cost[node], from: at, to: node, edges: edges.reverse() };
  }

  const tables = makeLandmarks(streets, (root, isInward) => around([[root, 0]], isInward));

  /**
   * Find the cheapest of all paths from some nodes to others.
   *
   * @param {Float64Array} costMs of each edge, no less than `baseMs`, Infinity where closed
   * @param {[number, number][]} sources nodes, each with the cost of being there
   * @param {[number, number][]} targets nodes, each with the cost of what follows
   * @returns {{cost: number, from: number, to: number, edges: number[]}|null}
   */
  function between(costMs, sources, targets) {
    const boundOf = boundsTo(tables, sources, targets);
    const { cost } = once;
    const reach = begin(once, boundOf);
    const after = new Map();
    for (const [node, rest] of targets) after.set(node, Math.min(rest, after.get(node) ?? Infinity));
    for (const [node, there] of sources) reach(node, there, -1);
    let [best, to] = [Infinity, -1];
    while (queue.least() < best) {
      const there = queue.leastTag();
      const node = queue.pop();
      if (there > cost[node]) continue;
      const rest = after.get(node);
      if (rest !== undefined && there + rest < best) [best, to] = [there + rest, node];
      for (let edge = firstOut[node]; edge < firstOut[node + 1]; edge += 1) {
        const next = there + costMs[edge];
        if (next < Infinity) reach(edgeHead[edge], next, edge);
      }
    }
    return to < 0 ? null : { ...pathAt(once, to, false), cost: best };
  }

  /** The least that all paths from some nodes to others cost, by the landmarks. */
  function bound(sources, targets) {
    let least = Infinity;
    for (const [source, there] of sources) {
      for (const [target, rest] of targets) {
        const way = tables.reduce((most, table) => Math.max(most, boundBy(table, source, table.cost[target])), 0);
        least = Math.min(least, there + way + rest);
      }
    }
    return least;
  }

  return { between, bound, paths };
}

/** What a search has reached: the cost of each node stamped `now`, and the edge that leads to it. */
function makeReached(nodeCount) {
  return { cost: new Float64Array(nodeCount), via: new Int32Array(nodeCount), stamp: new Uint32Array(nodeCount), now: 0 };
}

/** What a table says of the way from a node to one that it gives a cost of; 0 where it says nothing. */
function boundBy({ cost, isInward }, node, end) {
  const value = isInward ? cost[node] - end : end - cost[node];
  return Number.isFinite(value) ? value : 0;
}

/** Tables of costs from landmarks and to them; each landmark is far from those before it. */
function makeLandmarks({ nodeCount }, grow) {
  const tables = [];
  if (nodeCount === 0) return tables;
  let nearest = null;
  let root = farthest(grow(0, false));
  for (let number = 0; number < LANDMARKS; number += 1) {
    const [out, inward] = [grow(root, false), grow(root, true)];
    tables.push({ cost: out, isInward: false }, { cost: inward, isInward: true });
    nearest = nearest === null ? out.slice() : nearest.map((value, node) => Math.min(value, out[node]));
    root = farthest(nearest);
  }
  return tables;
}

/** The node of the highest cost; where no path leads, nothing is learned. */
const farthest = (cost) => cost.reduce((best, value, node) => (value < Infinity && value > cost[best] ? node : best), cost.findIndex((value) => value < Infinity));

/** What is left to pay at least, by the tables that say most of these sources. */
function boundsTo(tables, sources, targets) {
  const bounds = tables.map(({ cost, isInward }) => {
    const ends = targets.map(([node, rest]) => (isInward ? cost[node] - rest : cost[node] + rest));
    const end = isInward ? Math.max(...ends) : Math.min(...ends);
    return { cost, isInward, end };
  }).filter(({ end }) => Number.isFinite(end));
  const most = (one) => Math.max(...sources.map(([node]) => boundBy(one, node, one.end)));
  const used = bounds.map((one) => [most(one), one]).sort(([a], [b]) => b - a).slice(0, USED).map(([, one]) => one);
  // Asked for every node that is looked at: plain loops over plain arrays.
  const costs = used.map(({ cost }) => cost);
  const ends = used.map(({ end }) => end);
  const signs = used.map(({ isInward }) => (isInward ? 1 : -1));
  return (node) => {
    let bound = 0;
    for (let i = 0; i < costs.length; i += 1) {
      const value = signs[i] * (costs[i][node] - ends[i]);
      if (value > bound && value < Infinity) bound = value;
    }
    return bound;
  };
}

/**
 * A queue of nodes by rank, each with a tag, in buckets of ranks within two seconds of each other.
 *
 * Within a bucket the order is any: a node whose cost falls later is looked at again, which is rare,
 * as few streets are walked in less. The last bucket takes all ranks from six days on.
 */
function makeQueue() {
  const heads = new Int32Array(BUCKETS).fill(-1);
  let [tags, nodes, below] = [new Float64Array(4096), new Uint32Array(4096), new Int32Array(4096)];
  let [count, waiting, at, last] = [0, 0, 0, 0];
  const larger = (column) => {
    const more = new column.constructor(2 * column.length);
    more.set(column);
    return more;
  };
  return {
    clear() {
      heads.fill(-1, at, last + 1);
      [count, waiting, at, last] = [0, 0, 0, 0];
    },
    /** A rank that no other is below; Infinity where the queue is empty. */
    least() {
      if (waiting === 0) return Infinity;
      while (heads[at] < 0) at += 1;
      return at * BUCKET_MS;
    },
    leastTag: () => tags[heads[at]],
    push(rank, tag, node) {
      if (count === tags.length) [tags, nodes, below] = [tags, nodes, below].map(larger);
      const bucket = Math.max(at, Math.min(Math.floor(rank / BUCKET_MS), BUCKETS - 1));
      if (bucket > last) last = bucket;
      tags[count] = tag;
      nodes[count] = node;
      below[count] = heads[bucket];
      heads[bucket] = count;
      count += 1;
      waiting += 1;
    },
    pop() {
      const top = heads[at];
      heads[at] = below[top];
      waiting -= 1;
      return nodes[top];
    },
  };
}
