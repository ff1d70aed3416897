// The wall: every screen is already here; this hides, shows, colours, listens. Nothing is fetched.
function mountStory(root, data, host) {
  if (root.story) { root.story.update(data); return root.story; }

  const SVG = 'http://www.w3.org/2000/svg';
  const LETTERS = { a: 'ailleurs', x: 'croiser', d: 'departs' };
  const inApp = host !== null;
  const stop = new AbortController();
  const wall = document.createElement(inApp ? 'dialog' : 'div');
  let opener = null;
  let votes = readVotes();
  let place = 1;
  let chosen = null;  // code of the commune looked at
  let notesWindow = null;
  let attempt = 0;  // a new value each time, so that it leaves the browser
  let later = null;

  if (inApp) {
    opener = document.createElement('button');
    opener.type = 'button';
    opener.className = 'open-story';
    opener.textContent = 'Ouvrir la présentation';
    opener.addEventListener('click', () => show());
    root.append(opener);
  }
  wall.className = 'story wall';
  wall.setAttribute('aria-label', 'Présentation');
  root.append(wall);

  const all = (selector, from = wall) => [...from.querySelectorAll(selector)];
  const one = (selector, from = wall) => from.querySelector(selector);
  const screens = () => all('.screen');
  const screen = () => screens()[place - 1];
  const view = () => one('.view:not([hidden])', screen());

  function draw() {
    wall.innerHTML = data.html;
    all('.ballot form').forEach(listenToBallot);
    all('.commune').forEach(listenToCommune);
    all('.choice select').forEach((select) => select.addEventListener('change', () =>
      turn(select.closest('.choice').dataset.of, Number(select.value))));
    paintBallot();
    (window.requestIdleCallback || setTimeout)(paintAhead);
  }

  // Where one is.

  function go(wanted, said = '') {
    const list = screens();
    if (!list.length) return;
    const inside = wall.contains(active());
    place = Math.min(Math.max(wanted, 1), list.length);
    list.forEach((section, rank) => { section.hidden = rank !== place - 1; });
    const section = screen();
    section.classList.remove('coming');
    void section.offsetWidth;
    section.classList.add('coming');
    all('.view', section).forEach(paint);
    one('.stage > .screens').scrollTop = 0;
    one('.place').textContent = `${place} sur ${list.length}`;
    all('[data-goto]').forEach((button) => button.toggleAttribute('data-here',
      Number(button.dataset.goto) === place));
    all('[data-goto]').forEach((button) => {
      if (Number(button.dataset.goto) === place) button.setAttribute('aria-current', 'step');
      else button.removeAttribute('aria-current');
    });
    tell(`${said}Écran ${place} sur ${list.length} : ${one('h2', view()).textContent}`);
    if (chosen) lookAt(chosen, false);
    writeAddress();
    tellNotes();
    if (!inside || active().closest('[hidden]') || active() === document.body) focusTitle();
  }

  function active() {
    const tree = root.getRootNode();
    return (root instanceof ShadowRoot ? root : tree).activeElement || document.body;
  }

  function focusTitle() {
    const heading = one('h2', view());
    if (heading) heading.focus({ preventScroll: true });
  }

  function tell(text) { one('.live').textContent = text; }

  function writeAddress() {
    if (!inApp || !wall.open) return;
    const url = new URL(location.href);
    url.searchParams.set('ecran', place);
    history.replaceState(history.state, '', url);
  }

  function askedPlace() {
    const asked = inApp ? new URL(location.href).searchParams.get('ecran')
      : location.hash.replace('#ecran-', '');
    if (!asked) return [1, ''];
    const wanted = Number(asked);
    if (Number.isInteger(wanted) && wanted >= 1 && wanted <= screens().length) return [wanted, ''];
    return [1, "L'écran demandé n'existe pas. "];
  }

  // The questions of the room.

  function turn(name, rank = null) {
    const section = screen();
    const button = one(`[data-opens="${name}"]`, section);
    if (!button) return;
    const select = one(`.choice[data-of="${name}"] select`, section);
    const open = rank !== null || button.getAttribute('aria-pressed') !== 'true';
    const shown = rank ?? Number(select ? select.value : button.dataset.start);
    const wanted = open ? `${name}/${shown}` : '';
    all('.view', section).forEach((item) => { item.hidden = item.dataset.view !== wanted; });
    all('[data-opens]', section).forEach((item) =>
      item.setAttribute('aria-pressed', String(open && item === button)));
    all('.choice', section).forEach((item) => { item.hidden = !(open && item.dataset.of === name); });
    paint(view());
    if (chosen) lookAt(chosen, false);
    tell(`${one('h2', view()).textContent}. ${one('.said', view()).textContent}`);
  }

  // The map.

  function paint(item) {
    const svg = one('svg[data-classes]', item);
    if (!svg || svg.childElementCount || !data.paths.length) return;
    const fills = JSON.parse(svg.dataset.fills);
    const id = `motif-${Math.random().toString(36).slice(2)}`;
    svg.innerHTML = `<defs><pattern id="${id}-stripes" width="9" height="9" patternUnits="userSpaceOnUse"
      patternTransform="rotate(45)"><rect width="9" height="9" fill="#fff"/><rect width="2.5" height="9"
      fill="#6d7580"/></pattern><pattern id="${id}-dots" width="11" height="11"
      patternUnits="userSpaceOnUse"><circle cx="5" cy="5" r="2.2" fill="#fff" stroke="#4a545f"
      stroke-width=".7"/></pattern></defs>`;
    data.paths.forEach((d, rank) => {
      const [colour, pattern] = fills[svg.dataset.classes[rank]] || ['#c3c7cd', ''];
      const path = shape(d, pattern === 'stripes' ? `url(#${id}-stripes)` : colour);
      path.dataset.code = data.codes[rank];
      svg.append(path);
      if (pattern === 'dots') svg.append(shape(d, `url(#${id}-dots)`, 'dots'));
    });
    const [width, height] = data.size;
    svg.setAttribute('viewBox', `-4 -4 ${width + 8} ${height + 8}`);
    svg.addEventListener('click', (event) => {
      if (event.target.dataset && event.target.dataset.code) lookAt(event.target.dataset.code, true);
    });
  }

  // Maps not seen yet are drawn between two gestures: none is waited for.
  function paintAhead() {
    const next = all('.view').find((item) => {
      const svg = one('svg[data-classes]', item);
      return svg && !svg.childElementCount;
    });
    if (!next || !data.paths.length || !wall.isConnected) return;
    paint(next);
    (window.requestIdleCallback || setTimeout)(paintAhead);
  }

  function shape(d, fill, kind = '') {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    path.setAttribute('fill', fill);
    if (kind) path.setAttribute('class', kind);
    return path;
  }

  // « Et ma commune ? »

  const plain = (text) => text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '')
    .replace(/œ/g, 'oe').replace(/\bste?\b/g, (word) => (word === 'st' ? 'saint' : 'sainte'))
    .replace(/[^a-z0-9]+/g, ' ').trim();
  const bare = (text) => plain(text).replace(/^(le|la|les|l) /, '');

  // Slips between two words: a letter changed, missing, added, or two exchanged.
  function slips(a, b) {
    const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
    for (let i = 1; i <= a.length; i += 1) {
      rows[i] = [i];
      for (let j = 1; j <= b.length; j += 1) {
        const same = a[i - 1] === b[j - 1] ? 0 : 1;
        rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same);
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
          rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
        }
      }
    }
    return rows[a.length][b.length];
  }

  function matches(typed) {
    const wanted = bare(typed);
    if (wanted.length < 2) return [];
    const score = (commune) => {
      const name = bare(commune.name);
      if (name === wanted) return 0;
      if (name.startsWith(wanted)) return 1;
      if (` ${name}`.includes(` ${wanted}`)) return 2;
      const allowed = wanted.length < 4 ? 0 : wanted.length < 8 ? 1 : 2;
      const near = Math.min(slips(wanted, name), slips(wanted, name.slice(0, wanted.length)));
      return near <= allowed ? 2 + near : Infinity;
    };
    return data.communes.map((commune) => [score(commune), commune])
      .filter(([points]) => points < Infinity)
      .sort((a, b) => a[0] - b[0] || a[1].name.localeCompare(b[1].name, 'fr'))
      .slice(0, 5).map(([, commune]) => commune);
  }

  function listenToCommune(form) {
    const input = one('input', form);
    const list = one('ul', form);
    let found = [];
    let at = 0;
    const mark = () => {
      all('li', list).forEach((item, rank) => item.setAttribute('aria-selected', String(rank === at)));
      if (found.length) input.setAttribute('aria-activedescendant', `${list.id}-${at}`);
      else input.removeAttribute('aria-activedescendant');
    };
    const close = () => { list.hidden = true; input.setAttribute('aria-expanded', 'false'); };
    const take = (commune) => { close(); input.value = commune.name; lookAt(commune.code, true); };
    const search = () => {
      found = matches(input.value);
      at = 0;
      list.replaceChildren(...found.map((commune, rank) => {
        const item = document.createElement('li');
        item.id = `${list.id}-${rank}`;
        item.setAttribute('role', 'option');
        const twice = found.some((other) => other !== commune && other.name === commune.name);
        item.textContent = twice ? `${commune.name} (${commune.where})` : commune.name;
        item.addEventListener('mousedown', (event) => { event.preventDefault(); take(commune); });
        return item;
      }));
      list.hidden = !found.length;
      input.setAttribute('aria-expanded', String(found.length > 0));
      mark();
    };
    input.addEventListener('input', search);
    input.addEventListener('blur', close);
    input.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault();
        if (list.hidden) search();
        else at = (at + (event.key === 'ArrowDown' ? 1 : found.length - 1)) % found.length;
        mark();
      }
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (list.hidden || !found.length) search();
      if (found.length) take(found[at]);
      else if (input.value.trim()) {
        close();
        forget();
        one('.answer', form).textContent = "Aucune commune de ce périmètre ne porte ce nom.";
      }
    });
  }

  function forget() {
    chosen = null;
    all('.answer').forEach((item) => { item.textContent = ''; });
    all('path.found').forEach((path) => path.remove());
    all('.said').forEach((item) => { item.hidden = false; });
  }

  // The commune on the map and its sentence, in the place of the screen's: never two messages at once.
  function lookAt(code, aloud) {
    const commune = data.communes.find((item) => item.code === code);
    const form = one('.commune', screen());
    forget();
    chosen = code;
    if (!commune || !form) return;
    const item = view();
    const name = screen().dataset.name;
    const said = commune.said[`${name}/${item.dataset.view}`] || commune.said[name] || '';
    one('input', form).value = commune.name;
    const strong = document.createElement('strong');
    strong.textContent = commune.name;
    one('.answer', form).replaceChildren(strong, ` : ${said}`);
    one('.said', item).hidden = true;
    const svg = one('svg[data-classes]', item);
    const rank = data.codes.indexOf(code);
    if (svg && rank >= 0) {
      svg.append(shape(data.paths[rank], 'none', 'found'),
        shape(data.paths[rank], 'none', 'found inner'));
    }
    if (aloud) tell(`${commune.name} : ${said}`);
  }

  function askCommune() {
    const list = screens();
    const here = one('.commune', screen());
    if (!here) {
      const last = list.map((item) => Boolean(one('.commune', item))).lastIndexOf(true);
      if (last < 0) return;
      go(last + 1);
    }
    const input = one('.commune input', screen());
    input.focus();
    input.select();
  }

  // The vote: kept in this tab until the project has it.

  function readVotes() {
    try { return JSON.parse(sessionStorage.getItem(memory()) || '[]'); } catch { return []; }
  }

  function memory() { return `gradient-votes-${data.label}`; }

  function keepVotes() {
    try { sessionStorage.setItem(memory(), JSON.stringify(votes)); } catch { /* private browsing */ }
  }

  function listenToBallot(form) {
    form.addEventListener('click', (event) => {
      const button = event.target.closest('[data-step]');
      if (!button) return;
      const output = one('output', button.parentElement);
      output.textContent = Math.max(0, Number(output.textContent) + Number(button.dataset.step));
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const priorities = all('li', form).map((item) => {
        const input = one('input', item);
        return [(input ? input.value : item.dataset.option).trim(), Number(one('output', item).textContent)];
      }).filter(([text, count]) => text && count > 0);
      const state = one('.state', form);
      if (!priorities.length) { state.textContent = 'Aucune voix : rien à enregistrer.'; return; }
      const now = new Date();
      const day = `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`;
      votes = [...votes, { id: `vote-${Date.now().toString(36)}`, held_on: day, priorities }];
      keepVotes();
      sendVotes();
      paintBallot();
    });
  }

  function paintBallot() {
    const last = votes[votes.length - 1];
    const state = one('.ballot .state');
    if (!state || !last) return;
    const kept = [...last.priorities].sort((a, b) => b[1] - a[1]).slice(0, 3).map(([text]) => text);
    all('.ballot li').forEach((item) => item.classList.toggle('kept', kept.includes(item.dataset.option)));
    const day = last.held_on.split('-').reverse().join('/');
    if (!data.linked) state.textContent = `Vote du ${day} compté. Ce fichier n'est relié à rien : reportez-le dans Gradient.`;
    else if (data.saved.includes(last.id)) state.textContent = `Vote du ${day} inscrit dans le projet.`;
    else state.textContent = `Vote du ${day} gardé ici. Il rejoint le projet dès que le réseau répond.`;
  }

  // Said again until the project has them: what is sent while the network is down is lost.
  function sendVotes() {
    clearTimeout(later);
    if (!inApp || !wall.isConnected || votes.every((vote) => data.saved.includes(vote.id))) return;
    attempt += 1;
    host.record({ votes, attempt });
    later = setTimeout(sendVotes, 5000);
  }
  window.addEventListener('online', () => sendVotes(), { signal: stop.signal });

  // The page to hand out is made by the server, in the same visit: the vote goes with it.
  function askHandout() {
    if (!inApp || !one('[data-act="handout"]', screen())) return;
    const state = one('.ballot .state');
    if (state) state.textContent = "La page Livrables s'ouvre dès que le réseau répond.";
    sendVotes();
    host.handout();
  }

  // The presenter's window.

  function openNotes() {
    notesWindow = window.open('', 'gradient-notes');
    if (!notesWindow) {
      tell("Le navigateur a bloqué la fenêtre des notes : autorisez-la, ou imprimez les notes avant la réunion.");
      return;
    }
    notesWindow.document.open();
    notesWindow.document.write(data.notes);
    notesWindow.document.close();
    setTimeout(tellNotes, 50);
  }

  function tellNotes() {
    if (notesWindow && !notesWindow.closed) notesWindow.postMessage({ gradientScreen: place }, '*');
  }

  window.addEventListener('message', (event) => {
    if (!notesWindow || event.source !== notesWindow) return;
    const step = event.data && event.data.gradientStep;
    if (step) go(place + step);
  }, { signal: stop.signal });

  // Hands.

  const panel = (name) => one(`[data-panel="${name}"]`);
  const openPanel = (name) => { const item = panel(name); if (item && !item.open) item.showModal(); };

  const ACTS = {
    next: () => go(place + 1),
    previous: () => go(place - 1),
    leave: () => leave(),
    sources: () => openPanel(`sources-${place}`),
    share: () => openPanel('partager'),
    keys: () => openPanel('touches'),
    notes: () => openNotes(),
    handout: () => askHandout(),
    full: () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else one('.stage').requestFullscreen().catch(() => tell('Le navigateur refuse le plein écran.'));
    },
  };
  const KEYS = {
    ArrowRight: 'next', PageDown: 'next', ' ': 'next', ArrowLeft: 'previous', PageUp: 'previous',
    s: 'sources', p: 'share', n: 'notes', f: 'full', l: 'handout',
  };

  function onKey(event) {
    if (!wall.isConnected) { stop.abort(); return; }  // the page was left by the browser's own button
    if (inApp && !wall.open) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();  // the application's own shortcuts sleep meanwhile
    if (wall.querySelector('dialog.panel[open]')) return;
    const focus = active();
    const typing = focus.matches && focus.matches('input, select, textarea');
    if (typing) {
      if (event.key === 'Escape') {
        event.preventDefault();
        if (focus.matches('.commune input')) { focus.value = ''; forget(); }
        focusTitle();
      }
      return;
    }
    const onButton = focus.matches && focus.matches('button') && wall.contains(focus);
    if (onButton && event.key === ' ') return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === 'Home') go(1);
    else if (key === 'End') go(screens().length);
    else if (/^[1-9]$/.test(key)) { if (Number(key) <= screens().length) go(Number(key)); }
    else if (key === 'm') askCommune();
    else if (LETTERS[key]) turn(LETTERS[key]);
    else if (key === 'Escape') { if (!document.fullscreenElement) closeOrLeave(); }
    else if (KEYS[key]) ACTS[KEYS[key]]();
    else return;
    event.preventDefault();
  }

  // What was asked last is closed first: the question, then the commune, then the presentation.
  function closeOrLeave() {
    const asked = one('[data-opens][aria-pressed="true"]', screen());
    if (asked) turn(asked.dataset.opens);
    else if (chosen) { forget(); all('.commune input').forEach((input) => { input.value = ''; }); }
    else leave();
  }

  wall.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.act) ACTS[button.dataset.act]();
    else if (button.dataset.goto) go(Number(button.dataset.goto));
    else if (button.dataset.opens) turn(button.dataset.opens);
    else if ('commune' in button.dataset) askCommune();
  });
  wall.addEventListener('cancel', (event) => { if (event.target === wall) event.preventDefault(); });
  wall.addEventListener('close', (event) => { if (event.target === wall) left(); });

  let touch = null;
  wall.addEventListener('touchstart', (event) => {
    touch = event.touches.length === 1 ? event.touches[0] : null;
  }, { passive: true });
  wall.addEventListener('touchend', (event) => {
    if (!touch || wall.querySelector('dialog.panel[open]')) return;
    const end = event.changedTouches[0];
    const across = end.clientX - touch.clientX;
    if (Math.abs(across) > 60 && Math.abs(across) > 2 * Math.abs(end.clientY - touch.clientY)) {
      go(place + (across < 0 ? 1 : -1));
    }
    touch = null;
  }, { passive: true });

  // Coming and going.

  // When the network is down the application shows a message and makes the rest of the page inert,
  // the wall with it: nobody could type or vote any more. The wall is over the message.
  const awake = new MutationObserver(() => {
    if (wall.isConnected) wake();
    else awake.disconnect();
  });
  function wake() {
    for (let node = root; node; node = node.parentElement || node.getRootNode().host) {
      if (node.inert) node.inert = false;
    }
  }

  function show() {
    if (inApp && !wall.open) wall.showModal();
    if (inApp) {
      wake();
      awake.observe(document, { attributes: true, attributeFilter: ['inert'], subtree: true });
    }
    document.addEventListener('keydown', onKey, { capture: true, signal: stop.signal });
    const [wanted, said] = askedPlace();
    go(wanted, said);
    focusTitle();
  }

  function leave() {
    if (document.fullscreenElement) document.exitFullscreen();
    if (inApp) wall.close();
    else tell('Fermez cette fenêtre pour quitter.');
  }

  function left() {
    document.removeEventListener('keydown', onKey, { capture: true });
    awake.disconnect();
    const url = new URL(location.href);
    url.searchParams.delete('ecran');
    history.replaceState(history.state, '', url);
    opener.focus();
  }

  root.story = {
    update(fresh) {
      const redraw = fresh.html !== data.html;
      data = fresh;
      if (redraw) { draw(); if (!inApp || wall.open) go(place); }
      paintBallot();
      if (votes.every((vote) => data.saved.includes(vote.id))) clearTimeout(later);
    },
  };
  draw();
  show();
  sendVotes();
  return root.story;
}
