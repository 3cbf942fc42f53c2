// A small trained U-Net at work, whose skips can be switched off.

const SIDE = 24;
const PICTURES = [1, 2, 3, 4];
const SWITCH = ["on", "off"];
const LEVELS = [5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95]; // per cent

const defaults = { picture: 1, upper: "on", lower: "on", threshold: 50, place: 300 };

function clean(state) {
  const valid = (key, values) => (values.includes(state[key]) ? state : defaults)[key];
  return {
    picture: valid("picture", PICTURES),
    upper: valid("upper", SWITCH),
    lower: valid("lower", SWITCH),
    threshold: valid("threshold", LEVELS),
    place: clamp(Math.trunc(state.place) || 0, 0, SIDE * SIDE - 1),
  };
}

const zeros = (count) => new Float64Array(count);

/** Convolution of maps { n, values (C, n, n) } with padding 1, and ReLU. */
function conv({ n, values }, { shape: [O, C], w, b }) {
  const y = zeros(O * n * n);
  for (let o = 0; o < O; o += 1) {
    y.fill(b[o], o * n * n, (o + 1) * n * n);
    for (let c = 0; c < C; c += 1) {
      for (let u = -1; u <= 1; u += 1) {
        for (let v = -1; v <= 1; v += 1) {
          const weight = w[((o * C + c) * 3 + u + 1) * 3 + v + 1];
          for (let i = Math.max(0, -u); i < Math.min(n, n - u); i += 1) {
            for (let j = Math.max(0, -v); j < Math.min(n, n - v); j += 1) {
              y[(o * n + i) * n + j] += weight * values[(c * n + i + u) * n + j + v];
            }
          }
        }
      }
    }
  }
  return { n, values: y.map((value) => Math.max(value, 0)) };
}

/** Maxima of 2 x 2 pixels. */
function pool({ n, values }) {
  const half = n / 2;
  const y = zeros(values.length / 4).fill(-Infinity);
  values.forEach((value, at) => {
    const [c, i, j] = [Math.trunc(at / (n * n)), Math.trunc(at / n) % n, at % n];
    const to = (c * half + (i >> 1)) * half + (j >> 1);
    y[to] = Math.max(y[to], value);
  });
  return { n: half, values: y };
}

/** Transposed convolution with kernels of 2 x 2 and stride 2. */
function enlarge({ n, values }, { shape: [C, O], w, b }) {
  const size = 2 * n;
  const y = zeros(O * size * size);
  for (let at = 0; at < y.length; at += 1) {
    const o = Math.trunc(at / (size * size));
    const [i, j] = [Math.trunc(at / size) % size, at % size];
    y[at] = b[o];
    for (let c = 0; c < C; c += 1) {
      const weight = w[((c * O + o) * 2 + (i % 2)) * 2 + (j % 2)];
      y[at] += weight * values[(c * n + (i >> 1)) * n + (j >> 1)];
    }
  }
  return { n: size, values: y };
}

/** Logits of a network of two poolings; keep: which skips are on, upper first. */
function logits(image, layers, keep) {
  const double = (maps, name) => conv(conv(maps, layers[`${name}.conv1`]),
    layers[`${name}.conv2`]);
  let x = { n: SIDE, values: Float64Array.from(image) };
  const skips = [];
  for (const level of [0, 1]) {
    const skip = double(x, `downs.${level}`);
    skips.push(skip);
    x = pool(skip);
  }
  x = double(x, "bottom");
  for (const [step, level] of [1, 0].entries()) {
    const { n, values } = enlarge(x, layers[`ups.${step}`]);
    const skip = skips[level].values.map((value) => (keep[level] ? value : 0));
    x = double({ n, values: Float64Array.of(...skip, ...values) }, `decs.${step}`);
  }
  const { w, b } = layers.head;
  const pixels = SIDE * SIDE;
  return Array.from({ length: pixels }, (_, at) => w.reduce(
    (sum, weight, c) => sum + weight * x.values[c * pixels + at], b[0],
  ));
}

/** Whether a pixel and its neighbours are not all on the same side. */
function isNear(mask, at) {
  const [i, j] = [Math.trunc(at / SIDE), at % SIDE];
  return [-1, 0, 1].some((u) => [-1, 0, 1].some((v) => (
    i + u in ROWS && j + v in ROWS && mask[at + u * SIDE + v] !== mask[at]
  )));
}

const ROWS = Array(SIDE).fill(0);

/** Everything that the figure shows, from its state and its data. */
function compute(state, { layers, images, masks }) {
  const image = images[state.picture - 1];
  const mask = [...masks[state.picture - 1]].map((digit) => digit === "1");
  const keep = [state.upper === "on", state.lower === "on"];
  const made = logits(image, layers, keep);
  const chance = made.map((value) => 1 / (1 + Math.exp(-value)));
  const found = chance.map((value) => value > state.threshold / 100);
  const count = (test) => mask.filter((_, at) => test(at)).length;
  const union = count((at) => found[at] || mask[at]);
  return {
    image, mask, chance, found, logits: made,
    iou: union ? count((at) => found[at] && mask[at]) / union : 1,
    near: count((at) => found[at] !== mask[at] && isNear(mask, at)),
    away: count((at) => found[at] !== mask[at] && !isNear(mask, at)),
  };
}

/** A grey square for each pixel; values from 0, black, to 1, white. */
function greys(values) {
  return values.map((value, at) => {
    const light = Math.round(255 * clamp(value, 0, 1));
    return svg("rect", {
      x: at % SIDE, y: Math.trunc(at / SIDE), width: 1, height: 1,
      fill: `rgb(${light}, ${light}, ${light})`, "shape-rendering": "crispEdges",
    });
  });
}

/** Crosses on what is wrongly found, rings on what is missed. */
function marks({ found, mask }) {
  return mask.flatMap((inside, at) => {
    const [x, y] = [at % SIDE + 0.5, Math.trunc(at / SIDE) + 0.5];
    if (found[at] === inside) return [];
    const look = { fill: "none", "stroke-width": 0.18 };
    return inside
      ? [svg("circle", { cx: x, cy: y, r: 0.28, stroke: "#fff", ...look })]
      : [svg("path", {
        d: `M${x - 0.3} ${y - 0.3}l.6 .6m0 -.6l-.6 .6`, stroke: "#bc1a4b", ...look,
      })];
  });
}

/** A frame around the chosen pixel. */
function pointer(place) {
  return svg("rect", {
    x: place % SIDE, y: Math.trunc(place / SIDE), width: 1, height: 1, fill: "none",
    style: "stroke: var(--cn-accent); stroke-width: 0.35",
  });
}

/** What can be read off, in rows of name and number. */
function told({ iou, near, away }) {
  const list = [["IoU", iou.toFixed(2)], ["Wrong near the border", near],
    ["Wrong elsewhere", away]];
  return list.flatMap(([name, value]) => [
    html("dt", {}, name), html("dd", {}, String(value)),
  ]);
}

/** What the network says of the chosen pixel. */
function spelled({ chance, found, mask }, { place }) {
  const where = (inside) => (inside ? "inside" : "outside");
  return `Row ${Math.trunc(place / SIDE)}, column ${place % SIDE}: inside with `
    + `${Math.round(100 * chance[place])} per cent. Found ${where(found[place])}, `
    + `and it is ${where(mask[place])}. A cross is wrongly found, a ring is missed.`;
}

/** A picture with its title. */
function panel(title, attributes) {
  const picture = svg("svg", {
    viewBox: `0 0 ${SIDE} ${SIDE}`, class: "live-board", ...attributes,
  });
  const element = html("div", { class: "live-part", style: "--most: 7; flex-basis: 9rem" },
    html("div", { class: "live-title" }, title), picture);
  return { picture, element };
}

function render({ model, el }) {
  const picture = panel("Picture", { role: "img", "aria-label": "The picture" });
  const sure = panel("How sure it is of inside", {
    role: "img", "aria-label": "The probability of each pixel, white is inside",
  });
  const found = panel("Found inside", {
    role: "application", tabindex: 0,
    "aria-label": "What is found inside. Arrow keys choose a pixel.",
  });
  const numbers = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    picture: slider("Picture", PICTURES, (value) => update({ picture: value })),
    upper: choice("Upper skip", SWITCH, (upper) => update({ upper })),
    lower: choice("Lower skip", SWITCH, (lower) => update({ lower })),
    threshold: slider("Threshold, %", LEVELS, (threshold) => update({ threshold })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset())),
      numbers),
    html("div", { class: "live-row" }, picture.element, sure.element, found.element),
    sentence,
  );
  const move = (row, column) => update({
    place: clamp(row, 0, SIDE - 1) * SIDE + clamp(column, 0, SIDE - 1),
  });
  pointing(found.picture, (x, y) => move(Math.floor(y), Math.floor(x)));
  arrows(found.picture, (down, right) => {
    const { place } = read();
    move(Math.trunc(place / SIDE) + down, (place % SIDE) + right);
  });
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state, model.get("data"));
    picture.picture.replaceChildren(...greys(all.image.map((v) => (v + 0.8) / 2.3)));
    sure.picture.replaceChildren(...greys(all.chance));
    found.picture.replaceChildren(...greys(all.found.map((yes) => (yes ? 0.8 : 0.25))),
      ...marks(all), pointer(state.place));
    numbers.replaceChildren(...told(all));
    sentence.replaceChildren(spelled(all, state));
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
  }
}

export default { defaults, clean, compute, render };
