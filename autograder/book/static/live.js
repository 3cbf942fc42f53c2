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

for (const stage of document.querySelectorAll(`.live-stage[data-figure="${NAME}"]`)) {
  if (stage.classList.contains("live-on")) continue;
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
(window.convnetsFigures ??= {})[NAME] = FIGURE;
