// Runs in V8 while the book is built, behind MathJax's own files: TeX in,
// SVG and MathML out. See autograder/book/mathematics.py.
"use strict";

const { adaptors, handlers, a11y, input, output, mathjax } = MathJax._;
const adaptor = adaptors.liteAdaptor.liteAdaptor();
a11y["assistive-mml"].AssistiveMmlHandler(handlers.html_ts.RegisterHTMLHandler(adaptor));
const tex = new input.tex_ts.TeX({
  packages: ["base", "ams", "boldsymbol"],
  formatError: (jax, error) => { throw new Error(error.message); },
});
const svg = new output.svg_ts.SVG({
  font: new output.svg.fonts.tex_ts.TeXFont(),
  fontCache: "global",
});
const book = mathjax.mathjax.document("", { InputJax: tex, OutputJax: svg });

const OWN = ["transform", "fill", "stroke", "stroke-width", "style", "class", "id"];
const MOVED = ["use", "path", "rect"];
const elements = (node) =>
  adaptor.childNodes(node).filter((child) => adaptor.kind(child) !== "#text");

/**
 * Takes the groups out of a drawing that do nothing: half of its elements, each of
 * which a browser styles and lays out. What a group moves, moves itself.
 */
function flatten(node) {
  for (const group of elements(node)) {
    flatten(group);
    if (adaptor.kind(group) !== "g") continue;
    const own = OWN.filter((name) => adaptor.hasAttribute(group, name));
    const inside = elements(group);
    if (own.length === 1 && own[0] === "transform" && inside.length === 1) {
      const [only] = inside;
      if (!MOVED.includes(adaptor.kind(only))) continue;
      const moves = [group, only].map((each) => adaptor.getAttribute(each, "transform"));
      adaptor.setAttribute(only, "transform", moves.filter(Boolean).join(" "));
    } else if (own.length) continue;
    for (const child of inside) adaptor.insert(child, group);
    adaptor.remove(group);
  }
}

/** One formula as HTML; its glyphs refer to drawings that `glyph` returns. */
globalThis.typeset = (formula, display) => {
  // Labels and numbers are Sphinx's.
  tex.reset();
  const set = book.convert(formula, { display, em: 16, ex: 8 });
  adaptor.tags(set, "svg").forEach(flatten);
  const html = adaptor.outerHTML(set);
  if (html.includes("<text")) throw new Error("it has a letter that MathJax cannot draw");
  return html;
};

/** The drawing of a glyph that a formula has used. */
globalThis.glyph = (name) => {
  const drawings = adaptor.childNodes(svg.fontCache.getCache());
  const found = drawings.find((path) => adaptor.getAttribute(path, "id") === name);
  return adaptor.outerHTML(found);
};
