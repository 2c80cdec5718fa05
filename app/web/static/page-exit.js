// Quick exit (P37): empty the page first, then leave it without a trace in "back".
document.getElementById('exit').addEventListener('click', (event) => {
  event.preventDefault();
  document.documentElement.replaceChildren();
  location.replace('about:blank');
});
