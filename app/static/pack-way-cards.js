// What the planner of packs answers: ways with their stages, or why none is shown.
import { element } from './cards.js';
import { linesOf, numbersOf } from './contents.js';
import { isBed, withNights } from './nights.js';
import { fill } from './phrases.js';
import { callLink, demoMark, hazardWord, lineItems, wordOf } from './reviewed.js';
import { longestGap, nearestTown, spacesAlong, zoneOf } from './roads.js';
import { distanceM, isUsable } from './spaces.js';

const byId = (id) => document.getElementById(id);

const DAY_S = 86_400;
const SHORT_M = 50; // of less more nothing is said
const MOST_SHUT = 3;

/** Make what shows answers; `show` takes what `askWays` found, and when somebody asks and sets out. */
export function makeWayCards(phone) {
  const { texts, names, phrases, opening, said } = phone;
  const countryOf = (code) => names.countries[code] ?? code;

  return {
    show(found, startMs, space = null) {
      const answer = makeAnswer(phone, startMs, Date.now());
      if (found.refusal === null) showWays(answer, found, space);
      else showRefusal(answer, found, space);
    },
    // What ways over streets are shown with too (pack-streets.js); an answer without a network of
    // roads has its time zone.
    parts: { reasons: reasonsPart, hazards: hazardsPart, crossings: crossingsPart, days: daysOf, bringIntoView },
  };

  function showWays(answer, found, space) {
    const order = found.ways.map((way, index) => wayPart(answer, way, found.because[index], found.beyond[index]));
    byId('way-answer').replaceChildren(...order, ...(space ? [destination(answer, space)] : []), ...linesPart(found.ends));
    byId('way-no-hazards').hidden = found.ways.some((way) => way.hazards.length > 0);
    phone.map.whenLoaded((map) => map.drawLine(found.ways[0].line));
    showAnswer();
  }

  function showAnswer() {
    byId('way-result').hidden = false;
    bringIntoView(byId('way-answer'));
  }

  function bringIntoView(answer) {
    const heading = answer.querySelector('h2');
    heading.focus({ preventScroll: true });
    heading.scrollIntoView({ block: 'start' });
  }

  function daysOf(way) {
    return way.slowDays > way.days
      ? fill(texts.daysRange, { low: phrases.number(way.days), high: phrases.number(way.slowDays) })
      : phrases.plural(texts.days, way.days);
  }

  function wayPart(answer, found, because, beyond) {
    const { nameOf, startMs } = answer;
    const way = answer.byNights(found);
    const along = answer.alongOf(way);
    const unknown = answer.unknownOf(way).map(countryOf);
    const nightly = new Set((way.stages ?? []).map(({ space }) => space));
    const beds = along.filter(({ space }) => isBed(space, startMs) || nightly.has(space));
    const gap = longestGap(way, along.filter(({ space }) => isBed(space, startMs)).map(({ atM }) => atM));
    const facts = [
      [phrases.km(way.lengthM), texts.wayLength],
      [`${phrases.number(Math.round(way.climbM))} m`, texts.climb],
      ...(way.highestM === null ? [] : [[`${phrases.number(way.highestM)} m`, texts.highest]]),
    ];
    return element('article', { class: 'card route' },
      element('h2', { tabindex: '-1' }, daysOf(way)),
      beyond === null ? null : element('p', { class: 'notice' }, ...said(beyond, {})),
      element('ul', { class: 'facts' }, ...facts.map(([value, what]) => element('li', {}, element('b', {}, value), ` ${what}`))),
      because.length === 0 ? null : reasonsPart(answer, because, way.nodes[0]),
      unknown.length > 0 ? element('p', { class: 'unknown' }, fill(texts.noSpacesOf, { countries: unknown.join(', ') }))
        : way.days > 1 ? gapPart(answer, way, gap) : null,
      hazardsPart(way),
      crossingsPart(answer, way),
      element('h3', {}, texts.onTheWay),
      element('ol', { class: 'itinerary' },
        stop('stop-end', 0, nameOf(way.nodes[0])),
        ...along.map((one) => spaceStop(answer, one, beds.includes(one))),
        stop('stop-end', way.lengthM, nameOf(way.nodes[way.nodes.length - 1]))),
      way.stages ? stagesPart(answer, way) : null);
  }

  function hazardsPart({ hazards }) {
    return hazards.length === 0 ? null : element('div', { class: 'known' },
      element('h3', {}, texts.knownHazards),
      element('ul', {}, ...hazards.map(({ hazard }) => element('li', {}, wordOf('hazard', hazard.kind), ': ',
        element('span', { lang: 'es' }, hazard.title), demoMark(hazard.demo), publishedPart(hazard)))));
  }

  function crossingsPart(answer, { crossings }) {
    return crossings.length === 0 ? null : element('div', {},
      element('h3', {}, texts.crossingsInOrder),
      element('ol', { class: 'crossings-in-order' }, ...crossings.map((one) => crossingItem(answer, one))));
  }

  /** When a hazard was published; packs of before do not say. */
  function publishedPart({ published_on: day = null }) {
    return day === null ? null : element('small', {}, ` ${fill(texts.publishedOn, { date: phone.day(day) })}`);
  }

  /** The space that somebody goes to; the way leads to its town. */
  function destination({ nowMs }, space) {
    const [state, words] = opening(space, nowMs);
    return element('article', { class: 'card destination' },
      element('h2', {}, element('a', { href: phone.spaceAddress(space.id) }, space.name)),
      element('p', { class: `opening opening-${state}` }, words),
      space.isReferralOnly ? element('p', { class: 'referral' }, texts.referralOnly) : null,
      space.phone ? element('p', {}, callLink(space)) : null);
  }

  /** Whom to call where somebody sets out and arrives (P45). */
  function linesPart(ends) {
    const countries = ends.map((node) => phone.contents.network.nodes.country[node]);
    const lines = linesOf(phone.contents, countries);
    return lines.length === 0 ? [] : [element('section', {},
      element('h2', {}, texts.lines),
      element('ul', { class: 'lines' }, ...lineItems(lines, names.countries)))];
  }

  function stagesPart({ nameOf }, way) {
    let first = 1;
    const items = way.stages.map((stage) => {
      const [low, high] = [first, first + stage.days - 1];
      first = high + 1;
      const named = low === high ? fill(texts.dayOf, { num: phrases.number(low) })
        : fill(texts.daysFromTo, { low: phrases.number(low), high: phrases.number(high) });
      const on = new Date(stage.date * DAY_S * 1000);
      const { space } = stage;
      return element('li', {}, element('b', {}, named), `, ${on.getUTCDate()} ${texts.months[on.getUTCMonth()]}: `,
        fill(texts.upTo, { km: phrases.km(stage.toM - stage.fromM) }), ' ',
        space ? `${space.name}, ${space.locality}` : nameOf(way.nodes[way.nodes.length - 1]), '. ',
        ...stageWords(stage).map((words) => element('b', {}, ...words)));
    });
    return element('details', { class: 'stages' },
      element('summary', {}, texts.byDays),
      element('ol', {}, ...items),
      way.stages[0].day > 0 ? element('p', { class: 'fine' }, ...said('stage_start', {})) : null,
      way.isKnown ? null : element('p', { class: 'unknown' }, texts.nightsNotKnown),
      element('p', { class: 'fine' }, ...said('stage_beds', {})));
  }

  /** What forbids a stage, what is shut on it, and what helps: as app/texts/stage_text.py. */
  function stageWords({ fails, days, shut }) {
    if (fails.length === 0) return [];
    const named = fails.filter((one) => ['height', 'crossing', 'hours'].includes(one) || (one === 'daylight' && days === 1));
    return [
      ...(days > 1 ? [said('stage_no_bed', {})] : []),
      ...named.map((one) => said(`stage_${one}`, {})),
      ...shut.slice(0, MOST_SHUT).map((space) => said('stage_closed', { name: space.name })),
      said('stage_vehicle', {}),
    ];
  }

  /** Why no way is shown, until when, where to stay meanwhile and whom to call (P32, P54). */
  function showRefusal(answer, found, space) {
    const { ways, because, beyond, refusal, ends } = found;
    const [start, end] = ends.map((node) => answer.network.nodes.country[node]);
    // The way of which the refusal speaks.
    const row = Math.max(0, beyond.indexOf(refusal));
    const reasons = because[row];
    const lines = numbersOf(phone.contents, texts.lineKinds, [start, end]);
    byId('way-answer').replaceChildren(element('article', { class: 'card route refused' },
      element('h2', { tabindex: '-1' }, ...(refusal === 'none' ? [texts.noWay] : said(`refused_${refusal}`, {}))),
      reasons.length === 0 ? null : reasonsPart(answer, reasons, ends[0]),
      nearestPart(answer, ends[0], start),
      lines.length === 0 ? null : element('ul', { class: 'lines' }, ...lineItems(lines, names.countries)),
      ways.length === 0 ? null : element('p', { class: 'fine' }, `${phrases.km(ways[row].lengthM)} · ${daysOf(answer.byNights(ways[row]))}`),
      ways.length === 0 ? null : longWayButton(answer, found, space)));
    byId('closure').hidden = false;
    byId('way-no-hazards').hidden = true;
    showAnswer();
  }

  function longWayButton(answer, found, space) {
    const button = element('button', { type: 'button', class: 'button quiet', id: 'long-way' }, texts.longWay);
    button.addEventListener('click', () => showWays(answer, found, space));
    return element('p', { class: 'need' }, button);
  }

  /** The nearest space on the side that somebody is on, with its phone. */
  function nearestPart({ network, nowMs }, node, side) {
    const here = network.positionOf(node);
    const [near] = phone.contents.spaces.filter((space) => space.country === side && isUsable(space))
      .map((space) => ({ space, far: distanceM(here, [space.lon, space.lat]) })).sort((a, b) => a.far - b.far);
    if (!near) return null;
    const { space, far } = near;
    return element('p', { class: 'nearest' }, fill(texts.onTheSideOf, { country: countryOf(side) }), ' ',
      element('b', {}, space.name), demoMark(space.isDemo), `, ${space.locality} (${fill(texts.straight, { km: phrases.km(far) })}). `,
      opening(space, nowMs)[1], ' ', space.phone ? callLink({ phone: space.phone }) : null);
  }

  function reasonsPart(answer, because, from) {
    return element('ul', { class: 'because' }, ...because.map((one) => element('li', {}, ...reasonWords(answer, one, from))));
  }

  /** What is closed, until when, and what that costs: words that a person has to review (P47). */
  function reasonWords({ network, zone: ownZone, nowMs }, { kind, state, record, untilMs, extraS, extraM, isChoice, isOpenAtStart }, from) {
    const demo = record.demo ? ' (DEMO)' : '';
    const isCrossing = kind === 'crossing';
    const zone = isCrossing ? record.timezone : ownZone ?? zoneOf(network.pack, network.nodes.country[from]);
    const time = untilMs === null ? null : phrases.moment(untilMs, nowMs, zone);
    // One that is open now is never called closed (P32).
    const what = isCrossing ? said(isOpenAtStart ? `${state}_then` : state, { name: `${record.name}${demo}` })
      : said(isChoice ? 'chosen' : 'barred', { kind: `${hazardWord(record.kind)}${demo}` });
    const until = time !== null ? said(isCrossing ? 'next' : 'ends', { time }) : isCrossing ? said('no_next', {}) : [];
    const isLonger = extraM >= SHORT_M;
    const cost = extraS === null ? [] : said(isLonger ? 'longer' : 'slower', { time: extraS, km: phrases.km(Math.max(0, extraM)) });
    return [...what, ...until, ...cost];
  }

  function stop(kind, atM, text) {
    return element('li', { class: `stop ${kind}` },
      element('span', { class: 'at' }, atM ? phrases.km(atM) : '0 km'), ' ', element('span', {}, text));
  }

  /** A space on the way: that it is for sleeping where it counts, else what its hours say. */
  function spaceStop({ nowMs }, { space, atM }, isForNight) {
    const words = isForNight ? texts.forSleeping : opening(space, nowMs)[1];
    const item = stop(`stop-space${isForNight ? ' stop-night' : ''}`, atM, `${space.locality}: `);
    item.lastElementChild.append(element('a', { href: phone.spaceAddress(space.id) }, space.name), ` · ${words}`);
    return item;
  }

  function gapPart({ network, nameOf }, way, gap) {
    const positionAt = (metres) => way.line[Math.max(0, way.at.findIndex((at) => at >= metres))];
    const nameAt = (metres) => nameOf(nearestTown(network, positionAt(metres)));
    return element('div', { class: 'gap' },
      element('h3', {}, fill(texts.gap, { km: phrases.km(gap.lengthM) })),
      element('p', {}, fill(texts.fromTo, { start: nameAt(gap.fromM), end: nameAt(gap.fromM + gap.lengthM) })));
  }

  /** A crossing as it is when somebody gets there, and when it opens for who has to wait (P32). */
  function crossingItem({ nowMs }, { crossing, state, thereMs, passMs }) {
    return element('li', {}, `${phone.crossingName(crossing)} `, wordOf('crossing', state),
      passMs > thereMs ? ` ${fill(texts.waitFor, { time: phrases.moment(passMs, nowMs, crossing.timezone) })}` : null);
  }
}

/** What one answer is made from: the roads and spaces as they are while it is shown. */
function makeAnswer({ contents }, startMs, nowMs) {
  const { network, spaces } = contents;
  const alongOf = (way) => spacesAlong(way, spaces.filter(isUsable), network);
  /** Countries on a way of which the phone has no spaces: it cannot say how far one is. */
  const unknownOf = (way) => [...new Set(way.nodes.map((node) => network.nodes.country[node]))]
    .filter((code) => code && !contents.covers(code));
  return {
    network,
    startMs,
    nowMs,
    alongOf,
    unknownOf,
    nameOf: (node) => network.nodes.name[node],
    /** A way by the days of its stages, where the phone knows the spaces on it. */
    byNights: (way) => (unknownOf(way).length > 0 ? way : withNights(way, alongOf(way), network, startMs)),
  };
}
