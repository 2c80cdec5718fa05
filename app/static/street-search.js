// The cheapest path over streets: Dijkstra on typed arrays, led by landmarks (Goldberg and Harrelson
// 2005, "Computing the shortest path: A* search meets graph theory"). Costs are milliseconds, whole
// ones but for the parts of edges at both ends, as those of the server's metric.
//
// Landmarks' tables are of the costs of edges at their least: what hazards and closures add keeps
// every bound true, so nothing is worked out anew when they change.

const LANDMARKS = 6; // [A]: with more, the tables take longer to work out than they save
const USED = 3; // of the tables, in one search

/**
 * Make what searches streets.
 *
 * @param {object} streets of `readStreets`
 * @param {Float64Array} baseMs the least that each edge ever costs
 */
export function makeSearch(streets, baseMs) {
  const { nodeCount, firstOut, edgeHead, firstIn, inEdge, tail } = streets;
  // One search after the other writes to these: a phone has no room for a set of each.
  const cost = new Float64Array(nodeCount);
  const via = new Int32Array(nodeCount);
  const stamp = new Uint32Array(nodeCount);
  const queue = makeQueue();
  let now = 0;

  const costAt = (node) => (stamp[node] === now ? cost[node] : Infinity);

  function begin() {
    now += 1;
    queue.clear();
  }

  function reach(node, there, edge, bound) {
    if (there >= costAt(node)) return;
    stamp[node] = now;
    cost[node] = there;
    via[node] = edge;
    queue.push(there + bound, there, node);
  }

  /** The least costs from some nodes to all others, or from all others to them. */
  function around(roots, isInward) {
    begin();
    for (const [root, there] of roots) reach(root, there, -1, 0);
    while (queue.least() < Infinity) {
      const there = queue.least();
      const node = queue.pop();
      if (there > cost[node]) continue;
      if (isInward) {
        for (let at = firstIn[node]; at < firstIn[node + 1]; at += 1) reach(tail[inEdge[at]], there + baseMs[inEdge[at]], inEdge[at], 0);
      } else {
        for (let edge = firstOut[node]; edge < firstOut[node + 1]; edge += 1) reach(edgeHead[edge], there + baseMs[edge], edge, 0);
      }
    }
    return cost.map((value, node) => (stamp[node] === now ? value : Infinity));
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
    begin();
    const after = new Map();
    for (const [node, rest] of targets) after.set(node, Math.min(rest, after.get(node) ?? Infinity));
    for (const [node, there] of sources) reach(node, there, -1, boundOf(node));
    let [best, to] = [Infinity, -1];
    while (queue.least() < best) {
      const there = queue.leastTag();
      const node = queue.pop();
      if (there > cost[node]) continue;
      const rest = after.get(node);
      if (rest !== undefined && there + rest < best) [best, to] = [there + rest, node];
      for (let edge = firstOut[node]; edge < firstOut[node + 1]; edge += 1) {
        const next = there + costMs[edge];
        if (next < costAt(edgeHead[edge])) reach(edgeHead[edge], next, edge, boundOf(edgeHead[edge]));
      }
    }
    if (to < 0) return null;
    const edges = [];
    let from = to;
    for (; via[from] >= 0; from = tail[via[from]]) edges.push(via[from]);
    return { cost: best, from, to, edges: edges.reverse() };
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

  return { around, between, bound };
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

/** A binary heap of nodes by rank, each with a tag, in typed arrays that grow. */
function makeQueue() {
  let [ranks, tags, nodes, count] = [new Float64Array(1024), new Float64Array(1024), new Uint32Array(1024), 0];
  const larger = (column) => {
    const more = new column.constructor(2 * column.length);
    more.set(column);
    return more;
  };
  const move = (from, to) => {
    ranks[to] = ranks[from];
    tags[to] = tags[from];
    nodes[to] = nodes[from];
  };
  const put = (at, rank, tag, node) => {
    ranks[at] = rank;
    tags[at] = tag;
    nodes[at] = node;
  };
  return {
    clear() { count = 0; },
    least: () => (count > 0 ? ranks[0] : Infinity),
    leastTag: () => tags[0],
    push(rank, tag, node) {
      if (count === ranks.length) [ranks, tags, nodes] = [ranks, tags, nodes].map(larger);
      let i = count;
      count += 1;
      for (; i > 0 && ranks[(i - 1) >> 1] > rank; i = (i - 1) >> 1) move((i - 1) >> 1, i);
      put(i, rank, tag, node);
    },
    pop() {
      const top = nodes[0];
      count -= 1;
      const [rank, tag, node] = [ranks[count], tags[count], nodes[count]];
      let i = 0;
      for (;;) {
        let below = 2 * i + 1;
        if (below >= count) break;
        if (below + 1 < count && ranks[below + 1] < ranks[below]) below += 1;
        if (ranks[below] >= rank) break;
        move(below, i);
        i = below;
      }
      put(i, rank, tag, node);
      return top;
    },
  };
}
