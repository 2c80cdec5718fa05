// Sunrise and sunset by the solar equations of NOAA, as routing/planning/daylight.py has them.

const RAD = Math.PI / 180;
const ZENITH = 90 + 32 / 120 + 1_880.79 / 3_600; // the sun's radius and refraction
const EPOCH_DAYS = 10_957.5; // J2000.0, days after 1970
const CENTURY_DAYS = 36_525;

/**
 * Sunrise and sunset of the day around solar noon at a place, seconds after 00:00 UTC of a date.
 *
 * @param {number} day of the date, counted from 1 January 1970
 */
export function sunTimes(lon, lat, day) {
  const noonMin = 720 - 4 * lon;
  const event = (side) => {
    let found = { min: 0, halfMin: 0 };
    for (let turn = 0; turn < 2; turn += 1) {
      const { sine, equationMin } = sunAt(day + found.min / 1440);
      const cosine = (Math.cos(ZENITH * RAD) - Math.sin(lat * RAD) * sine)
        / Math.cos(lat * RAD) / Math.sqrt(1 - sine * sine);
      const halfMin = Math.acos(Math.min(1, Math.max(-1, cosine))) / RAD * 4;
      found = { min: noonMin - equationMin + side * halfMin, halfMin };
    }
    return found;
  };
  return { riseS: event(-1).min * 60, setS: event(1).min * 60 };
}

/** The sine of the sun's declination and the equation of time, minutes. */
function sunAt(day) {
  const t = (day - EPOCH_DAYS) / CENTURY_DAYS;
  const node = RAD * (125.04 - 1_934.136 * t);
  const seconds = 21.448 - t * (46.815 + t * (0.00059 - t * 0.001813));
  const tilt = RAD * (23 + (26 + seconds / 60) / 60 + 0.00256 * Math.cos(node));
  const mean = 280.46646 + t * (36_000.76983 + 0.0003032 * t);
  const m = RAD * (357.52911 + t * (35_999.05029 - 0.0001537 * t));
  const e = 0.016708634 - t * (0.000042037 + 0.0000001267 * t);
  const centre = Math.sin(m) * (1.914602 - t * (0.004817 + 0.000014 * t))
    + Math.sin(2 * m) * (0.019993 - 0.000101 * t) + Math.sin(3 * m) * 0.000289;
  const sine = Math.sin(tilt) * Math.sin(RAD * (mean + centre - 0.00569 - 0.00478 * Math.sin(node)));
  const y = Math.tan(tilt / 2) ** 2;
  const l = 2 * RAD * mean;
  const equation = y * Math.sin(l) - 2 * e * Math.sin(m) + 4 * e * y * Math.sin(m) * Math.cos(l)
    - y * y * Math.sin(l) * Math.cos(l) - 1.25 * e * e * Math.sin(2 * m);
  return { sine, equationMin: equation / RAD * 4 };
}
