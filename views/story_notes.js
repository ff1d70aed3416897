// The notes follow the wall, and their arrows move it.
function followStory() {
  window.addEventListener('message', (event) => {
    const place = event.data && event.data.gradientScreen;
    if (!place) return;
    document.querySelectorAll('section[data-screen]').forEach((section) =>
      section.classList.toggle('here', Number(section.dataset.screen) === place));
    const here = document.querySelector('section.here');
    if (here) here.scrollIntoView({ block: 'nearest' });
  });
  document.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    if (step && window.opener) {
      event.preventDefault();
      window.opener.postMessage({ gradientStep: step }, '*');
    }
  });
}
