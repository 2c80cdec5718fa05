// A bar that says how long something is on the map. OpenLayers' own writes HTML, which the page's
// policy (Trusted Types) forbids.

// A bar may be as short as two fifths of it: "2000 km" just fits in that (page.css).
const WIDEST_PX = 150;

/**
 * Make the control.
 *
 * @param {object} ol the engine
 * @returns {object} a control of OpenLayers
 */
export function makeScale(ol) {
  const bar = document.createElement('div');
  bar.className = 'scale ol-unselectable';
  bar.setAttribute('aria-hidden', 'true');
  const control = new ol.Control({ element: bar, render: draw });

  function draw({ frameState }) {
    if (!frameState) return;
    const { center, resolution, projection } = frameState.viewState;
    const metresPerPx = ol.getPointResolution(projection, resolution, center, 'm');
    const lengthM = roundDown(WIDEST_PX * metresPerPx);
    const text = lengthM >= 1000 ? `${lengthM / 1000} km` : `${lengthM} m`;
    if (bar.textContent !== text) bar.textContent = text;
    bar.style.width = `${Math.round(lengthM / metresPerPx)}px`;
  }

  return control;
}

/** The longest of 1, 2, 5 times a power of ten that is no longer. */
function roundDown(lengthM) {
  const power = 10 ** Math.floor(Math.log10(lengthM));
  return [5, 2, 1].find((digit) => digit * power <= lengthM) * power;
}
