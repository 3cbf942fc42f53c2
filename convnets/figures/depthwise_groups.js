// What `groups` does to a layer: its wires, its weight, its cost.

const CHANNELS = 12;
const GROUPS = [1, 2, 3, 4, 6, 12];
const KERNELS = [1, 3, 5, 7];
const SIZE = 32; // the output's height and width, for the count of MACs
const GAP = 24;
const SPAN = 190;
const CELL = 24;

const defaults = { groups: 1, kernel: 3, output: 0 };

function clean(state) {
  return {
    groups: oneOf(state.groups, GROUPS),
    kernel: oneOf(state.kernel, KERNELS),
    output: clamp(Math.trunc(state.output) || 0, 0, CHANNELS - 1),
  };
}

/** Everything that the figure shows, from its state. */
function compute({ groups, kernel, output }) {
  const width = CHANNELS / groups;
  const range = [...Array(CHANNELS).keys()];
  const group = (channel) => Math.floor(channel / width);
  const sees = range.map((o) => range.map((i) => group(o) === group(i)));
  const parameters = CHANNELS * width * kernel * kernel;
  return {
    sees, parameters, channels: CHANNELS, size: SIZE,
    macs: parameters * SIZE * SIZE,
    dense: CHANNELS * CHANNELS * kernel * kernel,
    inputs: range.filter((i) => sees[output][i]),
  };
}

/** A picture with its title. */
function panel(title, width, height, attributes) {
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`, class: "live-board", ...attributes,
  });
  const name = html("div", { class: "live-title" }, title);
  return { picture, element: html("div", { class: "live-part" }, name, picture) };
}

/** A line for each pair of channels that meet, and a dot for each channel. */
function wires({ sees, inputs }, output) {
  const y = (channel) => (channel + 0.5) * GAP + 6;
  const [left, right] = [40, 40 + SPAN];
  const lines = sees.flatMap((line, o) => line.flatMap((seen, i) => (seen
    ? [svg("line", {
      x1: left, y1: y(i), x2: right, y2: y(o),
      class: o === output ? "live-wire live-wire-chosen" : "live-wire",
    })]
    : [])));
  // The chosen output's wires lie on top.
  const chosen = (line) => line.matches(".live-wire-chosen");
  lines.sort((one, other) => chosen(one) - chosen(other));
  const dots = sees.flatMap((_, c) => [
    svg("circle", {
      cx: left, cy: y(c), r: 7,
      class: `live-dot-input ${inputs.includes(c) ? "live-seen" : ""}`,
    }),
    svg("text", { x: left - 22, y: y(c) }, String(c)),
    svg("circle", {
      cx: right, cy: y(c), r: 7,
      class: `live-dot-output ${c === output ? "live-chosen" : ""}`,
    }),
    svg("text", { x: right + 22, y: y(c) }, String(c)),
  ]);
  return [...lines, ...dots];
}

/** The weight as a table: a square where an output has a filter for an input. */
function blocks({ sees }, output) {
  return sees.flatMap((line, o) => line.map((seen, i) => svg("rect", {
    x: i * CELL + 3, y: o * CELL + 3, width: CELL - 2, height: CELL - 2,
    class: (seen ? "live-block" : "live-no-block")
      + (seen && o === output ? " live-chosen" : ""),
  })));
}

/** A number in groups of three. */
function grouped(number) {
  return number.toLocaleString("en-US").replaceAll(",", "\u202f");
}

/** What the layer costs, in rows of name and number. */
function costs({ parameters, macs, dense }, groups) {
  const rows = [
    ["Parameters", grouped(parameters)],
    [`Multiply-adds for ${SIZE} × ${SIZE} outputs`, grouped(macs)],
    ["Share of the dense layer", groups === 1 ? "all of it" : `1 in ${dense / parameters}`],
  ];
  return rows.flatMap(([name, number]) => [
    html("dt", {}, name), html("dd", {}, number),
  ]);
}

/** One sentence on the chosen output. */
function told({ inputs }, output) {
  const names = inputs.length === 1
    ? `only input ${inputs[0]}`
    : `inputs ${inputs[0]} to ${inputs.at(-1)}`;
  return `Output ${output} sees ${names}.`;
}

function render({ model, el }) {
  const net = panel("Wires: input to output channels", 270, 300, {
    role: "application", tabindex: 0,
    "aria-label": "Wires from input to output channels. "
      + "Arrow keys choose an output.",
  });
  const weight = panel("Weight: a filter in each filled square", 292, 300, {
    role: "img", "aria-label": "The weight: outputs in rows, inputs in columns",
  });
  const numbers = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    groups: slider("Groups", GROUPS, (groups) => update({ groups })),
    kernel: slider("Kernel size", KERNELS, (kernel) => update({ kernel })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset())),
      numbers),
    html("div", { class: "live-row" }, net.element, weight.element),
    sentence,
  );
  pointing(net.picture, (_, y) => update({ output: Math.floor((y - 6) / GAP) }));
  arrows(net.picture, (down, right) => update({
    output: clamp(read().output + (down || right), 0, CHANNELS - 1),
  }));
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    net.picture.replaceChildren(...wires(all, state.output));
    weight.picture.replaceChildren(...blocks(all, state.output));
    numbers.replaceChildren(...costs(all, state.groups));
    sentence.textContent = told(all, state.output);
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
  }
}

export default { defaults, clean, compute, render };
