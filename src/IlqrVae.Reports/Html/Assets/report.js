// Draws the panels of a report. The page holds them as compressed JSON; each is unpacked when it is to be seen.
(() => {
"use strict";
const setup = JSON.parse(document.getElementById("setup").textContent);
const root = document.documentElement;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const darkScreen = matchMedia("(prefers-color-scheme: dark)");
const touch = matchMedia("(pointer: coarse)");
const shown = new Set();
let printing = false;
let waiting = 0;

const isDark = () => !printing && (root.dataset.theme ? root.dataset.theme === "dark" : darkScreen.matches);
const settle = () => { root.dataset.waiting = String(waiting); };

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// plotly.js reads some HTML in its texts; names of trials are not HTML.
const plain = text => String(text).replace(/[&<>%$]/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", "%": "&#37;", $: "&#36;" })[c]).replace(/[\r\n\u2028\u2029]/g, " ");

function round(value, digits = 4) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : "–";
}

const withUnit = (axis, value) => {
  const tick = axis.ticks && axis.ticks.find(one => Math.abs(one[0] - value) < 1e-9);
  return tick ? tick[1] : `${axis.label} ${round(value)}${axis.unit ? " " + axis.unit : ""}`;
};

const packed = id => () => document.getElementById(id).textContent.trim();

async function unpack(get) {
  const text = atob(get());
  const bytes = Uint8Array.from(text, letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const page = await new Response(stream).json();
  const numbers = page.numbers.map(one => Array.isArray(one) ? one : Array.from({ length: one.count }, (_, i) => Number((one.from + i * one.step).toPrecision(12))));
  for (const panel of page.panels) {
    for (const mark of panel.marks) {
      for (const key of ["x", "y", "z", "low", "high", "errors", "values"]) {
        if (key in mark) mark[key] = numbers[mark[key]];
      }
    }
  }
  return page.panels;
}

// ---- colors -----------------------------------------------------------------------------------

const parse = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
const fade = (hex, opacity) => `rgba(${parse(hex).join(",")},${opacity})`;

function along(anchors, share) {
  const place = Math.min(Math.max(share, 0), 1) * (anchors.length - 1);
  const first = Math.min(Math.floor(place), anchors.length - 2);
  const [from, to] = [parse(anchors[first]), parse(anchors[first + 1])];
  return from.map((value, i) => Math.round(value + (place - first) * (to[i] - value)));
}

const anchorsOf = (mark, dark) => !mark.diverging ? setup.scale : dark ? setup.partingOnDark : setup.parting;

// ---- heat maps ---------------------------------------------------------------------------------

/** Which cell lies at each of so many pixels; cells may be of different widths. */
function cells(edges) {
  const count = edges.length - 1;
  const pixels = count * Math.max(1, Math.floor(1000 / count));
  const found = new Int32Array(pixels);
  for (let i = 0, cell = 0; i < pixels; i++) {
    const place = edges[0] + (edges[count] - edges[0]) * (i + 0.5) / pixels;
    while (cell < count - 1 && place >= edges[cell + 1]) cell++;
    found[i] = cell;
  }
  return found;
}

function image(mark, dark) {
  const key = dark ? "darkImage" : "lightImage";
  if (mark[key]) return mark[key];
  const [columns, rows] = [cells(mark.x), cells(mark.y)];
  const canvas = make("canvas", { width: columns.length, height: rows.length });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(columns.length, rows.length);
  const [low, high] = mark.scale;
  const anchors = anchorsOf(mark, dark);
  const width = mark.x.length - 1;
  const colors = mark.values.map(value => value === null ? [0, 0, 0, 0] : [...along(anchors, (value - low) / (high - low)), 255]);
  for (let row = 0; row < rows.length; row++) {
    for (let column = 0; column < columns.length; column++) {
      pixels.data.set(colors[rows[rows.length - 1 - row] * width + columns[column]], 4 * (row * columns.length + column));
    }
  }
  context.putImageData(pixels, 0, 0);
  return mark[key] = canvas.toDataURL("image/png");
}

// ---- figures -----------------------------------------------------------------------------------

const symbols = { disc: "circle", circle: "circle-open", cross: "x", diamond: "diamond", square: "square", triangle: "triangle-up", triangledown: "triangle-down" };

/** Lines that look alike become one, with gaps between: a page of a hundred trials has few elements then. */
function joined(marks) {
  const groups = new Map();
  const result = [];
  for (const mark of marks) {
    if (mark.type !== "line") { result.push(mark); continue; }
    const key = JSON.stringify([mark.name, mark.color, mark.dashed, mark.width, mark.inLegend]);
    const group = groups.get(key);
    if (!group) {
      const copy = { ...mark, x: mark.x, y: mark.y, z: mark.z, parts: 1 };
      groups.set(key, copy);
      result.push(copy);
      continue;
    }
    group.x = [...group.x, null, ...mark.x];
    group.y = [...group.y, null, ...mark.y];
    if (mark.z) group.z = [...group.z, null, ...mark.z];
    group.parts++;
  }
  return result;
}

/** A band as polygons, one for each stretch without gaps. */
function polygons(mark) {
  const [x, y] = [[], []];
  let from = -1;
  for (let i = 0; i <= mark.x.length; i++) {
    const there = i < mark.x.length && mark.x[i] !== null && mark.low[i] !== null && mark.high[i] !== null;
    if (there && from < 0) from = i;
    if (!there && from >= 0) {
      if (x.length) { x.push(null); y.push(null); }
      for (let k = from; k < i; k++) { x.push(mark.x[k]); y.push(mark.high[k]); }
      for (let k = i - 1; k >= from; k--) { x.push(mark.x[k]); y.push(mark.low[k]); }
      from = -1;
    }
  }
  return { x, y };
}

/** Turns points of space into points of the plane that is seen. */
function projection(state) {
  const [turn, tilt] = [state.turn * Math.PI / 180, state.tilt * Math.PI / 180];
  const [st, ct, sf, cf] = [Math.sin(turn), Math.cos(turn), Math.sin(tilt), Math.cos(tilt)];
  const middle = state.middle;
  return (x, y, z) => {
    if (x === null || y === null || z === null) return [null, null];
    const [a, b, c] = [x - middle[0], y - middle[1], z - middle[2]];
    return [a * ct - b * st, c * cf + (a * st + b * ct) * sf];
  };
}

function place(state, mark) {
  const project = projection(state);
  const points = mark.x.map((x, i) => project(x, mark.y[i], mark.z[i]));
  return { x: points.map(p => p[0]), y: points.map(p => p[1]) };
}

/** The three axes from the corner where all are least. */
function tripod(state) {
  const axes = [state.panel.x, state.panel.y, state.panel.z];
  const corner = axes.map(axis => axis.range[0]);
  return axes.map((axis, i) => {
    const end = corner.slice();
    end[i] = axis.range[1];
    const line = { name: axis.text, x: [corner[0], end[0]], y: [corner[1], end[1]], z: [corner[2], end[2]] };

    // A name stands on the side of the end where there is room.
    return { ...line, side: i === 2 ? "top center" : place(state, line).x[1] > 0 ? "top left" : "top right" };
  });
}

function traces(state, dark) {
  const panel = state.panel;
  const result = [];
  const names = new Set();
  const common = mark => {
    const key = JSON.stringify([mark.name, mark.color]);
    const first = mark.inLegend && !names.has(key);
    names.add(key);
    return { name: plain(mark.name), legendgroup: plain(key), showlegend: first, visible: !state.hidden.has(key) };
  };
  const hover = panel.z ? "%{fullData.name}<extra></extra>" : `${plain(panel.x.label)} %{x:.4~g} ${plain(panel.x.unit)}<br>${plain(panel.y.label)} %{y:.4~g} ${plain(panel.y.unit)}<extra>%{fullData.name}</extra>`;
  if (panel.z) {
    for (const axis of tripod(state)) {
      result.push({ type: "scatter", mode: "lines+text", ...place(state, axis), text: ["", plain(axis.name)], textposition: axis.side, cliponaxis: false, textfont: { size: 11 }, line: { color: dark ? "#6d7683" : "#9aa2ac", width: 1 }, hoverinfo: "skip", showlegend: false });
    }
  }
  for (const mark of state.marks) {
    const color = mark.color[dark ? 1 : 0];
    const base = { type: "scatter", ...common(mark), hovertemplate: hover };
    const at = panel.z && mark.z ? place(state, mark) : { x: mark.x, y: mark.y };
    if (mark.type === "line") {
      const sign = mark.sign !== "plain";
      result.push({
        ...base, ...at, mode: sign ? "lines+markers" : "lines", connectgaps: false,
        line: { color, width: 1.5 * mark.width, dash: mark.dashed ? "5px,3px" : "solid", simplify: true },
        marker: { color, size: panel.z ? 5 : 7, symbol: symbols[mark.sign] || "circle", maxdisplayed: mark.parts > 1 ? 3 * Math.min(mark.parts, 5) : 7, line: { color, width: 1 } },
      });
    } else if (mark.type === "band") {
      result.push({ ...base, ...polygons(mark), mode: "lines", fill: "toself", fillcolor: fade(color, dark ? 0.3 : 0.2), line: { width: 0, color }, hoverinfo: "skip", hovertemplate: undefined });
    } else if (mark.type === "point") {
      result.push({
        ...base, ...at, mode: "markers",
        marker: { color, size: mark.x.length > 300 ? 4 : 7, symbol: symbols[mark.shape], line: { color, width: mark.shape === "circle" ? 1.5 : 0 } },
        error_y: mark.errors ? { type: "data", array: mark.errors, color, thickness: 1, width: 2 } : undefined,
        text: mark.labels ? mark.labels.map(plain) : undefined,
        hovertemplate: mark.labels ? `%{text}<br>${hover}` : hover,
      });
    } else if (mark.type === "stroke") {
      const [x, y] = [[], []];
      for (let i = 0; i < mark.x.length; i++) { x.push(mark.x[i], mark.x[i], null); y.push(mark.y[i] + 0.1, mark.y[i] + 0.9, null); }
      result.push({ ...base, x, y, mode: "lines", line: { color, width: mark.x.length > 4000 ? 0.8 : 1.2, simplify: false }, hoverinfo: "skip", hovertemplate: undefined });
    } else if (mark.type === "bar") {
      result.push({
        ...base, ...at, type: "bar", width: mark.width, marker: { color },
        error_y: mark.errors ? { type: "data", array: mark.errors, color: dark ? "#e8ebef" : "#222222", thickness: 1, width: 3 } : undefined,
      });
    } else if (mark.type === "heat") {
      // The cells are an image; this keeps the axes, and in a saved figure the scale.
      const stops = anchorsOf(mark, dark).map((stop, i, all) => [i / (all.length - 1), stop]);
      result.push({
        type: "scatter", mode: "markers", x: [mark.x[0]], y: [mark.y[0]], opacity: 0, hoverinfo: "skip", showlegend: false, name: plain(mark.name),
        marker: { color: [mark.scale[0]], cmin: mark.scale[0], cmax: mark.scale[1], colorscale: stops, showscale: state.saving, colorbar: { title: { text: plain(mark.name + (mark.unit ? ` (${mark.unit})` : "")), side: "right" }, thickness: 12, outlinewidth: 0 } },
      });
    } else if (state.saving) {
      result.push({ ...base, x: [null], y: [null], mode: "lines", line: { color, width: mark.type === "span" ? 8 : 1, dash: mark.type === "span" ? "solid" : "5px,3px" } });
    }
  }
  return result;
}

function axisOf(axis, ink, grid, size) {
  const result = {
    title: { text: plain(axis.text), standoff: 6 }, range: axis.log ? axis.range.map(Math.log10) : axis.range, type: axis.log ? "log" : "linear", zeroline: false,
    gridcolor: grid, linecolor: ink, tickcolor: ink, ticks: "outside", ticklen: 4, showline: true, automargin: true, fixedrange: touch.matches, nticks: Math.max(3, Math.round(size / 70)),
  };
  if (axis.log) Object.assign(result, { dtick: 1, exponentformat: "power" });
  if (axis.ticks) {
    const step = Math.max(1, Math.ceil(axis.ticks.length * 16 / size));
    const kept = axis.ticks.filter((_, i) => i % step === 0);
    Object.assign(result, { tickmode: "array", tickvals: kept.map(tick => tick[0]), ticktext: kept.map(tick => plain(tick[1].length > 24 ? tick[1].slice(0, 23) + "…" : tick[1])) });
  }
  return result;
}

function figure(state, width) {
  const panel = state.panel;
  const dark = !state.saving && isDark();
  const [ink, grid] = dark ? ["#c9d0d8", "#2f3640"] : ["#333a42", "#e4e7eb"];
  const height = Math.round(Math.min(Math.max(180, width * panel.aspect + (panel.z ? 0 : 40)), 640));
  const layout = {
    width, height: height + (state.saving ? 50 : 0), margin: panel.z ? { l: 4, r: 4, t: 16, b: 4 } : { l: 48, r: 12, t: 10, b: 40 }, autosize: false,
    paper_bgcolor: state.saving ? "#ffffff" : "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: state.saving, hovermode: "closest", barmode: "overlay",
    font: { family: "system-ui, Arial, Helvetica, 'DejaVu Sans', sans-serif", size: 12, color: ink }, dragmode: panel.z || touch.matches ? false : "zoom",
    hoverlabel: { bgcolor: dark ? "#1d2128" : "#ffffff", font: { color: dark ? "#e8ebef" : "#1b1f24" } },
    shapes: [], images: [], uirevision: "zoom",
  };
  if (state.saving) {
    layout.title = { text: plain(panel.title), x: 0.02, xanchor: "left", font: { size: 14 } };
    layout.margin.t = 50;
    layout.legend = { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" };
  }
  if (panel.z) {
    const r = 1.06 * state.radius;
    layout.xaxis = { visible: false, range: [-r, r], scaleanchor: "y", fixedrange: true };
    layout.yaxis = { visible: false, range: [-r, r], fixedrange: true };
  } else {
    layout.xaxis = axisOf(panel.x, ink, grid, width - 60);
    layout.yaxis = axisOf(panel.y, ink, grid, height - 50);
    if (panel.equal) Object.assign(layout.yaxis, { scaleanchor: "x", scaleratio: 1 });
  }
  for (const mark of state.marks) {
    if (state.hidden.has(JSON.stringify([mark.name, mark.color]))) continue;
    const color = mark.color[dark ? 1 : 0];
    if (mark.type === "heat") {
      layout.images.push({ source: image(mark, dark), xref: "x", yref: "y", x: mark.x[0], y: mark.y[mark.y.length - 1], sizex: mark.x[mark.x.length - 1] - mark.x[0], sizey: mark.y[mark.y.length - 1] - mark.y[0], sizing: "stretch", layer: "below" });
      layout.xaxis.showgrid = layout.yaxis.showgrid = false;
    } else if (mark.type === "rule") {
      layout.shapes.push({ type: "line", xref: mark.vertical ? "x" : "paper", yref: mark.vertical ? "paper" : "y", x0: mark.vertical ? mark.position : 0, x1: mark.vertical ? mark.position : 1, y0: mark.vertical ? 0 : mark.position, y1: mark.vertical ? 1 : mark.position, line: { color, width: 1, dash: "5px,3px" } });
    } else if (mark.type === "span") {
      layout.shapes.push({ type: "rect", xref: "x", yref: "paper", x0: mark.from, x1: mark.to, y0: 0, y1: 1, fillcolor: fade(color, 0.18), line: { width: 0 }, layer: "below" });
    }
  }
  return { data: traces(state, dark), layout, config: { displayModeBar: false, doubleClick: "reset", showTips: false, staticPlot: false, scrollZoom: false } };
}

function draw(state) {
  const width = printing ? (state.wide ? 680 : 330) : Math.floor(state.plot.clientWidth);
  if (width < 40) return;
  const one = figure(state, width);
  Plotly.react(state.plot, one.data, one.layout, one.config);
  if (!state.drawn) {
    state.drawn = true;
    if (state.panel.z) watchTurning(state);
    else watchZoom(state);
    if (state.readout) watchCells(state);
  }
  state.width = width;
  drawLegend(state);
}

// ---- turning -----------------------------------------------------------------------------------

function turn(state, byTurn, byTilt) {
  state.turn = (state.turn + byTurn + 360) % 360;
  state.tilt = Math.min(90, Math.max(-90, state.tilt + byTilt));
  if (state.frame) return;
  state.frame = requestAnimationFrame(() => {
    state.frame = 0;
    const axes = tripod(state);
    const all = [...axes, ...state.marks].map(mark => place(state, mark));
    Plotly.restyle(state.plot, { x: all.map(one => one.x), y: all.map(one => one.y) });
    Plotly.restyle(state.plot, { textposition: axes.map(axis => axis.side) }, axes.map((_, i) => i));
    state.plot.dataset.turn = `${Math.round(state.turn)} ${Math.round(state.tilt)}`;
  });
}

function watchTurning(state) {
  const plot = state.plot;
  let last = null;
  plot.addEventListener("pointerdown", event => { last = [event.clientX, event.clientY]; plot.setPointerCapture(event.pointerId); });
  plot.addEventListener("pointermove", event => {
    if (!last) return;
    turn(state, 0.5 * (event.clientX - last[0]), event.pointerType === "touch" ? 0 : 0.5 * (event.clientY - last[1]));
    last = [event.clientX, event.clientY];
  });
  for (const end of ["pointerup", "pointercancel"]) plot.addEventListener(end, () => { last = null; });
  plot.addEventListener("keydown", event => {
    const by = { ArrowLeft: [-5, 0], ArrowRight: [5, 0], ArrowUp: [0, 5], ArrowDown: [0, -5] }[event.key];
    if (by) { turn(state, ...by); event.preventDefault(); }
    if (event.key === "Home") { turn(state, setup.turn - state.turn, setup.tilt - state.tilt); event.preventDefault(); }
  });
}

function play(state, button) {
  state.playing = !state.playing && !calm.matches;
  button.textContent = state.playing ? "Stop" : "Turn";
  let before = performance.now();
  const step = now => {
    if (!state.playing || !shown.has(state)) return;
    turn(state, Math.min(5, (now - before) * 0.03), 0);
    before = now;
    requestAnimationFrame(step);
  };
  if (state.playing) requestAnimationFrame(step);
}

// ---- pointers ----------------------------------------------------------------------------------

function watchZoom(state) {
  state.plot.on("plotly_relayout", change => {
    const keys = Object.keys(change);
    if (keys.some(key => /axis\.range/.test(key))) state.whole.hidden = false;
    if (keys.some(key => /axis\.autorange/.test(key))) state.whole.hidden = true;
  });
  state.plot.on("plotly_doubleclick", () => { state.whole.hidden = true; });
}

function showWhole(state) {
  const one = figure(state, state.width);
  Plotly.relayout(state.plot, { "xaxis.range": one.layout.xaxis.range, "yaxis.range": one.layout.yaxis.range }).then(() => { state.whole.hidden = true; });
}

function watchCells(state) {
  const tell = event => {
    const mark = state.panel.marks.find(one => one.type === "heat");
    const layout = state.plot._fullLayout;
    const box = state.plot.getBoundingClientRect();
    const x = layout.xaxis.p2d(event.clientX - box.left - layout._size.l);
    const y = layout.yaxis.p2d(event.clientY - box.top - layout._size.t);
    const find = (edges, value) => { for (let i = 0; i + 1 < edges.length; i++) if (value >= edges[i] && value < edges[i + 1]) return i; return -1; };
    const [column, row] = [find(mark.x, x), find(mark.y, y)];
    state.readout.textContent = column < 0 || row < 0 ? "" :
      `${withUnit(state.panel.x, (mark.x[column] + mark.x[column + 1]) / 2)}, ${withUnit(state.panel.y, (mark.y[row] + mark.y[row + 1]) / 2)}: ${mark.name} ${round(mark.values[row * (mark.x.length - 1) + column])} ${mark.unit}`;
  };
  state.plot.addEventListener("pointermove", tell);
  state.plot.addEventListener("pointerdown", tell);
  state.plot.addEventListener("pointerleave", () => { state.readout.textContent = ""; });
}

// ---- legends -----------------------------------------------------------------------------------

const svgNames = "http://www.w3.org/2000/svg";

function shapeOf(name, color) {
  const paths = { disc: "M14 4.5a3.5 3.5 0 1 0 .01 0z", circle: "M14 4.5a3.5 3.5 0 1 0 .01 0z", square: "M11 5h6v6h-6z", diamond: "M14 3.5l4.5 4.5l-4.5 4.5l-4.5-4.5z", cross: "M11 5l6 6M11 11l6-6", triangle: "M14 4l4 7h-8z", triangledown: "M14 12l4-7h-8z" };
  const path = document.createElementNS(svgNames, "path");
  path.setAttribute("d", paths[name]);
  path.setAttribute("fill", name === "circle" || name === "cross" ? "none" : color);
  path.setAttribute("stroke", color);
  path.setAttribute("stroke-width", name === "cross" ? 2 : 1.2);
  return path;
}

function sample(entry, color) {
  const svg = document.createElementNS(svgNames, "svg");
  for (const [key, value] of Object.entries({ width: 28, height: 16, viewBox: "0 0 28 16", "aria-hidden": "true" })) svg.setAttribute(key, value);
  const add = (d, attributes) => {
    const path = document.createElementNS(svgNames, "path");
    path.setAttribute("d", d);
    for (const [key, value] of Object.entries(attributes)) path.setAttribute(key, value);
    svg.append(path);
  };
  for (const type of entry.types) {
    if (type === "band" || type === "span") add("M0 2h28v12h-28z", { fill: color, "fill-opacity": 0.28 });
    if (type === "line") add("M0 8h28", { stroke: color, "stroke-width": 2, "stroke-dasharray": entry.dashed ? "5 3" : "none" });
    if (type === "rule") add("M0 8h28", { stroke: color, "stroke-width": 1.2, "stroke-dasharray": "5 3" });
    if (type === "stroke") add("M14 2v12", { stroke: color, "stroke-width": 2 });
    if (type === "bar") add("M8 2h12v12h-12z", { fill: color });
    if (type === "point") svg.append(shapeOf(entry.shape, color));
  }
  if (entry.types.includes("line") && entry.sign !== "plain") svg.append(shapeOf(entry.sign, color));
  return svg;
}

function drawLegend(state) {
  const dark = isDark();
  state.legend.replaceChildren(...state.panel.legend.map(entry => {
    const key = JSON.stringify([entry.name, entry.color]);
    const button = make("button", { type: "button", "aria-pressed": String(!state.hidden.has(key)) }, sample(entry, entry.color[dark ? 1 : 0]), entry.name);
    button.addEventListener("click", () => {
      const place = [...state.legend.children].indexOf(button.parentElement);
      if (!state.hidden.delete(key)) state.hidden.add(key);
      draw(state);
      state.legend.children[place].firstChild.focus();
    });
    return make("li", {}, button);
  }));
  state.scales.replaceChildren(...state.panel.marks.filter(mark => mark.type === "heat").map(mark => {
    const canvas = make("canvas", { width: 112, height: 1, "aria-hidden": "true" });
    const context = canvas.getContext("2d");
    for (let i = 0; i < 112; i++) {
      context.fillStyle = `rgb(${along(anchorsOf(mark, dark), i / 111).join(",")})`;
      context.fillRect(i, 0, 1, 1);
    }
    return make("div", { class: "scale" }, mark.name + (mark.unit ? ` (${mark.unit})` : ""), make("span", {}, round(mark.scale[0], 3)), canvas, make("span", {}, (mark.cut ? "\u2265 " : "") + round(mark.scale[1], 3)));
  }));
}

// ---- files -------------------------------------------------------------------------------------

function save(name, type, text) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const nameOf = panel => `${document.title} ${panel.title}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 80).replace(/^-|-$/g, "");

async function svgOf(state) {
  const one = figure({ ...state, saving: true }, state.wide ? 920 : 560);
  const url = await Plotly.toImage(one, { format: "svg", width: one.layout.width, height: one.layout.height });
  return decodeURIComponent(url.slice(url.indexOf(",") + 1));
}

/** The same table as the program writes. */
function csvOf(panel) {
  const lines = ["panel,mark,kind,x,y,z,low,high,value,label"];
  const text = value => {
    const safe = /^(?:[=+@\t\r]|-(?!\d))/.test(value) ? "'" + value : value;
    return /[,"\r\n]/.test(safe) ? `"${safe.replaceAll("\"", "\"\"")}"` : safe;
  };
  const number = value => value === null || value === undefined || Number.isNaN(value) ? "" : String(value);
  for (const mark of panel.marks) {
    const row = (one, label = "") => lines.push([text(panel.title), text(mark.name), mark.type, ...["x", "y", "z", "low", "high", "value"].map(key => number(one[key])), text(label)].join(","));
    const around = i => mark.errors && mark.errors[i] !== null ? { low: mark.y[i] - mark.errors[i], high: mark.y[i] + mark.errors[i] } : {};
    if (mark.type === "heat") {
      const columns = mark.x.length - 1;
      mark.values.forEach((value, i) => {
        const [r, c] = [Math.floor(i / columns), i % columns];
        row({ x: (mark.x[c] + mark.x[c + 1]) / 2, y: (mark.y[r] + mark.y[r + 1]) / 2, value });
      });
    } else if (mark.type === "rule") row(mark.vertical ? { x: mark.position } : { y: mark.position });
    else if (mark.type === "span") row({ low: mark.from, high: mark.to });
    else mark.x.forEach((x, i) => row({ x, y: mark.y && mark.y[i], z: mark.z && mark.z[i], low: mark.low && mark.low[i], high: mark.high && mark.high[i], ...around(i) }, mark.labels ? mark.labels[i] : ""));
  }
  return lines.join("\n") + "\n";
}

// ---- panels ------------------------------------------------------------------------------------

const seen = new IntersectionObserver(entries => {
  for (const entry of entries) if (entry.isIntersecting && !entry.target.state.drawn) draw(entry.target.state);
}, { rootMargin: "400px" });

const resized = new ResizeObserver(entries => {
  for (const entry of entries) {
    const state = entry.target.state;
    if (state.drawn && !printing && Math.abs(entry.target.clientWidth - state.width) > 1) draw(state);
  }
});

function button(words, label, press) {
  const one = make("button", { type: "button", "aria-label": label }, words);
  one.addEventListener("click", () => press(one));
  return one;
}

const captionOf = (panel, before) => before && before.kind === panel.kind && before.caption === panel.caption ? "As in the picture before." : panel.caption;
const describe = panel => `${panel.title}. ${panel.description}`;
const isWide = panel => !panel.z && panel.aspect <= 0.45;

function add(panel, parent, before) {
  const plot = make("div", { class: "plot", "aria-label": describe(panel), role: "img" });
  const state = {
    panel, plot, marks: joined(panel.marks), hidden: new Set(), drawn: false, saving: false, wide: isWide(panel), turn: setup.turn, tilt: setup.tilt,
    legend: make("ul", { class: "legend" }), scales: make("div", {}), whole: button("Whole", `Show the whole of ${panel.title}`, () => showWhole(state)), readout: null,
  };
  plot.state = state;
  state.whole.hidden = true;
  const tools = make("div", { class: "tools" });
  if (panel.z) {
    state.middle = [panel.x, panel.y, panel.z].map(axis => (axis.range[0] + axis.range[1]) / 2);
    state.radius = 0;
    for (const mark of state.marks) {
      (mark.x || []).forEach((x, i) => { if (x !== null && mark.z) state.radius = Math.max(state.radius, Math.hypot(x - state.middle[0], mark.y[i] - state.middle[1], mark.z[i] - state.middle[2])); });
    }
    state.radius ||= 1;
    state.marks = state.marks.filter(mark => mark.z);
    plot.classList.add("turns");
    plot.setAttribute("tabindex", "0");
    plot.setAttribute("role", "application");
    plot.setAttribute("aria-roledescription", "picture that turns by arrow keys");
    if (!calm.matches) tools.append(button("Turn", `Turn or stop ${panel.title}`, one => play(state, one)));
    tools.append(button("←", `Turn ${panel.title} to the left`, () => turn(state, -15, 0)), button("→", `Turn ${panel.title} to the right`, () => turn(state, 15, 0)),
      button("↑", `Tilt ${panel.title} up`, () => turn(state, 0, 15)), button("↓", `Tilt ${panel.title} down`, () => turn(state, 0, -15)));
  }
  tools.append(
    state.whole,
    button("SVG", `Save ${panel.title} as SVG`, async () => save(nameOf(state.panel) + ".svg", "image/svg+xml", await svgOf(state))),
    button("CSV", `Save the numbers of ${panel.title} as CSV`, () => save(nameOf(state.panel) + ".csv", "text/csv", csvOf(state.panel))));
  const parts = [make("h3", {}, panel.title), state.legend, state.scales, plot];
  if (panel.marks.some(mark => mark.type === "heat")) {
    state.readout = make("p", { class: "readout", "aria-hidden": "true" });
    parts.push(state.readout);
  }
  parent.append(make("figure", state.wide ? { class: "wide" } : {}, ...parts, make("figcaption", {}, captionOf(panel, before)), tools));
  if (!panel.legend.length) state.legend.remove();
  shown.add(state);
  seen.observe(plot);
  resized.observe(plot);
  return state;
}

function clear(parent) {
  for (const state of [...shown]) {
    if (!parent.contains(state.plot)) continue;
    shown.delete(state);
    seen.unobserve(state.plot);
    resized.unobserve(state.plot);
    Plotly.purge(state.plot);
  }
  parent.replaceChildren();
}

/** Whether a picture can be shown in the place of another with all that was done to that: what was enlarged, hidden, or is in focus. */
const isAlike = (one, other) => !one.z && !other.z && one.kind === other.kind && one.title === other.title && isWide(one) === isWide(other) && !one.legend.length === !other.legend.length
  && one.marks.some(mark => mark.type === "heat") === other.marks.some(mark => mark.type === "heat");

function renew(state, panel, before) {
  Object.assign(state, { panel, marks: joined(panel.marks) });
  state.plot.setAttribute("aria-label", describe(panel));
  state.plot.closest("figure").querySelector("figcaption").textContent = captionOf(panel, before);
  if (!state.drawn) return;
  const focused = [...state.legend.children].findIndex(child => child.contains(document.activeElement));
  draw(state);
  if (focused >= 0) state.legend.children[focused]?.firstChild.focus();
}

async function fill(parent, get, isStill = () => true, keep = false) {
  waiting++;
  settle();
  try {
    const panels = await unpack(get);
    const states = keep ? [...parent.querySelectorAll(".plot")].map(plot => plot.state) : [];
    if (isStill() && panels.length && states.length === panels.length && states.every((state, i) => isAlike(state.panel, panels[i]))) {
      states.forEach((state, i) => renew(state, panels[i], panels[i - 1]));
    } else if (isStill()) {
      const height = parent.offsetHeight;
      parent.style.minHeight = `${height}px`;
      clear(parent);
      panels.forEach((panel, i) => add(panel, parent, panels[i - 1]));
      requestAnimationFrame(() => { parent.style.minHeight = ""; });
    }
  } catch (error) {
    parent.replaceChildren(make("p", { class: "error" }, typeof DecompressionStream === "undefined" ? "These pictures need a browser of 2023 or later." : `These pictures cannot be read: ${error.message}`));
  } finally {
    waiting--;
    settle();
  }
}

/** Lets one choose; what it returns shows other choices of the same names. */
function offer(element, choices, first = 0) {
  const select = element.querySelector("select");
  const [previous, next, where, parent] = [".previous", ".next", ".place", ".panels.chosen"].map(name => element.querySelector(name));
  let asked = 0;
  const choose = (keep = false) => {
    const [i, mine] = [select.selectedIndex, ++asked];
    where.textContent = `${i + 1} of ${choices.length}`;
    previous.disabled = i === 0;
    next.disabled = i === choices.length - 1;
    return fill(parent, choices[i], () => mine === asked, keep);
  };
  const step = by => { select.selectedIndex += by; choose(); };
  select.addEventListener("change", () => choose());
  previous.addEventListener("click", () => step(-1));
  next.addEventListener("click", () => step(1));
  select.selectedIndex = first;
  return { done: choose(), renew: others => { choices = others; return choose(true); } };
}

// ---- themes, print, contents --------------------------------------------------------------------

const drawAll = () => { for (const state of shown) if (state.drawn || printing) draw(state); };

function watchTheme() {
  const button = document.getElementById("theme");
  const name = () => { button.textContent = isDark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Show this page ${isDark() ? "light" : "dark"}`); };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("ilqr-vae-theme", root.dataset.theme); } catch { /* a file may have no storage */ }
    name();
    drawAll();
  });
  darkScreen.addEventListener("change", () => { name(); drawAll(); });
  name();
}

const linkTo = id => document.querySelector(`nav a[href="#${id}"]`);
const contents = new IntersectionObserver(entries => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const link of document.querySelectorAll("nav a")) link.removeAttribute("aria-current");
    linkTo(entry.target.id)?.setAttribute("aria-current", "true");
  }
}, { rootMargin: "-10% 0px -80% 0px" });

try { root.dataset.theme = localStorage.getItem("ilqr-vae-theme") || ""; } catch { /* as above */ }
if (!root.dataset.theme) delete root.dataset.theme;
watchTheme();
for (const section of document.querySelectorAll("section")) contents.observe(section);
addEventListener("beforeprint", () => { printing = true; drawAll(); });
addEventListener("afterprint", () => { printing = false; drawAll(); });

// What is further down is drawn when nothing else is to be done, so that a print has it.
const idle = window.requestIdleCallback || (then => setTimeout(then, 50));
const drawRest = () => {
  const next = [...shown].find(state => !state.drawn);
  if (next) { draw(next); idle(drawRest); } else root.dataset.ready = "true";
};

// ---- pages that are live -------------------------------------------------------------------------

const taken = new Map();

/** Shows a section in the place of what it was before. */
async function take(section) {
  let element = document.getElementById(section.id);
  if (!element) {
    element = make("section", { id: section.id, "aria-labelledby": `${section.id}-title` });
    const line = make("li", {}, make("a", { href: `#${section.id}` }));
    const before = document.getElementById(section.after);
    if (before) before.after(element); else if (section.after) document.getElementById("content").append(element); else document.getElementById("content").prepend(element);
    const next = element.nextElementSibling;
    if (next) linkTo(next.id).parentElement.before(line); else document.querySelector("nav ol").append(line);
    contents.observe(element);
  }
  linkTo(section.id).textContent = section.title;
  const known = taken.get(section.id) || {};
  const choices = section.choices.map(one => () => one);
  const isSame = known.html === section.html;
  if (!isSame) {
    const chosen = element.querySelector("select")?.value;
    element.style.minHeight = `${element.offsetHeight}px`;
    clear(element);

    // Words in it come from the program, which has escaped them, and the policy of this page lets no other script run.
    element.innerHTML = section.html;
    element.querySelector("h2").after(make("p", { class: "words" }));
    const first = [...(element.querySelector("select")?.options || [])].findIndex(option => option.value === chosen);
    Object.assign(known, { html: section.html, offer: choices.length ? offer(element, choices, Math.max(0, first)) : null });
  }
  const words = element.querySelector("p.words");
  if (words.textContent !== section.words) words.textContent = section.words;
  words.hidden = !section.words;
  taken.set(section.id, known);
  if (section.panels) await fill(element.querySelector(".panels"), () => section.panels, undefined, true);
  if (known.offer) await (isSame ? known.offer.renew(choices) : known.offer.done);
  element.style.minHeight = "";
  idle(drawRest);
}

function follow(address) {
  const state = document.getElementById("state");
  let work = Promise.resolve();
  const tell = (name, words) => { root.dataset.live = name; if (state.textContent !== words) state.textContent = words; };
  const source = new EventSource(address);
  source.addEventListener("open", () => tell("open", ""));
  source.addEventListener("error", () => tell("lost", "The program does not answer; what it has told stays here. Trying again."));
  source.addEventListener("message", event => {
    const message = JSON.parse(event.data);
    if (message.type === "ended") source.close();
    work = work.then(async () => {
      if (message.type === "section") await take(message);
      if (message.type === "head") {
        document.querySelector("h1").textContent = document.title = message.title;
        document.querySelector(".summary").textContent = message.summary;
      }
      if (message.type === "trouble") tell("open", message.words);
      if (message.type === "ended") tell("ended", message.words);
    });
  });
}

if (setup.live) {
  follow(setup.live);
} else {
  const work = [];
  for (const section of setup.sections) {
    if (section.panels) work.push(fill(document.querySelector(`#${section.id} > .panels`), packed(section.panels)));
    if (section.choices.length) work.push(offer(document.getElementById(section.id), section.choices.map(packed)).done);
  }
  Promise.all(work).then(() => idle(drawRest));
}

// For tests, and for anybody's console.
window.ilqrVaeReport = { shown, svgOf, csvOf };
})();
