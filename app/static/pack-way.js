// The route planner, drawn from packs: the form, what its ends mean, and when somebody sets out.
import { recalledRoute, rememberRoute } from './asked-route.js';
import { askWays } from './because.js';
import { locate } from './nearby.js';
import { fill } from './phrases.js';
import { makeWayCards } from './pack-way-cards.js';
import { nearestTown, townOf as townOfSpace, zoneOf, zoneOffsetMs } from './roads.js';
import { distanceM } from './spaces.js';
import { completeTowns, townOf } from './town-field.js';

const byId = (id) => document.getElementById(id);
const say = (text) => { byId('way-status').textContent = text; };

const SIDES = ['start', 'end'];
const TOWN_M = 10_000; // as roads.js: who is further from a town is in none
const DAY_MS = 86_400_000;
const PACKS_PROFILE = 'adult';

/** Begin the page of the planner; `show` is called with whatever the packs hold. */
export function startWay(phone) {
  const { texts, phrases, asked } = phone;
  const form = byId('way-form');
  const cards = makeWayCards(phone);
  // What a list's button or another page's form chose for an end, until somebody types something else.
  const chosen = { start: '', end: '' };
  let departure = '';

  completeTowns(phone, SIDES.map((side) => `way-${side}`));
  for (const side of SIDES) byId(`way-${side}`).addEventListener('input', () => { chosen[side] = ''; });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    search();
  });
  byId('way-here').addEventListener('click', startHere);
  byId('way-swap').addEventListener('click', () => {
    const [start, end] = SIDES.map((side) => byId(`way-${side}`));
    [start.value, end.value] = [end.value, start.value];
    [chosen.start, chosen.end] = [chosen.end, chosen.start];
    say(fill(texts.swapped, { start: start.value, end: end.value }));
  });

  /** Where the phone is: the town that it is in, for the person to see and change. */
  async function startHere() {
    say(texts.locating);
    try {
      const node = townAt(await locate());
      if (node === null) return say(texts.locationFailed);
      setEnd('start', phone.contents.network.fullLabelOf(node));
      return say(fill(texts.picked, { name: byId('way-start').value }));
    } catch (error) {
      return say(error.code === 1 ? texts.locationRefused : texts.locationFailed);
    }
  }

  function townAt(position) {
    const { network } = phone.contents;
    const node = network ? nearestTown(network, position) : null;
    return node !== null && distanceM(position, network.positionOf(node)) <= TOWN_M ? node : null;
  }

  function setEnd(side, label, ref = '') {
    byId(`way-${side}`).value = label;
    chosen[side] = ref;
  }

  /** Fill the form from what was sent to `/plan`, and go on as far as that goes. */
  function takeFields(fields) {
    const given = fields.get('swap') ? [...SIDES].reverse() : SIDES;
    for (const [index, side] of SIDES.entries()) {
      const from = given[index];
      const ref = fields.get(`${from}_choice`) || fields.get(`${from}_ref`) || '';
      const end = endOfRef(ref);
      // Of a position its town alone is kept.
      setEnd(side, end?.label ?? fields.get(from) ?? '', end && !/^(here|point):/.test(ref) ? ref : '');
    }
    departure = fields.get('at') ?? '';
    const isOther = ![null, '', PACKS_PROFILE].includes(fields.get('profile'));
    byId('way-profile').hidden = !isOther;
    const missing = SIDES.find((side) => byId(`way-${side}`).value === '');
    if (missing) {
      byId(`way-${missing}`).focus();
      say(missing === 'start' ? texts.whereFrom : texts.whereTo);
    } else if (!fields.get('swap')) search();
  }

  /** What a reference of the server's forms stands for on this phone; null where it has none of it. */
  function endOfRef(ref) {
    const { network, spaces, newest } = phone.contents;
    const [, kind, rest] = /^(space|crossing|here|point):(.+)$/.exec(ref) ?? [];
    if (!network || !kind) return null;
    if (kind === 'space') {
      const space = spaces.find(({ id }) => id === rest);
      const node = space ? townOfSpace(network, space) : null;
      return node === null ? null : { node, label: space.name, space };
    }
    if (kind === 'crossing') {
      const [, id, country] = /^(.+):([A-Z]{2})$/.exec(rest) ?? [];
      const post = newest.around.crossings.findIndex((one) => String(one.id) === id);
      if (post < 0) return null;
      const one = newest.around.crossings[post];
      const gate = network.gates.find(({ posts, from }) => posts.includes(post) && network.nodes.country[from] === country);
      const node = gate ? gate.from : nearestTown(network, [one.lon, one.lat], country);
      const label = fill(texts.sideOf, { name: one.name, country: phone.names.countries[country] ?? country });
      return node === null ? null : { node, label };
    }
    const node = townAt(rest.split(',').map(Number));
    return node === null ? null : { node, label: network.fullLabelOf(node) };
  }

  function endOf(side) {
    const end = chosen[side] ? endOfRef(chosen[side]) : null;
    if (end) {
      byId(`way-${side}-choices`).hidden = true;
      return end;
    }
    return townOf(phone.contents.towns, `way-${side}`, search);
  }

  async function search() {
    if (form.hasAttribute('aria-busy')) return;
    byId('way-result').hidden = true;
    byId('closure').hidden = true;
    const { network } = phone.contents;
    if (network === null) {
      say(texts.noPacks);
      return;
    }
    const ends = SIDES.map(endOf);
    const nodes = ends.map(({ node }) => node);
    if (nodes.includes(null) || nodes[0] === nodes[1]) {
      say(ends.some(({ hasChoices }) => hasChoices) ? texts.severalPlaces : texts.chooseEnds);
      return;
    }
    say(texts.searching);
    form.setAttribute('aria-busy', 'true');
    // It takes a while, all at once: that it is under way is to be seen first.
    await phone.painted();
    form.removeAttribute('aria-busy');
    if (network !== phone.contents.network) { // packs came or went meanwhile
      search();
      return;
    }
    const nowMs = Date.now();
    const startMs = departureMs(network, nodes[0], nowMs);
    const found = { ...askWays(network, ...nodes, startMs), ends: nodes };
    const zone = zoneOf(network.pack, network.nodes.country[nodes[0]]);
    byId('way-asked').textContent = `${nodes.map((node) => network.nodes.name[node]).reduce((start, end) => fill(texts.fromTo, { start, end }))} `
      + `${texts.profile}. ${fill(texts.leaving, { time: phrases.moment(startMs, nowMs, zone) })}`;
    say(found.refusal === 'none' ? texts.noWay : texts.done);
    cards.show(found, startMs, ends[1].space ?? null);
    rememberRoute(new URLSearchParams(SIDES.flatMap((side) => [[side, byId(`way-${side}`).value], [`${side}_ref`, chosen[side]]])));
  }

  /** The time of setting out that a form said, local; now where it said none, or one that is over. */
  function departureMs(network, node, nowMs) {
    const [, year, month, day, hour, minute] = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)$/.exec(departure) ?? [];
    if (year === undefined) return nowMs;
    const zone = zoneOf(network.pack, network.nodes.country[node]);
    const localMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
    const ms = localMs - zoneOffsetMs(zone, localMs - zoneOffsetMs(zone, localMs));
    const isTold = ms >= nowMs && ms < Date.parse(network.pack.start) + network.pack.horizon_days * DAY_MS;
    return isTold ? ms : nowMs;
  }

  let isFirst = true;
  return {
    show() {
      if (phone.contents.network === null) byId('way-result').hidden = true;
      if (isFirst) {
        const [arrival] = performance.getEntriesByType('navigation');
        const isAgain = ['back_forward', 'reload'].includes(arrival?.type);
        const fields = asked.fields ?? (isAgain ? recalledRoute() : null);
        if (fields) takeFields(fields);
      }
      isFirst = false;
    },
  };
}
