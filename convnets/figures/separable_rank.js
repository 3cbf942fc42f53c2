// A dense layer's kernels, rebuilt from fewer and fewer filters that they share.

const KERNELS = 12;
const SIDE = 5;
const TAPS = SIDE * SIDE;
const LAYERS = ["edges", "bars", "stripes", "random numbers"];
const RANKS = [...Array(KERNELS).keys()].map((m) => m + 1);
const PIXEL = 12;
const TILE = SIDE * PIXEL;
const COLUMNS = 6;
const STEP = TILE + 14;

const defaults = { layer: LAYERS[0], rank: 1, kernel: 1 };

function clean(state) {
  return {
    layer: oneOf(state.layer, LAYERS),
    rank: oneOf(state.rank, RANKS),
    kernel: clamp(Math.trunc(state.kernel) || 0, 0, KERNELS - 1),
  };
}

/** What a kernel holds u across and v along its direction, r² from its middle. */
const profiles = {
  edges: (u, r2) => u * Math.exp(-r2 / 2),
  bars: (u, r2) => (u * u - 1) * Math.exp(-r2 / 2),
  stripes: (u, r2) => Math.cos(2.4 * u) * Math.exp(-r2 / 4),
};

/** The kernels of a layer on one channel: a row of taps for each. */
function kernelsOf(layer) {
  let seed = 7;
  const chance = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 1073741823.5 - 1;
  };
  const taps = [...Array(TAPS).keys()];
  return [...Array(KERNELS).keys()].map((o) => taps.map((tap) => {
    if (!(layer in profiles)) return chance();
    const [x, y] = [(tap % SIDE) - 2, Math.floor(tap / SIDE) - 2];
    const angle = (o * Math.PI) / 16;
    const u = x * Math.cos(angle) + y * Math.sin(angle);
    return profiles[layer](u, x * x + y * y);
  }));
}

/** Sum of products. */
function dot(a, b) {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/**
 * Singular value decomposition by one-sided Jacobi: rows are turned in pairs
 * until all are orthogonal. rows = mix · filters; the filters have length 1,
 * and the most important comes first.
 */
function decompose(rows) {
  const left = rows.map((_, i) => rows.map((__, j) => Number(i === j)));
  const turned = rows.map((row) => [...row]);
  for (let sweep = 0; sweep < 40; sweep += 1) {
    for (let p = 0; p < rows.length; p += 1) {
      for (let q = p + 1; q < rows.length; q += 1) turn(turned, left, p, q);
    }
  }
  const parts = turned.map((row, m) => ({
    length: Math.sqrt(dot(row, row)), row, column: left[m],
  }));
  parts.sort((one, other) => other.length - one.length);
  const exact = parts[0].length * 1e-9;
  return parts.map(({ length, row, column }) => ({
    length: length > exact ? length : 0,
    filter: row.map((value) => (length > exact ? value / length : 0)),
    mix: column.map((value) => (length > exact ? value * length : 0)),
  }));
}

/** Turns two rows within their plane so that their product is zero. */
function turn(rows, left, p, q) {
  const product = dot(rows[p], rows[q]);
  if (product === 0) return;
  const angle = 0.5 * Math.atan2(
    2 * product, dot(rows[p], rows[p]) - dot(rows[q], rows[q]),
  );
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (const both of [rows, left]) {
    const [one, other] = [both[p], both[q]];
    both[p] = one.map((value, i) => c * value + s * other[i]);
    both[q] = one.map((value, i) => c * other[i] - s * value);
  }
}

const known = new Map();

/** A layer's kernels and their decomposition, computed once. */
function layerOf(name) {
  if (!known.has(name)) {
    const kernels = kernelsOf(name);
    known.set(name, { kernels, parts: decompose(kernels) });
  }
  return known.get(name);
}

/** Everything that the figure shows, from its state. */
function compute({ layer, rank, kernel }) {
  const { kernels, parts } = layerOf(layer);
  const kept = parts.slice(0, rank);
  const rebuilt = kernels.map((row, o) => row.map((_, tap) => kept.reduce(
    (sum, { mix, filter }) => sum + mix[o] * filter[tap], 0,
  )));
  const square = (some) => some.reduce((sum, { length }) => sum + length ** 2, 0);
  return {
    kernels, rebuilt, rank,
    filters: kept.map(({ filter }) => filter),
    mix: kept.map(({ mix }) => mix[kernel]),
    error: Math.sqrt(square(parts.slice(rank)) / square(parts)),
    dense: KERNELS * TAPS,
    separable: rank * (TAPS + KERNELS),
  };
}

/** A picture of tiles with its title. */
function panel(title, height, attributes) {
  const picture = svg("svg", {
    viewBox: `0 0 ${COLUMNS * STEP + 4} ${height}`, class: "live-board", ...attributes,
  });
  const name = html("div", { class: "live-title" }, title);
  return { picture, name, element: html("div", { class: "live-part" }, name, picture) };
}

/** Where tile number `place` stands when rows are `high` apart. */
function corner(place, high) {
  return [(place % COLUMNS) * STEP + 4, Math.floor(place / COLUMNS) * high + 4];
}

/** Taps as squares (positive) and discs (negative), by size. */
function tile(taps, place, high, strongest, chosen) {
  const [left, top] = corner(place, high);
  const marks = taps.flatMap((value, tap) => {
    const side = PIXEL * 0.9 * Math.sqrt(Math.abs(value) / strongest);
    const x = left + ((tap % SIDE) + 0.5) * PIXEL;
    const y = top + (Math.floor(tap / SIDE) + 0.5) * PIXEL;
    if (!(side > 0.8)) return [];
    return [value > 0
      ? svg("rect", {
        x: x - side / 2, y: y - side / 2, width: side, height: side,
        style: "fill: var(--cn-weight)",
      })
      : svg("circle", {
        cx: x, cy: y, r: Math.max(0, side / 2 - 0.6),
        style: "fill: none; stroke: var(--cn-input); stroke-width: 1.4",
      })];
  });
  const look = chosen
    ? "fill: none; stroke: var(--cn-accent); stroke-width: 3"
    : "fill: none; stroke: var(--cn-muted); stroke-width: 0.75";
  const outline = svg("rect", {
    x: left - 1, y: top - 1, width: TILE + 2, height: TILE + 2, style: look,
  });
  return [...marks, outline];
}

/** The largest number of a list of lists, without its sign. */
function largest(lists) {
  return Math.max(...lists.flat().map(Math.abs));
}

/** A number with two places and a real minus sign. */
function plain(number) {
  const rounded = Number(number.toFixed(2));
  return (rounded === 0 ? "0" : rounded.toFixed(2)).replace("-", "\u2212");
}

/** The filters, and below each how much of it the chosen kernel takes. */
function filterTiles({ filters, mix }) {
  const strongest = largest(filters);
  return filters.flatMap((filter, m) => {
    const [left, top] = corner(m, STEP + 16);
    const words = svg("text", { x: left + TILE / 2, y: top + TILE + 12 },
      `× ${plain(mix[m])}`);
    return [...tile(filter, m, STEP + 16, strongest, false), words];
  });
}

/** What the two layers cost and lose, in rows of name and number. */
function costs({ dense, separable, error }) {
  const percent = 100 * error;
  const lost = percent < 1e-6 ? "0 %" : `${percent.toPrecision(2)} %`;
  const rows = [
    ["Weights of the dense layer", String(dense)],
    ["Weights of filters and mix", String(separable)],
    ["Error of the kernels", lost],
  ];
  return rows.flatMap(([name, number]) => [
    html("dt", {}, name), html("dd", {}, number),
  ]);
}

/** One sentence on the chosen kernel and the bill. */
function told({ dense, separable, error, rank }, kernel) {
  const mixed = rank === 1 ? "a multiple of the one filter" : `a mix of the ${rank} filters`;
  const close = error < 1e-8 ? "exactly" : "approximately";
  const bill = separable < dense ? "fewer" : "more";
  return `Kernel ${kernel} is ${close} ${mixed}, `
    + `with ${bill} weights than the dense layer.`;
}

function render({ model, el }) {
  const whole = panel(`The ${KERNELS} kernels of a dense layer`, 2 * STEP, {
    role: "application", tabindex: 0,
    "aria-label": "Kernels of the dense layer. Arrow keys choose one.",
  });
  const shared = panel("", 2 * STEP + 32, {
    role: "img", "aria-label": "The filters, and how much the chosen kernel takes",
  });
  const again = panel("The kernels rebuilt from them", 2 * STEP, {
    role: "img", "aria-label": "The kernels rebuilt from the filters",
  });
  const numbers = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    layer: choice("Kernels", LAYERS, (layer) => update({ layer })),
    rank: slider("Filters", RANKS, (rank) => update({ rank })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset())),
      numbers),
    html("div", { class: "live-row" }, whole.element, again.element, shared.element),
    sentence,
  );
  pointing(whole.picture, (x, y) => {
    const column = clamp(Math.floor(x / STEP), 0, COLUMNS - 1);
    update({ kernel: clamp(Math.floor(y / STEP), 0, 1) * COLUMNS + column });
  });
  arrows(whole.picture, (down, right) => {
    const to = read().kernel + (down ? COLUMNS * down : 0) + right;
    update({ kernel: clamp(to, 0, KERNELS - 1) });
  });
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    const strongest = largest(all.kernels);
    const tiles = (rows) => rows.flatMap((taps, o) => tile(
      taps, o, STEP, strongest, o === state.kernel,
    ));
    whole.picture.replaceChildren(...tiles(all.kernels));
    again.picture.replaceChildren(...tiles(all.rebuilt));
    shared.picture.replaceChildren(...filterTiles(all));
    shared.name.textContent = `Filters, and what kernel ${state.kernel} takes of each`;
    numbers.replaceChildren(...costs(all));
    sentence.textContent = told(all, state.kernel);
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
  }
}

export default { defaults, clean, compute, render };
