// The search by what somebody needs, drawn from packs. Nothing that is said here leaves the page.
import { digitsOf, element, messageTo } from './cards.js';
import { linesOf } from './contents.js';
import { matched } from './eligibility.js';
import { fill } from './phrases.js';
import { demoMark, lineItems } from './reviewed.js';
import { openness } from './spaces.js';
import { completeTowns, townOf } from './town-field.js';

const byId = (id) => document.getElementById(id);
const say = (text) => { byId('match-status').textContent = text; };

const LINE_KINDS = ['emergency', 'asylum']; // as app/snapshots/essential_contacts.py
const CHILDRENS_LINE = 'child_protection';
const ADULT_AGE = 18;
const NIGHT_SERVICE = 'overnight';
const NO_DOCUMENT = 'none';

/** Begin the page; `show` is called with whatever the packs hold. */
export function startMatch(phone) {
  const { texts, names, phrases, asked, opening } = phone;
  const form = byId('match-form');

  completeTowns(phone, ['match-place']);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    search();
  });

  /** What the form says; null where it cannot be so, which is said. */
  function needOf(fields) {
    const digits = (name, most) => {
      const typed = fields.get(name).trim();
      if (typed === '') return null;
      return /^\d{1,3}$/.test(typed) && Number(typed) <= most ? Number(typed) : NaN;
    };
    const [age, children] = [digits('age', 120), digits('children', 30)];
    const isAlone = fields.get('alone') === 'yes';
    const held = fields.getAll('documents');
    const isNone = held.includes(NO_DOCUMENT);
    const problem = Number.isNaN(age) || Number.isNaN(children) ? texts.ageProblem
      : isAlone && ((age !== null && age >= ADULT_AGE) || children > 0) ? texts.aloneProblem
        : isNone && held.length > 1 ? texts.documentsProblem : null;
    if (problem !== null) {
      say(problem);
      return null;
    }
    return {
      services: [fields.get('service')], age, children: children ?? 0, isAlone,
      gender: fields.get('gender') || null,
      documents: isNone ? [] : held.length > 0 ? held : null,
      languages: fields.getAll('languages'),
    };
  }

  function search() {
    byId('match-answer').hidden = true;
    const { contents } = phone;
    if (!contents.newest) return say(texts.noPacks);
    const { node, hasChoices } = townOf(contents.towns, 'match-place', search);
    if (node === null) return say(hasChoices ? texts.severalPlaces : texts.placeUnknown);
    const need = needOf(new FormData(form));
    if (need === null) return undefined;
    const { network } = contents;
    const country = network.nodes.country[node];
    const nowMs = Date.now();
    if (!contents.covers(country)) return say(fill(texts.noSpacesOf, { countries: names.countries[country] ?? country }));
    const found = matched(need, contents.spaces, {
      position: network.positionOf(node), country, nowMs, walker: contents.newest.walker,
    });
    say('');
    showAnswer(found, need, { town: network.fullLabelOf(node), country, nowMs });
    return undefined;
  }

  function showAnswer({ steps, instead, leftOut }, need, { town, country, nowMs }) {
    const isChild = need.isAlone || (need.age !== null && need.age < ADULT_AGE);
    const kinds = isChild ? [...LINE_KINDS, CHILDRENS_LINE] : LINE_KINDS;
    const lines = linesOf(phone.contents, [country]).filter(({ kind }) => kinds.includes(kind));
    byId('match-answer').replaceChildren(...[
      element('h2', { tabindex: '-1' }, steps.length > 0 ? texts.whereToGo : texts.nobodyNow),
      element('p', { class: 'where' }, fill(texts.nearPlace, { place: town })),
      element('ol', { class: 'list' }, ...steps.map((one) => stepItem(one, stepReasons(one, need, nowMs)))),
      instead.length === 0 ? null : element('h3', {}, texts.askHere),
      instead.length === 0 ? null : element('ul', { class: 'list' }, ...instead.map((one) => stepItem(one, insteadReasons(one, nowMs)))),
      element('p', { class: 'notice' }, ...phone.said(lines.length > 0 ? 'fallback' : 'fallback_unknown', {})),
      element('ul', { class: 'lines' }, ...lineItems(lines, names.countries)),
      leftOut.size === 0 ? null : element('details', {}, element('summary', {}, texts.leftOut),
        element('ul', { class: 'reasons' }, ...[...leftOut].map(([code, count]) => element('li', {}, `${texts.leftOutBy[code]}: ${phrases.number(count)}`)))),
    ].filter(Boolean));
    byId('match-answer').hidden = false;
    byId('match-answer').querySelector('h2').focus({ preventScroll: true });
    byId('match-answer').scrollIntoView({ block: 'start' });
  }

  function stepItem({ space }, reasons) {
    const call = space.phone ? [`tel:${digitsOf(space.phone)}`, fill(texts.callNumber, { number: space.phone })]
      : space.whatsapp ? [messageTo(space.whatsapp), fill(texts.whatsappNumber, { number: space.whatsapp })] : null;
    return element('li', { class: 'card' },
      element('h3', {}, element('a', { href: phone.spaceAddress(space.id) }, space.name), demoMark(space.isDemo)),
      element('p', { class: 'where' }, `${names.kinds[space.kind] ?? space.kind} · ${space.locality}, ${names.countries[space.country] ?? space.country}`),
      element('ul', { class: 'reasons' }, ...reasons.filter(Boolean).map((words) => element('li', {}, words))),
      element('p', { class: 'calls' }, call ? element('a', { class: 'button', href: call[0], rel: 'noreferrer' }, call[1]) : null,
        element('button', { class: 'button', form: 'go', name: 'end_choice', value: `space:${space.id}` }, texts.goHere)));
  }

  function stepReasons(one, need, nowMs) {
    const { space, refersTo, doubts, arrivalMs, distanceM, durationS } = one;
    const isForNight = need.services.includes(NIGHT_SERVICE);
    const { lastEntryMs = null } = openness(space, arrivalMs);
    const { capacity, capacity_updated: updated = null } = (refersTo ?? space).details;
    return [
      refersTo ? fill(texts.refersTo, { name: refersTo.name }) : null,
      isForNight && !refersTo ? texts.openThatNight : texts.openOnArrival,
      lastEntryMs === null ? null : fill(texts.lastEntryAt, { time: phrases.clock(lastEntryMs, space.timezone) }),
      phone.age(space, nowMs),
      fill(texts.straightWay, { length: phrases.km(distanceM) }),
      durationS < texts.arrivalToldFromS ? null
        : fill(texts.arrives, { when: phrases.moment(arrivalMs, nowMs, space.timezone) }),
      !isForNight ? null : capacity === 'places' && updated !== null
        ? `${texts.placesLeft} (${fill(texts.saidAt, { time: phrases.moment(Date.parse(updated), nowMs, space.timezone) })})` : texts.placesNotKnown,
      ...doubts.map((code) => fill(texts.doubts[code], { languages: need.languages.map((tag) => names.languages[tag] ?? tag).join(' / ') })),
    ];
  }

  function insteadReasons({ space, role, reasons, arrivalMs }, nowMs) {
    const { opensMs = null } = openness(space, arrivalMs);
    return [
      role === 'guide' ? texts.guides : null,
      ...reasons.map((code) => texts.whyNotNow[code]),
      reasons.length > 0 && opensMs !== null ? fill(texts.opensOn, { when: phrases.moment(opensMs, nowMs, space.timezone) }) : null,
      reasons.length === 0 ? opening(space, nowMs)[1] : null,
      texts.callBefore,
    ];
  }

  function takeFields(fields) {
    byId('match-place').value = fields.get('place') ?? '';
    for (const name of ['service', 'age', 'gender', 'children']) form.elements[name].value = fields.get(name) ?? '';
    for (const name of ['alone', 'documents', 'languages']) {
      for (const box of form.querySelectorAll(`input[name=${name}]`)) box.checked = fields.getAll(name).includes(box.value);
    }
    form.querySelector('details').open = ['age', 'gender', 'children', 'alone', 'documents', 'languages'].some((name) => fields.get(name));
    search();
  }

  let isFirst = true;
  return {
    show() {
      if (isFirst && asked.fields) takeFields(asked.fields);
      isFirst = false;
    },
  };
}
