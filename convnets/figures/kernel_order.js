// What the order of three kernels does to a stack's cost and to what it sees.

const ORDERS = ["7-5-3", "7-3-5", "5-7-3", "5-3-7", "3-7-5", "3-5-7"];
const CHANNELS = { "stay at 16": 1, "double": 2 };
const STRIDES = [1, 2];
const FIRST = 16; // channels of the first layer's input
const SIZE = 64; // the input's height and width
const MOST = 35; // the largest field of all settings
const SLOT = 110;
const TAP = 9;
const BAR = 100;
const TOP = 90; // where the bars begin
const PIXEL = 9;

const defaults = { order: "7-5-3", channels: "double", stride: 1, chosen: 0 };

function clean(state) {
  return {
    order: oneOf(state.order, ORDERS),
    channels: CHANNELS[state.channels] ? state.channels : defaults.channels,
    stride: oneOf(state.stride, STRIDES),
    chosen: clamp(Math.trunc(state.chosen) || 0, 0, 2),
  };
}

/** Everything that the figure shows, from its state. */
function compute({ order, channels, stride }) {
  let [c, size, field, jump] = [FIRST, SIZE, 1, 1];
  const layers = order.split("-").map(Number).map((k) => {
    const [c_in, c_out] = [c, c * CHANNELS[channels]];
    const weights = k * k * c_in * c_out;
    size /= stride;
    field += (k - 1) * jump;
    jump *= stride;
    c = c_out;
    return { k, c_in, c_out, weights, macs: weights * size * size, field, jump };
  });
  const sum = (key) => layers.reduce((total, layer) => total + layer[key], 0);
  return { layers, weights: sum("weights"), macs: sum("macs"), field, jump };
}

/** The same setting in each order. */
function everyOrder(state) {
  return ORDERS.map((order) => compute({ ...state, order }));
}

/** The order after the kernel at one place has gone to another. */
function moved(order, from, to) {
  const kernels = order.split("-");
  kernels.splice(to, 0, ...kernels.splice(from, 1));
  return kernels.join("-");
}

/** A number in groups of three. */
function grouped(number) {
  return number.toLocaleString("en-US").replaceAll(",", "\u202f");
}

/** A picture with its title. */
function panel(title, width, height, attributes) {
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`, class: "live-board", ...attributes,
  });
  const name = html("div", { class: "live-title" }, title);
  return { picture, element: html("div", { class: "live-part" }, name, picture) };
}

/** One layer: its kernel, shifted by what it is dragged, and its weights. */
function column({ k, c_in, c_out, weights }, place, most, chosen, shift) {
  const middle = (place + 0.5) * SLOT + shift;
  const frame = { x: middle - k * TAP / 2, y: 40 - k * TAP / 2 };
  const taps = [...Array(k * k).keys()].map((tap) => svg("rect", {
    x: frame.x + (tap % k) * TAP, y: frame.y + Math.floor(tap / k) * TAP,
    width: TAP, height: TAP, class: "live-block",
  }));
  const height = Math.max(1, (BAR * weights) / most);
  const still = (place + 0.5) * SLOT;
  return [
    // Room for a finger around the kernel.
    svg("rect", { x: middle - 50, y: 0, width: 100, height: 80, fill: "transparent" }),
    ...taps,
    svg("rect", {
      ...frame, width: k * TAP, height: k * TAP, style: "fill: none",
      class: `live-block ${chosen ? "live-chosen" : ""}`,
    }),
    svg("rect", {
      x: still - 28, y: TOP + BAR - height, width: 56, height, class: "live-block",
    }),
    svg("text", { x: still, y: TOP + BAR + 14 }, `${c_in} → ${c_out}`),
    svg("text", { x: still, y: TOP + BAR + 33 }, grouped(weights)),
  ];
}

/** A row of pixels a layer; those that one output sees are filled. */
function fields({ layers }) {
  return layers.flatMap(({ k, field }, row) => [
    svg("text", { x: 22, y: row * 46 + 12 }, `${k} × ${k}`),
    svg("text", { x: 298, y: row * 46 + 12 }, `sees ${field}`),
    ...[...Array(MOST).keys()].map((pixel) => {
      const seen = Math.abs(pixel - (MOST - 1) / 2) <= (field - 1) / 2;
      return svg("rect", {
        x: 2 + pixel * (PIXEL + 0.4), y: row * 46 + 25, width: PIXEL, height: PIXEL,
        class: seen ? "live-dot-input" : "live-no-block",
      });
    }),
  ]);
}

/** What the stack costs, in rows of name and number. */
function costs({ weights, macs, field, jump }) {
  const rows = [
    ["Weights", grouped(weights)],
    [`Multiply-adds for ${SIZE} × ${SIZE} pixels`, grouped(macs)],
    ["Receptive field", `${field} × ${field}`],
    ["Jump", String(jump)],
  ];
  return rows.flatMap(([name, number]) => [
    html("dt", {}, name), html("dd", {}, number),
  ]);
}

/** One sentence on this order among the six. */
function told(state) {
  const [own, all] = [compute(state), everyOrder(state)];
  const least = Math.min(...all.map(({ weights }) => weights));
  const most = Math.max(...all.map(({ weights }) => weights));
  if (least === most) return `${state.order}: all six orders have as many weights.`;
  const place = (weights) => `${(weights / least).toFixed(2)} times the least`;
  if (own.weights === least) return `${state.order} has the fewest weights of the six orders.`;
  return `${state.order} has ${place(own.weights)} weights that an order can have.`;
}

/** Lets a kernel be dragged; calls back with the place it is over, and the shift. */
function dragging(picture, { start, move, drop }) {
  let from = null;
  const where = (event) => {
    const box = picture.getBoundingClientRect();
    return (event.clientX - box.left) * (picture.viewBox.baseVal.width / box.width);
  };
  picture.addEventListener("pointerdown", (event) => {
    from = where(event);
    picture.setPointerCapture(event.pointerId);
    start(clamp(Math.floor(from / SLOT), 0, 2));
  });
  picture.addEventListener("pointermove", (event) => {
    if (from !== null) from += move(where(event) - from);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    picture.addEventListener(end, () => { from = null; drop(); });
  }
}

function render({ model, el }) {
  const stack = panel("Drag a kernel: first layer left, weights below", 3 * SLOT, 232, {
    role: "application", tabindex: 0,
    "aria-label": "Three kernels in order. Left and right move the chosen kernel, "
      + "up and down choose another.",
  });
  const pixels = panel("Pixels along one axis that one output sees", 332, 140, {
    role: "img", "aria-label": "The receptive field after each layer",
  });
  const numbers = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    order: choice("Order", ORDERS, (order) => update({ order })),
    channels: choice("Channels", Object.keys(CHANNELS), (channels) => update({ channels })),
    stride: slider("Stride", STRIDES, (stride) => update({ stride })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  let shift = 0;
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset())),
      numbers),
    html("div", { class: "live-row" }, stack.element, pixels.element),
    sentence,
  );
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  /** Moves the chosen kernel by places; returns how far it went. */
  function push(steps) {
    const { order, chosen } = read();
    const to = clamp(chosen + steps, 0, 2);
    if (to !== chosen) update({ order: moved(order, chosen, to), chosen: to });
    return to - chosen;
  }

  dragging(stack.picture, {
    start: (chosen) => update({ chosen }),
    move: (by) => {
      const went = push(Math.round(by / SLOT));
      shift = clamp(by - went * SLOT, -SLOT / 2, SLOT / 2);
      draw(read());
      return went * SLOT;
    },
    drop: () => { shift = 0; draw(read()); },
  });
  arrows(stack.picture, (down, right) => {
    if (right) push(right);
    else update({ chosen: clamp(read().chosen + down, 0, 2) });
  });

  function draw(state) {
    const all = compute(state);
    const dearest = everyOrder(state).flatMap(({ layers }) => layers);
    const most = Math.max(...dearest.map(({ weights }) => weights));
    const columns = all.layers.map((layer, place) => column(
      layer, place, most, place === state.chosen, place === state.chosen ? shift : 0,
    ));
    // The chosen kernel is drawn last, so that it passes over the others.
    columns.push(...columns.splice(state.chosen, 1));
    stack.picture.replaceChildren(...columns.flat());
    pixels.picture.replaceChildren(...fields(all));
    numbers.replaceChildren(...costs(all));
    sentence.textContent = told(state);
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
  }
}

export default { defaults, clean, compute, render };
