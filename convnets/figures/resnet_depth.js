// How large outputs and gradients are at each place of a deep network.

const CHANNELS = 16;
const BATCH = 48;
const MOST = 40;
const EPS = 1e-5;
const PARTS = ["neither", "shortcuts", "normalisation", "both"];
const DEPTHS = [...Array(MOST / 2).keys()].map((pair) => 2 * pair + 2);
const SIZES = [0.5, 0.7, 1, 1.4, 2];
const DRAWS = [1, 2, 3, 4, 5];
const WIDTH = 460;
const LEFT = 52;
const HEIGHT = 120; // of a row of bars
const TOPS = [24, 190]; // of the two rows

const defaults = { parts: PARTS[0], depth: 24, size: 1, draw: 1, pair: 0 };

function clean(state) {
  const valid = (key, values) => (values.includes(state[key]) ? state : defaults)[key];
  const depth = valid("depth", DEPTHS);
  return {
    depth, parts: valid("parts", PARTS), size: valid("size", SIZES),
    draw: valid("draw", DRAWS),
    pair: clamp(Math.trunc(state.pair) || 0, 0, depth / 2),
  };
}

/** Random numbers of a normal distribution, the same for the same seed. */
function normals(seed) {
  let last = 7919 * seed;
  const chance = () => {
    last = (last * 16807) % 2147483647;
    return last / 2147483647;
  };
  return () => Math.sqrt(-2 * Math.log(chance())) * Math.cos(2 * Math.PI * chance());
}

/** A list of rows of random numbers of a given size. */
function table(rows, columns, size, next) {
  return [...Array(rows)].map(() => [...Array(columns)].map(() => size * next()));
}

const known = new Map();

/** An input, a gradient, and weights of the size that is right for ReLUs. */
function drawn(draw) {
  if (!known.has(draw)) {
    const next = normals(draw);
    for (let skipped = 0; skipped < 20; skipped += 1) next();
    known.set(draw, {
      x: table(BATCH, CHANNELS, 1, next),
      dy: table(BATCH, CHANNELS, 1, next),
      weights: [...Array(MOST)].map(
        () => table(CHANNELS, CHANNELS, Math.sqrt(2 / CHANNELS), next),
      ),
    });
  }
  return known.get(draw);
}

/** Each number of a table, changed by a function of it and its place. */
function each(rows, change) {
  return rows.map((row, n) => row.map((value, c) => change(value, n, c)));
}

/** Root of the mean square of a table. */
function rms(rows) {
  const sum = rows.flat().reduce((total, value) => total + value * value, 0);
  return Math.sqrt(sum / (rows.length * rows[0].length));
}

/** x @ w.T times a factor. */
function times(x, w, factor) {
  return x.map((row) => w.map(
    (taps) => factor * taps.reduce((sum, tap, c) => sum + tap * row[c], 0),
  ));
}

/** The rows of a square table as columns. */
function turned(w) {
  return w.map((_, c) => w.map((row) => row[c]));
}

/** The mean of each column. */
function means(rows) {
  return rows[0].map((_, c) => rows.reduce((sum, row) => sum + row[c], 0) / rows.length);
}

/** Batch normalisation: what comes out, and its way back. */
function normalised(x) {
  const mean = means(x);
  const centred = each(x, (value, n, c) => value - mean[c]);
  const spread = means(each(centred, (value) => value * value))
    .map((variance) => Math.sqrt(variance + EPS));
  const y = each(centred, (value, n, c) => value / spread[c]);
  const back = (dy) => {
    const level = means(dy);
    const slope = means(each(dy, (value, n, c) => value * y[n][c]));
    return each(dy, (value, n, c) => (value - level[c] - y[n][c] * slope[c]) / spread[c]);
  };
  return { y, back };
}

/** A linear layer with its normalisation, if there is one. */
function layer(x, w, size, norm) {
  const product = times(x, w, size);
  const { y, back } = norm ? normalised(product) : { y: product, back: (dy) => dy };
  return { y, back: (dy) => times(back(dy), turned(w), size) };
}

/** A ReLU. */
function relu(x) {
  return {
    y: each(x, (value) => Math.max(value, 0)),
    back: (dy) => each(dy, (value, n, c) => (x[n][c] > 0 ? value : 0)),
  };
}

/** Two layers, with a shortcut around them or without. */
function block(x, one, two, size, norm, skip) {
  const first = layer(x, one, size, norm);
  const between = relu(first.y);
  const second = layer(between.y, two, size, norm);
  const sum = skip ? each(second.y, (value, n, c) => value + x[n][c]) : second.y;
  const last = relu(sum);
  const back = (dy) => {
    const d = last.back(dy);
    const branch = first.back(between.back(second.back(d)));
    return skip ? each(branch, (value, n, c) => value + d[n][c]) : branch;
  };
  return { y: last.y, back };
}

/** Everything that the figure shows, from its state. */
function compute({ parts, depth, size, draw }) {
  const { x, dy, weights } = drawn(draw);
  const norm = ["normalisation", "both"].includes(parts);
  const skip = ["shortcuts", "both"].includes(parts);
  let [y, d] = [x, dy];
  const blocks = [];
  const outputs = [rms(y)];
  for (let i = 0; i < depth; i += 2) {
    blocks.push(block(y, weights[i], weights[i + 1], size, norm, skip));
    y = blocks.at(-1).y;
    outputs.push(rms(y));
  }
  const gradients = [rms(d)];
  for (const { back } of blocks.toReversed()) {
    d = back(d);
    gradients.unshift(rms(d));
  }
  return { outputs, gradients, x, dy, weights: weights.slice(0, depth) };
}

/** A number in words that fit: 0.031, 12, or 4 × 10⁻⁷. */
function short(number) {
  if (number === 0) return "0";
  if (number >= 0.01 && number < 1000) return String(Number(number.toPrecision(2)));
  const [digits, power] = number.toExponential(0).split("e");
  return `${digits} × 10${raised(Number(power))}`;
}

/** A whole number as an exponent. */
function raised(power) {
  const digits = [...String(Math.abs(power))].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
  return (power < 0 ? "⁻" : "") + digits.join("");
}

/** Powers of ten that all numbers lie within, at least two. */
function range(numbers) {
  const powers = numbers.filter((number) => number > 0).map(Math.log10).map(Math.abs);
  return Math.max(2, Math.ceil(Math.max(...powers)));
}

/** The middle of a bar and half of its width. */
function place(pair, count) {
  const step = (WIDTH - LEFT - 6) / count;
  return [LEFT + (pair + 0.5) * step, 0.38 * step];
}

/** A row of bars with its scale; bars below 1 hang down. */
function bars(numbers, row, role, title, chosen, powers) {
  const [top, middle] = [TOPS[row], TOPS[row] + HEIGHT / 2];
  const lines = [-powers, 0, powers].flatMap((power) => {
    const y = middle - (power / powers) * (HEIGHT / 2);
    const word = power ? `10${raised(power)}` : "1";
    return [
      svg("line", {
        x1: LEFT, x2: WIDTH - 6, y1: y, y2: y,
        style: `stroke: var(--cn-muted); stroke-width: ${power ? 0.5 : 1}`,
      }),
      svg("text", { x: LEFT - 6, y, style: "text-anchor: end" }, word),
    ];
  });
  const marks = numbers.map((number, pair) => {
    const [x, half] = place(pair, numbers.length);
    const power = number > 0 ? clamp(Math.log10(number), -powers, powers) : -powers;
    const high = Math.max((Math.abs(power) / powers) * (HEIGHT / 2), 1);
    const look = pair === chosen
      ? `fill: var(--cn-${role}); stroke: var(--cn-accent); stroke-width: 3`
      : `fill: var(--cn-${role})`;
    return svg("rect", {
      x: x - half, y: power > 0 ? middle - high : middle, width: 2 * half, height: high,
      style: look,
    });
  });
  const name = svg("text", { x: LEFT, y: top - 14, style: "text-anchor: start" }, title);
  return [...lines, ...marks, name];
}

/** One sentence on the chosen place. */
function told({ outputs, gradients }, { pair, depth }) {
  const where = pair ? `Behind pair ${pair} of ${depth / 2}` : "At the input";
  const ratio = short(gradients[pair] / gradients.at(-1));
  const back = pair === depth / 2
    ? "here the gradient sets out"
    : `of the gradient, ${ratio} times its first size is here`;
  return `${where} the output has size ${short(outputs[pair])}; ${back}.`;
}

function render({ model, el }) {
  const picture = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${TOPS[1] + HEIGHT + 30}`, class: "live-board",
    role: "application", tabindex: 0,
    "aria-label": "Sizes of outputs and gradients behind each pair of layers, the input "
      + "first. Arrow keys choose a place.",
  });
  const board = html("div", { class: "live-part" }, picture);
  board.style.setProperty("--most", 15);
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    parts: choice("Parts", PARTS, (parts) => update({ parts })),
    depth: slider("Layers", DEPTHS, (depth) => update({ depth })),
    size: slider("Weights ×", SIZES, (size) => update({ size })),
    draw: slider("Draw", DRAWS, (draw) => update({ draw })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset())),
      board),
    sentence,
  );
  pointing(picture, (x) => {
    const count = read().depth / 2 + 1;
    const pair = Math.floor(((x - LEFT) / (WIDTH - LEFT - 6)) * count);
    update({ pair: clamp(pair, 0, count - 1) });
  });
  arrows(picture, (down, right) => {
    const { pair, depth } = read();
    update({ pair: clamp(pair + (right || down), 0, depth / 2) });
  });
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    const powers = range([...all.outputs, ...all.gradients]);
    const { pair } = state;
    picture.replaceChildren(
      ...bars(all.outputs, 0, "output", "Output", pair, powers),
      ...bars(all.gradients, 1, "gradient", "Gradient that comes back", pair, powers),
      svg("text", {
        x: LEFT, y: TOPS[1] + HEIGHT + 18, style: "text-anchor: start",
      }, "input"),
      svg("text", {
        x: WIDTH - 6, y: TOPS[1] + HEIGHT + 18, style: "text-anchor: end",
      }, `behind layer ${state.depth}`),
    );
    sentence.textContent = told(all, state);
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
  }
}

export default { defaults, clean, compute, render };
