// Puts Amparo's list and map of spaces into another site's page, where its tag stands:
//   <script src="https://…/embed.js" data-country="CO" data-lang="es" async></script>
// It adds a frame and nothing else: it reads nothing of the page and keeps nothing.
{
  const { dataset, src } = document.currentScript;
  const address = new URL('/embed', src);
  for (const name of ['country', 'lang', 'show']) {
    if (dataset[name]) address.searchParams.set(name, dataset[name]);
  }
  for (const service of (dataset.service ?? '').split(' ').filter(Boolean)) address.searchParams.append('service', service);
  const frame = document.createElement('iframe');
  frame.src = address.href;
  frame.title = dataset.title ?? 'Amparo';
  frame.loading = 'lazy';
  frame.referrerPolicy = 'no-referrer';
  frame.style.cssText = `width: 100%; height: ${Number(dataset.height) || 640}px; border: 1px solid #d3dde0; border-radius: 12px`;
  // What is tapped opens in a page of its own; nothing in the frame can lead this page elsewhere.
  frame.sandbox = 'allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox';
  document.currentScript.after(frame);
}
