// What every live figure is built from. This text is put in front of a
// figure's module, on the page and in the notebook, so it exports nothing.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element with attributes and children. */
function html(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element with attributes and children. */
function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

const CONTROLS = ["button", "input", "select"];

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  if ("tabindex" in attributes || CONTROLS.includes(element.localName)) {
    // JupyterLab moves among cells with the arrow keys and opens one with Enter,
    // wherever the focus is: not here.
    element.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  element.append(...children);
  return element;
}

let serial = 0;

/** A labelled slider over a list of values; `show` sets it to one of them. */
function slider(label, values, change) {
  const id = `live-input-${++serial}-${Math.random().toString(36).slice(2, 8)}`;
  const value = html("output", { for: id });
  const input = html("input", {
    type: "range", id, min: 0, max: values.length - 1, step: 1,
  });
  input.addEventListener("input", () => change(values[Number(input.value)]));
  const element = html(
    "div", { class: "live-control" },
    html("label", { for: id }, label), input, value,
  );
  const show = (chosen) => {
    input.value = values.indexOf(chosen);
    input.setAttribute("aria-valuetext", String(chosen));
    value.textContent = String(chosen);
  };
  return { element, show };
}

/** A labelled choice among a few words; `show` sets it to one of them. */
function choice(label, values, change) {
  const id = `live-input-${++serial}-${Math.random().toString(36).slice(2, 8)}`;
  const input = html(
    "select", { id }, ...values.map((value) => html("option", { value }, value)),
  );
  input.addEventListener("change", () => change(input.value));
  const element = html(
    "div", { class: "live-control" }, html("label", { for: id }, label), input,
  );
  return { element, show: (chosen) => { input.value = chosen; } };
}

/** Lets arrow keys, Home and End move a place in a grid. */
function arrows(element, move) {
  const steps = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    Home: [-Infinity, -Infinity], End: [Infinity, Infinity],
  };
  element.addEventListener("keydown", (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    move(...steps[event.key]);
  });
}

/** The nearest number between two. */
function clamp(number, low, high) {
  return Math.min(Math.max(number, low), high);
}

/** A value that is in the list, or the list's first. */
function oneOf(value, values) {
  return values.includes(value) ? value : values[0];
}

/** Calls `move` with the place that is pointed at or touched, in the picture's units. */
function pointing(picture, move) {
  const where = (event) => {
    const box = picture.getBoundingClientRect();
    const view = picture.viewBox.baseVal;
    move(
      view.x + (event.clientX - box.left) * (view.width / box.width),
      view.y + (event.clientY - box.top) * (view.height / box.height),
    );
  };
  picture.addEventListener("pointerdown", where);
  picture.addEventListener("pointermove", where);
}

/**
 * Keeps a figure's state in its model (`state`, a plain object), so that the
 * page can put it into the address and a notebook can read it.
 * clean: makes a valid state of any object. draw: shows a state.
 */
function follow(model, { defaults, clean }, draw) {
  const read = () => clean({ ...defaults, ...(model.get("state") ?? {}) });
  const save = (state) => {
    model.set("state", clean(state));
    model.save_changes();
  };
  model.on("change:state", () => draw(read()));
  draw(read());
  return {
    read,
    update: (changes) => save({ ...read(), ...changes }),
    reset: () => save({ ...defaults, ...(model.get("first") ?? {}) }),
  };
}

/** A button that brings a figure's first state back. */
function resetButton(reset) {
  const button = html("button", { type: "button", class: "live-reset" }, "Reset");
  button.addEventListener("click", reset);
  return button;
}
