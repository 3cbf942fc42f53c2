// A digit in patches: to which of them does one patch attend?

const SIDE = 8; // pixels of a digit
const HALF = 8; // features of a row's position, and of a column's
const DIGITS = {
  three: [
    "00799700", "07900970", "00000970", "00079700",
    "00000970", "00000097", "07900970", "00799700",
  ],
  seven: [
    "07999990", "07777990", "00000970", "00007900",
    "00009700", "00079000", "00097000", "00790000",
  ],
  zero: [
    "00079700", "00990990", "07900097", "09700079",
    "09700079", "07900097", "00990990", "00079700",
  ],
};
const PATCHES = [4, 2, 1];
const TEMPERATURES = [0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const POSITIONS = [0, 0.5, 1, 2];
const CELL = 36; // of a pixel in the pictures

const defaults = {
  digit: "three", patch: 2, temperature: 0.1, positions: 0, place: 6,
};

function clean(state) {
  const valid = (key, values) => (values.includes(state[key]) ? state : defaults)[key];
  const patch = valid("patch", PATCHES);
  return {
    digit: valid("digit", Object.keys(DIGITS)),
    patch,
    temperature: valid("temperature", TEMPERATURES),
    positions: valid("positions", POSITIONS),
    place: clamp(Math.trunc(state.place) || 0, 0, (SIDE / patch) ** 2 - 1),
  };
}

/** Sines and cosines of a place, in turn. */
function clock(place) {
  return [...Array(HALF).keys()].map((feature) => {
    const angle = place / 10000 ** ((feature - (feature % 2)) / HALF);
    return feature % 2 ? Math.cos(angle) : Math.sin(angle);
  });
}

/** The features of each patch: its pixels, then its row's and column's position. */
function tokensOf({ digit, patch, positions }) {
  const across = SIDE / patch;
  return [...Array(across * across).keys()].map((place) => {
    const [row, column] = [Math.floor(place / across), place % across];
    const pixels = [...Array(patch * patch).keys()].map((n) => {
      const i = row * patch + Math.floor(n / patch);
      return Number(DIGITS[digit][i][column * patch + (n % patch)]) / 9;
    });
    const where = [...clock(row), ...clock(column)].map((x) => positions * x);
    return [...pixels, ...where];
  });
}

/** Everything that the figure shows, from its state. */
function compute(state) {
  const tokens = tokensOf(state);
  const query = tokens[state.place];
  const scale = state.temperature * Math.sqrt(query.length);
  const scores = tokens.map((key) => key.reduce(
    (sum, value, n) => sum + value * query[n], 0,
  ) / scale);
  const top = Math.max(...scores);
  const raw = scores.map((score) => Math.exp(score - top));
  const total = raw.reduce((sum, value) => sum + value, 0);
  const weights = raw.map((value) => value / total);
  const entropy = -weights.reduce(
    (sum, a) => sum + (a > 0 ? a * Math.log2(a) : 0), 0,
  );
  return { tokens, scores, weights, entropy: entropy + 0, most: Math.log2(weights.length) };
}

/** A weight in per cent. */
function percent(weight) {
  const share = 100 * weight;
  if (share >= 9.5) return `${Math.round(share)} %`;
  return share >= 0.05 ? `${share.toFixed(1)} %` : "0 %";
}

/** A square at a patch, with a look of its own. */
function square(place, patch, style) {
  const across = SIDE / patch;
  const size = patch * CELL;
  return svg("rect", {
    x: (place % across) * size, y: Math.floor(place / across) * size,
    width: size, height: size, style,
  });
}

/** The pixels of the digit, its patches, and the chosen one. */
function digitPicture({ digit, patch, place }) {
  const pixels = DIGITS[digit].flatMap((line, i) => [...line].map((ink, j) => {
    const grey = Math.round(255 * (1 - Number(ink) / 9));
    return svg("rect", {
      x: j * CELL, y: i * CELL, width: CELL + 0.5, height: CELL + 0.5,
      fill: `rgb(${grey}, ${grey}, ${grey})`, "shape-rendering": "crispEdges",
    });
  }));
  const lines = [...Array((SIDE / patch) ** 2).keys()].map((n) => square(
    n, patch, "fill: none; stroke: var(--cn-input); stroke-width: 1",
  ));
  const chosen = square(
    place, patch, "fill: none; stroke: var(--cn-accent); stroke-width: 5",
  );
  return [...pixels, ...lines, chosen];
}

/** The weights as shades, the larger the stronger, with their numbers. */
function weightPicture({ weights }, { patch, place }) {
  const top = Math.max(...weights);
  const across = SIDE / patch;
  const shades = weights.flatMap((weight, n) => {
    const shade = square(n, patch, "fill: var(--cn-weight); stroke: var(--cn-muted); "
      + `stroke-width: 1; fill-opacity: ${(0.55 * weight) / top}`);
    if (patch === 1) return [shade];
    return [shade, svg("text", {
      x: ((n % across) + 0.5) * patch * CELL,
      y: (Math.floor(n / across) + 0.5) * patch * CELL,
    }, percent(weight))];
  });
  const chosen = square(
    place, patch, "fill: none; stroke: var(--cn-accent); stroke-width: 5",
  );
  return [...shades, chosen];
}

/** What can be read off, in rows of name and number. */
function told({ weights, entropy, most }) {
  const rows = [
    ["Patches", String(weights.length)],
    ["Largest weight", percent(Math.max(...weights))],
    ["Entropy", `${entropy.toFixed(2)} of ${most} bits`],
  ];
  return rows.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]);
}

/** One sentence on the chosen patch. */
function spelled({ weights }, { patch, place }) {
  const across = SIDE / patch;
  const named = (n) => `row ${Math.floor(n / across)}, column ${n % across}`;
  const top = Math.max(...weights);
  const same = weights.flatMap((a, n) => (top - a < 1e-9 ? [n] : []));
  const who = `The patch in ${named(place)}`;
  if (same.length === weights.length) return `${who} attends to all patches alike.`;
  if (same.length > 1) {
    return `${who} attends most to ${same.length} patches alike, ${percent(top)} each.`;
  }
  const itself = same[0] === place ? "itself" : `the one in ${named(same[0])}`;
  return `${who} attends most to ${itself}, ${percent(top)}.`;
}

/** A picture with its title. */
function panel(title, attributes) {
  const side = SIDE * CELL;
  const picture = svg("svg", {
    viewBox: `-3 -3 ${side + 6} ${side + 6}`, class: "live-board", ...attributes,
  });
  const element = html("div", { class: "live-part" },
    html("div", { class: "live-title" }, title), picture);
  element.style.setProperty("--most", 9);
  return { picture, element };
}

function render({ model, el }) {
  const image = panel("The digit and its patches", {
    role: "application", tabindex: 0,
    "aria-label": "The digit. Arrow keys choose a patch.",
  });
  const shares = panel("Weights of the chosen patch", {
    role: "img", "aria-label": "The weight of each patch",
  });
  const numbers = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  // A patch of another size begins where the chosen one did.
  const resize = (patch) => {
    const { place, patch: old } = read();
    const [row, column] = [Math.floor(place / (SIDE / old)), place % (SIDE / old)];
    const along = (n) => Math.floor((n * old) / patch);
    update({ patch, place: along(row) * (SIDE / patch) + along(column) });
  };
  const controls = {
    digit: choice("Digit", Object.keys(DIGITS), (digit) => update({ digit })),
    patch: slider("Patch size", PATCHES, resize),
    temperature: slider("Temperature", TEMPERATURES, (temperature) => update({ temperature })),
    positions: slider("Positions", POSITIONS, (positions) => update({ positions })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset())),
      numbers),
    html("div", { class: "live-row" }, image.element, shares.element),
    sentence,
  );
  const move = (row, column) => {
    const across = SIDE / read().patch;
    const inside = (n) => clamp(n, 0, across - 1);
    update({ place: inside(row) * across + inside(column) });
  };
  for (const { picture } of [image, shares]) {
    pointing(picture, (x, y) => {
      const size = read().patch * CELL;
      move(Math.floor(y / size), Math.floor(x / size));
    });
  }
  arrows(image.picture, (down, right) => {
    const { place, patch } = read();
    const across = SIDE / patch;
    move(Math.floor(place / across) + down, (place % across) + right);
  });
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    image.picture.replaceChildren(...digitPicture(state));
    shares.picture.replaceChildren(...weightPicture(all, state));
    numbers.replaceChildren(...told(all));
    sentence.textContent = spelled(all, state);
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
  }
}

export default { defaults, clean, compute, render, DIGITS };
