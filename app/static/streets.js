// The streets of a pack: columns that are mapped as they are (app/packs/streets.py,
// app/packs/typed_columns.py), and what is worked out from them once.
//
// Streets that nobody may be led along are not in the file. What is known of crossings and hazards
// is not in it either: it comes apart, and is forgotten sooner.

import { distanceM } from './spaces.js';

const MAGIC = 0x53504d41; // "AMPS"
const FORMAT = 1;
const TYPES = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, int16: Int16Array };
export const PER_DEGREE = 10_000_000;
export const METRES_A_DEGREE = 111_195.0837; // of the sphere of routing/geometry/geodesy.py
const NO_COUNTRY = 255;
const NO_NAME = 65_535;
const NOT_KNOWN_M = -32_768;
const CELL = 25_000; // of the grid, 1e-7 degree: some 280 m [A]
const MOST_CELLS_ACROSS = 512;

export const IS_ENTRY = 1;
export const IS_NO_ROAD = 2;

/** Read a file of streets; throws a TypeError where it is none that this page understands. */
export function readStreets(buffer) {
  const { head, column } = opened(buffer);
  const nodeLon = summed(column('node_lon'));
  const nodeLat = summed(column('node_lat'));
  const firstOut = column('first_out');
  const edgeHead = column('edge_head');
  const edgeRoad = column('edge_road');
  const lengthDm = column('road_length_dm');
  const timeMs = column('edge_time_ms');
  const tail = tailsOf(firstOut, edgeHead.length);
  const streets = {
    ...head,
    nodeLon, nodeLat, firstOut, edgeHead, edgeRoad, tail, lengthDm, timeMs,
    nodeCount: nodeLon.length,
    edgeCount: edgeHead.length,
    nodeCountry: column('node_country'),
    heightM: column('node_height_m'),
    flags: column('edge_flags'),
    pricedMs: column('edge_priced_ms') ?? timeMs,
    altitudeMs: column('edge_altitude_ms'),
    roadName: column('road_name'),
    twin: twinsOf(edgeRoad, lengthDm.length),
    gateOf: new Map(head.gates.map((gate) => [gate.edge, gate])),
    ...linesOf(column, tail, edgeRoad, nodeLon, nodeLat),
    ...inwardOf(edgeHead, nodeLon.length),
  };
  streets.component = componentsOf(streets);
  streets.onward = onwardOf(streets);
  streets.grid = gridOf(streets);
  return streets;
}

/** What a file of streets says of itself, without reading the streets. */
export const headOf = (buffer) => opened(buffer).head;

function opened(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength < 12 || view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== FORMAT) {
    throw new TypeError('no streets of this format');
  }
  const start = 12 + view.getUint32(8, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 12, start - 12)));
  const { columns, ...rest } = head;
  const column = (name) => {
    if (!columns[name]) return null;
    const [type, offset, count] = columns[name];
    return new TYPES[type](buffer, start + offset, count);
  };
  return { head: rest, column };
}

/** Calls back with each number of a column of variable length. */
function eachNumber(bytes, take) {
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    let [value, shift] = [0, 1];
    for (;;) {
      const byte = bytes[at];
      at += 1;
      value += (byte & 127) * shift;
      if (byte < 128) break;
      shift *= 128;
    }
    take(value % 2 === 0 ? value / 2 : -(value + 1) / 2, index);
  }
}

function numbersOf(bytes) {
  let count = 0;
  for (const byte of bytes) if (byte < 128) count += 1;
  const found = new Int32Array(count);
  eachNumber(bytes, (value, index) => { found[index] = value; });
  return found;
}

function summed(bytes) {
  const found = numbersOf(bytes);
  for (let i = 1; i < found.length; i += 1) found[i] += found[i - 1];
  return found;
}

function tailsOf(firstOut, count) {
  const tail = new Uint32Array(count);
  for (let node = 0; node + 1 < firstOut.length; node += 1) tail.fill(node, firstOut[node], firstOut[node + 1]);
  return tail;
}

/** The same road in the other direction, or -1. */
function twinsOf(edgeRoad, roadCount) {
  const twin = new Int32Array(edgeRoad.length).fill(-1);
  const other = new Int32Array(roadCount).fill(-1);
  edgeRoad.forEach((code, edge) => {
    const before = other[code >> 1];
    if (before >= 0) [twin[edge], twin[before]] = [before, edge];
    other[code >> 1] = edge;
  });
  return twin;
}

/** The vertices of all roads, one after the other; `roadStart` is the first of each. */
function linesOf(column, tail, edgeRoad, nodeLon, nodeLat) {
  const steps = column('road_steps');
  const [stepLon, stepLat] = [numbersOf(column('step_lon')), numbersOf(column('step_lat'))];
  const roadStart = new Uint32Array(steps.length + 1);
  const roadEdge = new Int32Array(steps.length).fill(-1);
  edgeRoad.forEach((code, edge) => { if ((code & 1) === 0) roadEdge[code >> 1] = edge; });
  const [lineLon, lineLat] = [new Int32Array(stepLon.length + steps.length), new Int32Array(stepLon.length + steps.length)];
  let [vertex, step] = [0, 0];
  for (let road = 0; road < steps.length; road += 1) {
    roadStart[road] = vertex;
    let [lon, lat] = [nodeLon[tail[roadEdge[road]]], nodeLat[tail[roadEdge[road]]]];
    [lineLon[vertex], lineLat[vertex]] = [lon, lat];
    vertex += 1;
    for (const end = step + steps[road]; step < end; step += 1, vertex += 1) {
      lon += stepLon[step];
      lat += stepLat[step];
      lineLon[vertex] = lon;
      lineLat[vertex] = lat;
    }
  }
  roadStart[steps.length] = vertex;
  return { roadStart, roadEdge, lineLon, lineLat };
}

/** Edges by the node that they lead to. */
function inwardOf(edgeHead, nodeCount) {
  const firstIn = new Uint32Array(nodeCount + 1);
  for (const node of edgeHead) firstIn[node + 1] += 1;
  for (let node = 0; node < nodeCount; node += 1) firstIn[node + 1] += firstIn[node];
  const [inEdge, next] = [new Uint32Array(edgeHead.length), firstIn.slice()];
  edgeHead.forEach((node, edge) => { inEdge[next[node]] = edge; next[node] += 1; });
  return { firstIn, inEdge };
}

/** A number for each node, the same where roads lead both ways between them, whatever is closed. */
function componentsOf({ nodeCount, firstOut, edgeHead }) {
  const component = new Int32Array(nodeCount).fill(-1);
  const [order, low, next] = [new Int32Array(nodeCount).fill(-1), new Int32Array(nodeCount), firstOut.slice(0, nodeCount)];
  const [path, waiting] = [[], []];
  let [seen, count] = [0, 0];
  const enter = (node) => {
    [order[node], low[node]] = [seen, seen];
    seen += 1;
    path.push(node);
    waiting.push(node);
  };
  // Tarjan 1972, with a stack of its own: the browser's is too short for a city.
  const leave = (node) => {
    path.pop();
    if (low[node] === order[node]) {
      for (let member = -1; member !== node;) {
        member = waiting.pop();
        component[member] = count;
      }
      count += 1;
    }
    const before = path[path.length - 1];
    if (before !== undefined) low[before] = Math.min(low[before], low[node]);
  };
  for (let root = 0; root < nodeCount; root += 1) {
    if (order[root] < 0) enter(root);
    while (path.length > 0) {
      const node = path[path.length - 1];
      if (next[node] === firstOut[node + 1]) {
        leave(node);
        continue;
      }
      const head = edgeHead[next[node]];
      next[node] += 1;
      if (order[head] < 0) enter(head);
      else if (component[head] < 0) low[node] = Math.min(low[node], order[head]);
    }
  }
  return component;
}

/** Components that roads lead to from each component. */
function onwardOf({ component, tail, edgeHead }) {
  const onward = new Map();
  edgeHead.forEach((head, edge) => {
    const [from, to] = [component[tail[edge]], component[head]];
    if (from === to) return;
    if (!onward.has(from)) onward.set(from, new Set());
    onward.get(from).add(to);
  });
  return onward;
}

/** Roads by the cells that the box of their line meets. */
function gridOf({ roadStart, lineLon, lineLat, nodeLon, nodeLat }) {
  const least = (column) => column.reduce((low, value) => Math.min(low, value), Infinity);
  const most = (column) => column.reduce((high, value) => Math.max(high, value), -Infinity);
  const [west, south] = [least(lineLon), least(lineLat)];
  const across = Math.max(most(nodeLon) - west, most(nodeLat) - south, most(lineLon) - west, most(lineLat) - south);
  const cell = Math.max(CELL, Math.ceil((across + 1) / MOST_CELLS_ACROSS));
  const columns = Math.floor(across / cell) + 1;
  const cellOf = (value, origin) => Math.min(columns - 1, Math.max(0, Math.floor((value - origin) / cell)));
  const boxes = new Uint16Array(4 * (roadStart.length - 1));
  const start = new Uint32Array(columns * columns + 1);
  const eachCell = ([x, y, toX, toY], take) => {
    for (let row = y; row <= toY; row += 1) for (let i = x; i <= toX; i += 1) take(row * columns + i);
  };
  for (let road = 0; road + 1 < roadStart.length; road += 1) {
    const [lon, lat] = [lineLon, lineLat].map((column) => column.subarray(roadStart[road], roadStart[road + 1]));
    const box = [cellOf(least(lon), west), cellOf(least(lat), south), cellOf(most(lon), west), cellOf(most(lat), south)];
    boxes.set(box, 4 * road);
    eachCell(box, (at) => { start[at + 1] += 1; });
  }
  for (let at = 0; at + 1 < start.length; at += 1) start[at + 1] += start[at];
  const [roads, next] = [new Uint32Array(start[start.length - 1]), start.slice()];
  for (let road = 0; road + 1 < roadStart.length; road += 1) {
    eachCell(boxes.subarray(4 * road, 4 * road + 4), (at) => { roads[next[at]] = road; next[at] += 1; });
  }
  return {
    /** Roads of which the box may come within some units of a place; some of them twice. */
    * near(x, y, reachX, reachY) {
      const [toX, toY] = [cellOf(x + reachX, west), cellOf(y + reachY, south)];
      for (let row = cellOf(y - reachY, south); row <= toY; row += 1) {
        const first = row * columns;
        yield roads.subarray(start[first + cellOf(x - reachX, west)], start[first + toX + 1]);
      }
    },
  };
}

export const positionOf = ({ nodeLon, nodeLat }, node) => [nodeLon[node] / PER_DEGREE, nodeLat[node] / PER_DEGREE];

export const countryOf = ({ nodeCountry, countries }, node) =>
  (nodeCountry[node] === NO_COUNTRY ? null : countries[nodeCountry[node]]);

export const nameOf = ({ roadName, edgeRoad, names }, edge) => {
  const name = roadName[edgeRoad[edge] >> 1];
  return name === NO_NAME ? null : names[name];
};

export const lengthOf = ({ lengthDm, edgeRoad }, edge) => lengthDm[edgeRoad[edge] >> 1] / 10;

export const heightOf = ({ heightM }, node) => (heightM === null || heightM[node] === NOT_KNOWN_M ? null : heightM[node]);

/** The vertices of a road, and the share of its length before each. */
export function lineOf({ roadStart, lineLon, lineLat }, road) {
  const points = [];
  const shares = [0];
  for (let v = roadStart[road]; v < roadStart[road + 1]; v += 1) points.push([lineLon[v] / PER_DEGREE, lineLat[v] / PER_DEGREE]);
  for (let i = 1; i < points.length; i += 1) shares.push(shares[i - 1] + distanceM(points[i - 1], points[i]));
  const whole = shares[shares.length - 1];
  return { points, shares: shares.map((share, i) => (whole > 0 ? share / whole : i / (shares.length - 1))) };
}
