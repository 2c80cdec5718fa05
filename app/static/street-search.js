// The cheapest path over streets: Dijkstra on typed arrays, led by landmarks (Goldberg and Harrelson
// 2005, "Computing the shortest path: A* search meets graph theory"). Costs are milliseconds, whole
// ones but for the parts of edges at both ends, as those of the server's metric.
//
// Landmarks' tables are of the costs of edges at their least: what hazards and closures add keeps
// every bound true, so nothing is worked out anew when they change.

const LANDMARKS = 4; // [A]: with more, the tables take longer to work out than they save
const USED = 3; // of the tables, in one search
const BUCKET_MS = 2_048; // [A]: half as much and twice as much take longer
const BUCKETS = 260_000; // six days: few ways over a town take longer [A]
const MOST_AT_GATES = 24; // nodes of gates that have a table: half a megabyte each for a city [A]
const NO_LEAD = { tables: [], ends: [], signs: [] };
const NO_GOALS = new Map();

/**
 * Make what searches streets.
 *
 * @param {object} streets of `readStreets`
 * @param {Float64Array} baseMs the least that each edge ever costs
 * @param {{edge: number}[]} gates edges that cross a border; no section leads over one
 */
export function makeSearch(streets, baseMs, gates) {
  const { nodeCount, firstOut, edgeHead, firstIn, inEdge, tail } = streets;
  const reached = { cost: new Float64Array(nodeCount), via: new Int32Array(nodeCount) };
  const spread = makeSpread(nodeCount);
  const ways = [
    { first: firstOut, edgeAt: null, ending: edgeHead },
    { first: firstIn, edgeAt: inEdge, ending: tail },
  ];

  /** The least costs from a node to all others, or from all others to it. */
  function around(costMs, root, isInward) {
    spread(reached, costMs, [[root, 0]], ways[Number(isInward)], NO_LEAD, NO_GOALS, () => Infinity);
    return reached.cost.slice();
  }

  const tables = makeLandmarks(streets, (root, isInward) => around(baseMs, root, isInward));
  const closedMs = baseMs.slice();
  for (const edge of streets.gateOf.keys()) closedMs[edge] = Infinity;
  const tablesAt = (column, isInward) => new Map([...new Set(gates.map(({ edge }) => column[edge]))]
    .slice(0, MOST_AT_GATES).map((node) => [node, around(closedMs, node, isInward)]));
  const toGates = tablesAt(tail, true);
  const fromGates = tablesAt(edgeHead, false);

  /**
   * A section from a gate or to one, as a search from its other end with what is left to pay but for
   * hazards and closures; null where it is none, or one of gates beyond those that have a table.
   */
  function atGate(sources, targets) {
    const to = targets.length === 1 && toGates.get(targets[0][0]);
    if (to) return { isInward: false, roots: sources, table: to, restMs: targets[0][1] };
    const from = sources.length === 1 && fromGates.get(sources[0][0]);
    return from ? { isInward: true, roots: targets, table: from, restMs: sources[0][1] } : null;
  }

  function pathAt(node, isInward) {
    const { cost, via } = reached;
    const edges = [];
    let at = node;
    for (; via[at] >= 0; at = (isInward ? edgeHead : tail)[via[at]]) edges.push(via[at]);
    return isInward ? { from: node, to: at, edges } : { from: at, to: node, edges: edges.reverse() };
  }

  /**
   * Find the cheapest of all paths from some nodes to others that cross no border.
   *
   * @param {Float64Array} costMs of each edge, no less than `baseMs`, Infinity where closed and at gates
   * @param {[number, number][]} sources nodes, each with the cost of being there
   * @param {[number, number][]} targets nodes, each with the cost of what follows
   * @returns {{cost: number, from: number, to: number, edges: number[]}|null}
   */
  function between(costMs, sources, targets) {
    const known = atGate(sources, targets);
    const isInward = known?.isInward ?? false;
    const [roots, goals] = isInward ? [targets, sources] : [sources, targets];
    const lead = known === null ? leadTo(tables, sources, targets)
      : { tables: [known.table], ends: [-known.restMs], signs: [1] };
    const after = new Map();
    for (const [node, rest] of goals) after.set(node, Math.min(rest, after.get(node) ?? Infinity));
    let [best, last] = [Infinity, -1];
    spread(reached, costMs, roots, ways[Number(isInward)], lead, after, (node, there) => {
      const whole = there + after.get(node);
      if (whole < best) [best, last] = [whole, node];
      return best;
    });
    return last < 0 ? null : { ...pathAt(last, isInward), cost: best };
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

  /** The same of paths that cross no border. */
  function sectionBound(sources, targets) {
    const known = atGate(sources, targets);
    if (known === null) return bound(sources, targets);
    return known.roots.reduce((least, [node, there]) => Math.min(least, there + known.table[node] + known.restMs), Infinity);
  }

  return { between, bound, sectionBound };
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

/** The tables that say most of what is left to pay from these sources: `value - end`, by its sign. */
function leadTo(tables, sources, targets) {
  const bounds = tables.map(({ cost, isInward }) => {
    const ends = targets.map(([node, rest]) => (isInward ? cost[node] - rest : cost[node] + rest));
    const end = isInward ? Math.max(...ends) : Math.min(...ends);
    return { cost, isInward, end };
  }).filter(({ end }) => Number.isFinite(end));
  const most = (one) => Math.max(...sources.map(([node]) => boundBy(one, node, one.end)));
  const used = bounds.map((one) => [most(one), one]).sort(([a], [b]) => b - a).slice(0, USED).map(([, one]) => one);
  return {
    tables: used.map(({ cost }) => cost), ends: used.map(({ end }) => end),
    signs: used.map(({ isInward }) => (isInward ? 1 : -1)),
  };
}

/**
 * Make what spreads over the streets from some nodes, the least rank first: cost and what is left at
 * least.
 *
 * Nodes wait in buckets of ranks that are two seconds wide. Within a bucket the order is any: a node
 * whose cost falls later is looked at again, which is rare, as few streets are walked in less. The
 * last bucket takes all ranks from six days on. It is one loop over plain arrays, since all that a
 * search costs is in it.
 */
function makeSpread(nodeCount) {
  const heads = new Int32Array(BUCKETS).fill(-1);
  const waits = new Uint8Array(nodeCount); // whether a node is to be looked at (again)
  const isGoal = new Uint8Array(nodeCount);
  let [nodes, below] = [new Uint32Array(4096), new Int32Array(4096)];

  /**
   * @param {Map<number, number>} goals by their nodes
   * @param {(node: number, there: number) => number} arrive at a goal, once or more if
   *        its cost falls; gives the rank from which nothing more is looked at
   */
  return ({ cost, via }, costMs, roots, { first, edgeAt, ending }, { tables, ends, signs }, goals, arrive) => {
    cost.fill(Infinity);
    waits.fill(0);
    for (const node of goals.keys()) isGoal[node] = 1;
    let [count, waiting, at, last, limit] = [0, 0, 0, 0, Infinity];
    let [node, there] = [-1, 0]; // the roots come first, as if one node led to them
    for (;;) {
      const isRoot = node < 0;
      const end = isRoot ? roots.length : first[node + 1];
      for (let i = isRoot ? 0 : first[node]; i < end; i += 1) {
        const edge = isRoot ? -1 : edgeAt === null ? i : edgeAt[i];
        const next = isRoot ? roots[i][1] : there + costMs[edge];
        const onto = isRoot ? roots[i][0] : ending[edge];
        if (!(next < cost[onto])) continue;
        cost[onto] = next;
        via[onto] = edge;
        let left = 0;
        for (let row = 0; row < tables.length; row += 1) {
          const value = signs[row] * (tables[row][onto] - ends[row]);
          if (value > left && value < Infinity) left = value;
        }
        const bucket = Math.max(at, Math.min(Math.floor((next + left) / BUCKET_MS), BUCKETS - 1));
        if (bucket > last) last = bucket;
        if (count === nodes.length) [nodes, below] = [larger(nodes), larger(below)];
        nodes[count] = onto;
        below[count] = heads[bucket];
        heads[bucket] = count;
        count += 1;
        waiting += 1;
        waits[onto] = 1;
      }
      node = -1;
      while (waiting > 0 && node < 0) {
        while (heads[at] < 0) at += 1;
        if (at * BUCKET_MS >= limit) break;
        const top = heads[at];
        heads[at] = below[top];
        waiting -= 1;
        if (waits[nodes[top]] === 1) node = nodes[top];
      }
      if (node < 0) break;
      waits[node] = 0;
      there = cost[node];
      if (isGoal[node] === 1) limit = arrive(node, there);
    }
    heads.fill(-1, at, last + 1);
    for (const goal of goals.keys()) isGoal[goal] = 0;
  };
}

function larger(column) {
  const more = new column.constructor(2 * column.length);
  more.set(column);
  return more;
}
