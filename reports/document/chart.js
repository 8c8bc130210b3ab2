"use strict";
// charts draws the charts of a document from the JSON in it.
const charts = (() => {
  const root = getComputedStyle(document.documentElement);
  const css = (name) => root.getPropertyValue(name).trim();
  const two = (n) => String(n).padStart(2, "0");
  const clock = (s) => {
    const t = Math.abs(Math.round(s)), h = Math.floor(t / 3600), m = Math.floor(t / 60) % 60;
    return (s < 0 ? "−" : "") + (h ? `${h}:${two(m)}:${two(t % 60)}` : `${m}:${two(t % 60)}`);
  };
  const wall = (s) => new Date(1000 * Math.round(s)).toISOString().slice(11, 19);
  const short = (v) => {
    if (v == null) return "–";
    const a = Math.abs(v);
    for (const [f, u] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
      if (a >= f) { const d = u === "k" ? 1e3 : f; return +(v / d).toPrecision(3) + u; }
    }
    return String(+v.toFixed(a < 10 ? 2 : a < 100 ? 1 : 0));
  };
  const ms = (v) => v == null ? "–" : v >= 1000 ? +(v / 1000).toPrecision(3) + " s" : +v.toPrecision(3) + " ms";
  const percent = (v) => v == null ? "–" : short(v) + " %";
  const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 3]];

  // What a redrawn page keeps: the axis, and what is zoomed into, in seconds of the data.
  let data, drawn = [], utc = false, zoom = null, drawing = false;
  const shift = () => utc ? data.started : 0;

  // bands draws where faults were on (hatched) and in recovery (grey).
  const bands = (named) => (u) => {
    const { ctx } = u, { left, top, width, height } = u.bbox, r = devicePixelRatio;
    const seen = (from, to) => to + shift() >= u.scales.x.min && from + shift() <= u.scales.x.max;
    const x = (s) => Math.min(left + width, Math.max(left, u.valToPos(s + shift(), "x", true)));
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    data.faults.forEach((f, row) => {
      if (!seen(f.from, f.recovery)) return;
      const a = x(f.from), b = Math.max(x(f.to), a + 2 * r), c = x(f.recovery);
      ctx.fillStyle = css("--after");
      ctx.fillRect(b, top, Math.max(0, c - b), height);
      ctx.fillStyle = css("--band");
      ctx.fillRect(a, top, b - a, height);
      ctx.strokeStyle = css("--band-edge");
      ctx.lineWidth = r;
      ctx.setLineDash([]); // that of the last series is still set
      ctx.beginPath();
      for (const e of [a, b]) { ctx.moveTo(e, top); ctx.lineTo(e, top + height); }
      ctx.stroke();
      ctx.save();
      ctx.beginPath();
      ctx.rect(a, top, b - a, height);
      ctx.clip();
      ctx.globalAlpha = .25;
      ctx.beginPath();
      for (let i = a - height; i < b; i += 9 * r) { ctx.moveTo(i, top + height); ctx.lineTo(i + height, top); }
      ctx.stroke();
      ctx.restore();
      if (named && data.faults.length <= 12 && seen(f.from, f.to)) {
        ctx.fillStyle = css("--ink");
        ctx.font = `600 ${12 * r}px system-ui, sans-serif`;
        ctx.textBaseline = "top";
        const end = a + 5 * r + ctx.measureText(f.name).width > left + width;
        ctx.textAlign = end ? "right" : "left";
        ctx.fillText(f.name, end ? left + width - 3 * r : a + 5 * r, top + (4 + 15 * (row % 3)) * r);
        ctx.textAlign = "left";
      }
    });
    if (named) (data.marks || []).forEach((m, row) => {
      if (!seen(m.at, m.at)) return;
      const at = x(m.at), y = top + height - (16 + 14 * (row % 6)) * r;
      ctx.strokeStyle = ctx.fillStyle = css("--ink");
      ctx.lineWidth = r;
      ctx.setLineDash([2 * r, 3 * r]);
      ctx.beginPath();
      ctx.moveTo(at, top);
      ctx.lineTo(at, top + height);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.globalAlpha = .5;
      ctx.fillRect(at, y + 12 * r, Math.max(0, x(m.seen) - at), 1.5 * r);
      ctx.globalAlpha = 1;
      ctx.font = `${11 * r}px system-ui, sans-serif`;
      ctx.textBaseline = "top";
      ctx.textAlign = at > left + width * .7 ? "right" : "left";
      ctx.fillText(m.name, at + (ctx.textAlign === "left" ? 4 : -4) * r, y);
      ctx.textAlign = "left";
    });
    ctx.restore();
  };

  const axes = (x, yValues) => {
    const common = { stroke: () => css("--soft"), grid: { stroke: () => css("--grid"), width: 1 }, ticks: { stroke: () => css("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    return [{ ...common, ...x }, { ...common, size: 64, values: (u, vs) => vs.map(yValues) }];
  };
  const timeAxis = () => ({
    incrs: [1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400],
    space: 64,
    values: (u, vs, axis, space, step) => vs.map((v) => !utc ? clock(v) : step < 60 ? wall(v) : wall(v).slice(0, 5)),
  });

  const element = (name, attributes) => {
    const el = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [k, v] of Object.entries(attributes)) el.setAttribute(k, v);
    return el;
  };

  // draw draws a chart. Its legend shows each line as it is drawn, and values only while
  // the pointer is on the chart.
  const draw = (id, opts, lines, values) => {
    const el = document.getElementById(id);
    if (!el) return null;
    const u = new uPlot({
      width: el.clientWidth, ...opts,
      legend: { markers: { show: false } },
      series: [opts.series[0], ...lines.map((l) => ({ width: 2, points: { show: false }, ...l, stroke: () => css(l.color), dash: dashes[l.dash || 0] }))],
      hooks: { ...opts.hooks, setCursor: [(u) => u.root.classList.toggle("idle", u.cursor.idx == null)] },
    }, values, el);
    u.root.classList.add("idle");
    u.root.querySelectorAll(".u-legend .u-series").forEach((row, i) => {
      const line = lines[i - 1];
      if (!line) return;
      const svg = element("svg", { class: "line", viewBox: "0 0 26 10", "aria-hidden": "true" });
      svg.append(element("line", { x1: 0, y1: 5, x2: 26, y2: 5, stroke: `var(${line.color})`, "stroke-width": line.width || 2, "stroke-dasharray": dashes[line.dash || 0].join(" ") || "none" }));
      row.querySelector("th").prepend(svg);
    });
    drawn.push(u);
    new ResizeObserver(() => { if (el.clientWidth !== u.width) u.setSize({ width: el.clientWidth, height: opts.height }); }).observe(el);
    return u;
  };

  // alone are the points without a neighbour, which no line shows.
  const alone = (u, i) => {
    const v = u.data[i], found = [];
    for (let k = 0; k < v.length; k++) if (v[k] != null && v[k - 1] == null && v[k + 1] == null) found.push(k);
    return found;
  };

  // timeline draws lines over time, with marks if it is named; range gives the ends of the
  // axis of values.
  const timeline = (id, height, words, lines, named, range) => {
    if (!document.getElementById(id)) return;
    const u = draw(id, {
      height,
      cursor: { sync: { key: "time" }, drag: { x: true, y: false } },
      scales: { x: { time: false }, y: { range: (u, lo, hi) => range ? range(lo, hi) : [0, Math.max(words === percent ? .1 : 1, (hi || 0) * (named ? 1.25 : 1.08))] } },
      axes: axes(timeAxis(), words),
      series: [{ label: "time", value: (u, v) => v == null ? "–" : utc ? wall(v) + " UTC" : clock(v) }],
      hooks: {
        drawClear: [bands(named)],
        setScale: [(u, key) => {
          if (key !== "x" || drawing) return;
          const { min, max } = u.scales.x, from = min - shift(), to = max - shift();
          zoom = from <= data.t[0] && to >= data.t[data.t.length - 1] ? null : [from, to];
        }],
      },
    }, lines.map(({ values, bars, ...l }) => ({
      ...l,
      value: (u, v) => words(v),
      fill: l.fill ? () => css(l.color) + "1a" : undefined,
      paths: bars ? uPlot.paths.bars({ size: [.9, 40] }) : undefined,
      points: bars ? { show: false } : { show: true, size: 5, width: 1, filter: alone, stroke: () => css(l.color), fill: () => css(l.color) },
    })), [data.t.map((t) => t + shift()), ...lines.map((l) => l.values)]);
    if (zoom) u.setScale("x", { min: zoom[0] + shift(), max: zoom[1] + shift() });
  };

  // show reads the data, and draws it with a function of them, now and when the axis
  // changes.
  const show = (how) => {
    const redraw = () => {
      drawn.forEach((u) => u.destroy());
      drawn = [];
      drawing = true;
      how(data);
      queueMicrotask(() => { drawing = false; }); // after the charts have set their scales
    };
    data = JSON.parse(document.getElementById("data").textContent);
    const choice = document.getElementById("clock");
    utc = utc && !!choice;
    if (choice) {
      choice.hidden = false;
      choice.querySelectorAll("input").forEach((input) => {
        input.checked = (input.value === "utc") === utc;
        input.addEventListener("change", () => { utc = input.value === "utc"; redraw(); });
      });
    }
    redraw();
    return data;
  };

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach((u) => u.redraw(false, true)));
  return { axes, draw, ms, percent, short, show, timeline, wall };
})();
