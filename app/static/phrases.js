// Words, numbers and times as the server writes them; the page's data block brings the texts.

/** Put values into a text of the catalogues: `%(name)s`. */
export const fill = (text, values) =>
  text.replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? '');

/**
 * Make what writes in the page's language.
 *
 * @param {object} texts what `app/page_models/phone_texts.py` gives
 */
export function makePhrases(texts) {
  const number = (value, decimals = 0) => {
    const [whole, part] = value.toFixed(decimals).split('.');
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, texts.group);
    return part && part !== '0' ? `${grouped}${texts.decimal}${part}` : grouped;
  };
  // As app/i18n/time_habits.py writes times of day.
  const habit = texts.times;
  const hourOf = ({ hour }) => (habit.cycle === 24 ? hour : hour % 12 || 12);
  const clock = (local) => {
    const { hour, minute } = local;
    const named = minute === 0 && { 0: habit.midnight, 12: habit.noon }[hour];
    const h = hourOf(local);
    const [hh, m] = [h, minute].map((value) => String(value).padStart(2, '0'));
    return named || fill(minute ? habit.minutes : habit.sharp, { h, hh, m, half: habit.halves[hour < 12 ? 0 : 1] });
  };
  const dated = ({ weekday, day, month }) => `${texts.weekdays[weekday]} ${day} ${texts.months[month - 1]}`;
  /** The local time of a place, with the day where it is not today's. */
  const moment = (ms, nowMs, timezone) => {
    const local = localParts(ms, timezone);
    if (local.key === localParts(nowMs, timezone).key) return clock(local);
    return `${dated(local)}, ${clock(local)}`;
  };
  return {
    number,
    moment,
    clock: (ms, timezone) => clock(localParts(ms, timezone)),
    /** The same within a sentence with "until". */
    until(ms, nowMs, timezone) {
      const local = localParts(ms, timezone);
      const days = dayNumber(ms, timezone) - dayNumber(nowMs, timezone);
      const time = clock(local);
      if (days === 0) return `${habit.articles[hourOf(local) === 1 ? 0 : 1]}${time}`;
      return days === 1 ? `${texts.tomorrow}, ${time}` : fill(habit.on_day, { day: dated(local), time });
    },
    /** The phone's own time, as moments of data are told. */
    ownMoment: (ms, nowMs = Date.now()) => moment(ms, nowMs, Intl.DateTimeFormat().resolvedOptions().timeZone),
    /** One decimal below 10 km, none above, never "0 km". */
    km(distanceM) {
      if (distanceM >= 9950) return `${number(Math.round(distanceM / 1000))} km`;
      const tenths = distanceM > 0 && distanceM < 100 ? 1 : Math.round(distanceM / 100);
      return `${number(tenths / 10, 1)} km`;
    },
    /** A text that depends on a number; `forms` are those of the language, in its order. */
    plural(forms, count, values = {}) {
      const form = forms[texts.singular.includes(count) ? 0 : forms.length - 1];
      return fill(form, { ...values, num: number(count) });
    },
  };
}

const formats = new Map();

/** Which day and hour it is somewhere: digits alone, for Intl does not know every language. */
function localParts(ms, timezone) {
  let format = formats.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: timezone, year: 'numeric', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(timezone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const { year, month, day, hour, minute } = parts;
  // Monday is 0, as in the catalogues.
  const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
  return { key: `${year}-${month}-${day}`, year, month, day, weekday, hour, minute };
}

/** The days from 1 January 1970 to today, somewhere. */
export function dayNumber(ms, timezone) {
  const { year, month, day } = localParts(ms, timezone);
  return Date.UTC(year, month - 1, day) / 86_400_000;
}
