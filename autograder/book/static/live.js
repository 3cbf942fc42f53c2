// Runs one live figure on a page. `FIGURE` and `NAME` come from the wrapping
// (autograder/book/live.py); the figure itself is the module that anywidget
// runs in a notebook. A classic script, because browsers refuse modules from
// file://.

/** The part of anywidget's model that figures use. */
function pageModel(values, saved) {
  const listeners = new Map();
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  return {
    get: (key) => values[key],
    set(key, value) {
      if (same(values[key], value)) return;
      values[key] = value;
      for (const listener of listeners.get(`change:${key}`) ?? []) listener();
    },
    on(event, listener) {
      listeners.set(event, [...(listeners.get(event) ?? []), listener]);
    },
    off(event, listener) {
      const kept = (listeners.get(event) ?? []).filter((l) => l !== listener);
      listeners.set(event, listener ? kept : []);
    },
    save_changes: () => saved(values.state),
  };
}

/** What the address says of a figure: `?figure.key=value`. */
function stateFromAddress(id, defaults) {
  const state = {};
  for (const [key, value] of new URLSearchParams(location.search)) {
    const name = key.startsWith(`${id}.`) ? key.slice(id.length + 1) : "";
    if (!Object.hasOwn(defaults, name)) continue;
    state[name] = typeof defaults[name] === "number" ? Number(value) : value;
  }
  return state;
}

/** Puts what differs from the figure's first state into the address. */
function stateToAddress(id, state, first) {
  const address = new URL(location.href);
  for (const [key, value] of Object.entries(state)) {
    const name = `${id}.${key}`;
    if (value === first[key]) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  try {
    history.replaceState(history.state, "", address);
  } catch {
    // Some browsers refuse this for files; the figure works without.
  }
}

function draw(stage) {
  const given = JSON.parse(stage.querySelector("script").textContent);
  const id = stage.dataset.id;
  const first = FIGURE.clean({ ...FIGURE.defaults, ...given.state });
  const values = {
    data: given.data,
    first,
    state: FIGURE.clean({ ...first, ...stateFromAddress(id, FIGURE.defaults) }),
  };
  const model = pageModel(values, (state) => stateToAddress(id, state, first));
  const el = document.createElement("div");
  el.className = "live";
  stage.append(el);
  FIGURE.render({ model, el });
  stage.classList.add("live-on");
}

// A figure is drawn when it is a screen away: on a phone it costs as much as all the
// words before it. At once where a reader starts inside the page: nothing jumps.
const [{ type: way } = {}] = performance.getEntriesByType("navigation");
const inside = location.hash !== "" || way !== "navigate";
const near = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    draw(target);
  }
}, { rootMargin: "100%" });
for (const stage of document.querySelectorAll(`[data-figure="${NAME}"]:not([data-met])`)) {
  stage.dataset.met = ""; // the same figure may stand on a page twice, with its script
  if (inside) draw(stage);
  else near.observe(stage);
}
(window.convnetsFigures ??= {})[NAME] = FIGURE;
