// Which channels can hear of each other: three grouped layers, with shuffles or not.

const CHANNELS = 12;
const CONVS = 3;
const GROUPS = [1, 2, 3, 4, 6, 12];
const SHUFFLES = ["none", "after the first", "after both"];
const SIDES = ["output", "input"];
const ROW = 24;
const COLUMN = 78;
const TOP = 26; // of the first channel's row
const LEFT = 26;

const defaults = { groups: 3, shuffles: "none", side: "output", channel: 4 };

function clean(state) {
  const valid = (key, values) => (values.includes(state[key]) ? state : defaults)[key];
  const channel = Math.trunc(state.channel);
  return {
    groups: valid("groups", GROUPS), shuffles: valid("shuffles", SHUFFLES),
    side: valid("side", SIDES),
    channel: clamp(Number.isFinite(channel) ? channel : defaults.channel,
      0, CHANNELS - 1),
  };
}

/** The layers from left to right; a shuffle in one group moves nothing. */
function layersOf({ groups, shuffles }) {
  return [...Array(CONVS).keys()].flatMap((place) => {
    const conv = { kind: "conv", groups };
    if (place === CONVS - 1) return [conv];
    const on = SHUFFLES.indexOf(shuffles) > place;
    return [conv, { kind: "shuffle", groups: on ? groups : 1, on }];
  });
}

/** Whether a wire leads from channel `from` to channel `to` of a layer. */
function wired({ kind, groups }, from, to) {
  const each = CHANNELS / groups;
  return kind === "conv"
    ? Math.floor(from / each) === Math.floor(to / each)
    : from === (to % groups) * each + Math.floor(to / groups);
}

/** Everything that the figure shows, from its state. */
function compute(state) {
  const layers = layersOf(state);
  const range = [...Array(CHANNELS).keys()];
  const wires = layers.map((layer) => range.flatMap((from) => range
    .filter((to) => wired(layer, from, to)).map((to) => ({ from, to }))));
  // From each output back: on[column] has the channels on its paths.
  const back = (output) => {
    const on = [new Set([output])];
    for (const list of wires.toReversed()) {
      on.unshift(new Set(list.filter(({ to }) => on[0].has(to)).map(({ from }) => from)));
    }
    return on;
  };
  const ahead = (input) => {
    const on = [new Set([input])];
    for (const list of wires) {
      on.push(new Set(list.filter(({ from }) => on.at(-1).has(from))
        .map(({ to }) => to)));
    }
    return on;
  };
  const paths = state.side === "output" ? back(state.channel) : ahead(state.channel);
  const seen = range.map((output) => {
    const inputs = back(output)[0];
    return range.map((input) => inputs.has(input));
  });
  return {
    layers, seen,
    wires: wires.map((list, place) => list.map(({ from, to }) => ({
      from, to, on: paths[place].has(from) && paths[place + 1].has(to),
    }))),
    columns: paths.map((on) => range.filter((channel) => on.has(channel))),
    weights: CONVS * CHANNELS * (CHANNELS / state.groups),
    pairs: seen.flat().filter(Boolean).length,
  };
}

/** The middle of a channel in a column, in the picture's units. */
function middle(column, channel) {
  return [LEFT + column * COLUMN, TOP + (channel + 0.5) * ROW];
}

/** The wires; those on a path of the chosen channel lie on top. */
function lines({ wires }) {
  const all = wires.flatMap((list, place) => list.map((wire) => ({ ...wire, place })));
  all.sort((one, other) => one.on - other.on);
  return all.map(({ from, to, on, place }) => {
    const [x1, y1] = middle(place, from);
    const [x2, y2] = middle(place + 1, to);
    return svg("line", {
      x1, y1, x2, y2, class: on ? "live-wire live-wire-chosen" : "live-wire",
    });
  });
}

/** A dot for each channel in each column, with its number. */
function dots({ layers, columns }) {
  return columns.flatMap((on, column) => [...Array(CHANNELS).keys()].flatMap((channel) => {
    const [cx, cy] = middle(column, channel);
    const role = column === layers.length ? "output" : "input";
    const mark = role === "output" ? "live-chosen" : "live-seen";
    const dot = svg("circle", {
      cx, cy, r: 7, class: `live-dot-${role} ${on.includes(channel) ? mark : ""}`,
    });
    if (column > 0 && column < layers.length) return [dot];
    const x = cx + (column ? 18 : -18);
    return [dot, svg("text", { x, y: cy }, String(channel))];
  }));
}

/** What happens between the columns. */
function names({ layers }) {
  return layers.map(({ kind, groups, on }, place) => {
    const [x] = middle(place + 0.5, 0);
    const word = { conv: groups === 1 ? "dense" : "grouped", shuffle: "shuffle" }[kind];
    return svg("text", { x, y: 10, style: "font-size: 13px" },
      kind === "shuffle" && !on ? "–" : word);
  });
}

/** Numbers of channels, as words. */
function listed(channels) {
  if (channels.length === CHANNELS) return "all 12";
  return `${channels.slice(0, -1).join(", ")}${channels.length > 1 ? " and " : ""}`
    + channels.at(-1);
}

/** One sentence on the chosen channel. */
function told({ columns, layers }, { side, channel }) {
  const [verb, other, found] = side === "output"
    ? ["sees", "input", columns[0]] : ["reaches", "output", columns[layers.length]];
  const name = side === "output" ? "Output" : "Input";
  const plural = found.length > 1 ? "s" : "";
  return `${name} ${channel} ${verb} ${other}${plural} ${listed(found)}.`;
}

/** What can be read off, in rows of name and number. */
function numbered({ weights, pairs }) {
  const rows = [
    ["Weights, all kernels 1 × 1", weights],
    ["Pairs of input and output that meet", `${pairs} of ${CHANNELS * CHANNELS}`],
  ];
  return rows.flatMap(([name, value]) => [
    html("dt", {}, name), html("dd", {}, String(value))]);
}

function render({ model, el }) {
  const width = 2 * LEFT + (2 * CONVS - 1) * COLUMN;
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${TOP + CHANNELS * ROW + 4}`, class: "live-board",
    role: "application", tabindex: 0,
    "aria-label": "Three layers of twelve channels. Arrow keys up and down choose a "
      + "channel, left the inputs, right the outputs.",
  });
  const board = html("div", { class: "live-part" },
    html("div", { class: "live-title" }, "Inputs on the left, outputs on the right"),
    picture);
  board.style.setProperty("--most", 15);
  const numbers = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    groups: slider("Groups", GROUPS, (groups) => update({ groups })),
    shuffles: choice("Shuffle", SHUFFLES, (shuffles) => update({ shuffles })),
    side: choice("Follow an", SIDES, (side) => update({ side })),
    channel: slider("Channel", [...Array(CHANNELS).keys()],
      (channel) => update({ channel })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset()),
        numbers),
      board),
    sentence);

  picture.addEventListener("pointerdown", (event) => {
    const box = picture.getBoundingClientRect();
    const unit = picture.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * unit;
    const y = (event.clientY - box.top) * unit;
    const channel = clamp(Math.floor((y - TOP) / ROW), 0, CHANNELS - 1);
    update({ channel, side: x < width / 2 ? "input" : "output" });
  });
  arrows(picture, (down, right) => {
    const { channel, side } = read();
    const other = right < 0 ? "input" : "output";
    update({
      channel: clamp(channel + down, 0, CHANNELS - 1),
      side: Number.isFinite(right) && right ? other : side,
    });
  });
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    picture.replaceChildren(...names(all), ...lines(all), ...dots(all));
    numbers.replaceChildren(...numbered(all));
    sentence.textContent = told(all, state);
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
  }
}

export default { defaults, clean, compute, render };
