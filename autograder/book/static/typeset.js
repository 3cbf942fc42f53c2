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

/** One formula as HTML; its glyphs refer to drawings that `glyph` returns. */
globalThis.typeset = (formula, display) => {
  // Labels and numbers are Sphinx's.
  tex.reset();
  const html = adaptor.outerHTML(book.convert(formula, { display, em: 16, ex: 8 }));
  if (html.includes("<text")) throw new Error("it has a letter that MathJax cannot draw");
  return html;
};

/** The drawing of a glyph that a formula has used. */
globalThis.glyph = (name) => {
  const drawings = adaptor.childNodes(svg.fontCache.getCache());
  const found = drawings.find((path) => adaptor.getAttribute(path, "id") === name);
  return adaptor.outerHTML(found);
};
