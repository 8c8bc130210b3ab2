"use strict";
(() => {
  const root = getComputedStyle(document.documentElement);
  const css = (name) => root.getPropertyValue(name).trim();
  const two = (n) => String(n).padStart(2, "0");
  const clock = (s) => {
    const t = Math.round(s), h = Math.floor(t / 3600), m = Math.floor(t / 60) % 60;
    return h ? `${h}:${two(m)}:${two(t % 60)}` : `${m}:${two(t % 60)}`;
  };
  const wall = (s) => new Date(1000 * Math.round(s)).toISOString().slice(11, 19);
  const short = (v) => {
    if (v == null) return "–";
    const a = Math.abs(v);
    for (const [f, u] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
      if (a >= f) { const d = u === "k" ? 1e3 : f; return +(v / d).toPrecision(3) + u; }
    }
    return String(+v.toFixed(a < 10 ? 2 : a < 100 ? 1 : 0));
  };
  const ms = (v) => v == null ? "–" : v >= 1000 ? +(v / 1000).toPrecision(3) + " s" : +v.toPrecision(3) + " ms";
  const percent = (v) => v == null ? "–" : short(v) + " %";
  const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 3]];

  // What a redrawn page keeps: the axis, and what is zoomed into, in seconds of the run.
  let data, charts = [], utc = false, zoom = null, drawing = false;
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
    charts.push(u);
    new ResizeObserver(() => { if (el.clientWidth !== u.width) u.setSize({ width: el.clientWidth, height: opts.height }); }).observe(el);
    return u;
  };

  // alone are the points without a neighbour, which no line shows.
  const alone = (u, i) => {
    const v = u.data[i], found = [];
    for (let k = 0; k < v.length; k++) if (v[k] != null && v[k - 1] == null && v[k + 1] == null) found.push(k);
    return found;
  };

  const timeline = (id, height, words, lines, named) => {
    if (!document.getElementById(id)) return;
    const u = draw(id, {
      height,
      cursor: { sync: { key: "time" }, drag: { x: true, y: false } },
      scales: { x: { time: false }, y: { range: (u, lo, hi) => [0, Math.max(words === percent ? .1 : 1, (hi || 0) * (named ? 1.25 : 1.08))] } },
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

  const highest = (values) => values.reduce((a, b) => Math.max(a, b), 0);
  const percentiles = (values) => [
    { label: "p50", color: "--c1", values: values[0] },
    { label: "p95", color: "--c2", dash: 1, values: values[1] },
  ];

  const drawAll = () => {
    charts.forEach((u) => u.destroy());
    charts = [];
    drawing = true;
    timeline("chart-sessions", 240, short, [
      { label: "playing", color: "--c1", fill: true, values: data.playing },
      { label: "stalled", color: "--c2", dash: 1, width: 2.5, fill: true, values: data.stalled },
      { label: "joining", color: "--c6", dash: 2, values: data.joining },
      { label: "gone (error)", color: "--ink", dash: 3, values: data.gone },
      // Where viewers come and go all the time, those who left outnumber all others.
      { label: "left", color: "--c4", dash: 4, values: data.left, show: highest(data.left || []) <= 2 * highest(data.playing) },
    ], true);
    timeline("chart-pipelines", 170, short, data.pipelines.map((values, i) => ({ label: `pipeline ${i}`, color: ["--c3", "--c4", "--c5", "--c6"][i % 4], dash: i % 6, values })));
    timeline("chart-startup", 170, ms, percentiles(data.startup));
    timeline("chart-ttfb", 170, ms, percentiles(data.ttfb));
    timeline("chart-edge", 170, short, [{ label: "requests/s at the edge", color: "--c1", fill: true, values: data.edge }]);
    timeline("chart-origin", 170, short, [
      { label: "requests/s at the origin", color: "--c5", fill: true, values: data.origin },
      ...(data.estimated ? [{ label: "by headers", color: "--ink", dash: 2, width: 1.5, values: data.estimated }] : []),
    ]);
    timeline("chart-errors", 140, short, [{ label: "errors", color: "--c2", fill: true, bars: true, values: data.errors }]);
    timeline("chart-share", 140, percent, [{ label: "failed", color: "--c2", fill: true, values: data.share }]);
    if (data.ours) timeline("chart-logs", 170, short, [
      { label: "of this run", color: "--c1", fill: true, values: data.ours },
      { label: "of others", color: "--c6", dash: 2, values: data.others },
      { label: "errors of this run", color: "--c2", dash: 1, values: data.log_errors },
    ]);
    for (const c of data.curves) {
      draw(c.id, {
        height: 240,
        cursor: { drag: { x: true, y: false } },
        scales: { x: { time: false }, y: { range: [0, 100] } },
        axes: axes({ values: (u, vs) => vs.map((v) => short(v) + " s") }, (v) => v + " %"),
        series: [{ label: "after onset", value: (u, v) => v == null ? "–" : short(v) + " s" }],
      }, c.lines.map((l, i) => ({
        label: l.label, value: (u, v) => percent(v), color: "--c" + (i % 6 + 1), width: 2.5, dash: i % 6, paths: uPlot.paths.stepped({ align: 1 }),
      })), [c.x, ...c.lines.map((l) => l.y)]);
    }
    queueMicrotask(() => { drawing = false; }); // after the charts have set their scales
  };

  const show = () => {
    data = JSON.parse(document.getElementById("data").textContent);
    const choice = document.getElementById("clock");
    utc = utc && !!choice;
    if (choice) {
      choice.hidden = false;
      choice.querySelectorAll("input").forEach((input) => {
        input.checked = (input.value === "utc") === utc;
        input.addEventListener("change", () => { utc = input.value === "utc"; drawAll(); });
      });
    }
    drawAll();
  };
  show();

  // watch replaces the page of a run that goes on, until its report is there.
  const pause = (ms) => new Promise((go) => setTimeout(go, ms));
  let pressed = false, last = Date.now();
  for (const [name, is] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]]) addEventListener(name, () => { pressed = is; });

  const replace = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html"), main = document.querySelector("main");
    const open = new Map([...main.querySelectorAll("details")].map((d) => [d.querySelector("summary")?.textContent, d.open]));
    main.style.minHeight = main.offsetHeight + "px"; // or the window would scroll up meanwhile
    main.replaceChildren(...next.querySelector("main").childNodes);
    main.querySelectorAll("details").forEach((d) => { d.open = open.get(d.querySelector("summary")?.textContent) ?? d.open; });
    document.getElementById("data").textContent = next.getElementById("data").textContent;
    document.title = next.title;
    show();
    main.style.minHeight = "";
  };

  const watch = async () => {
    while (data.live) {
      const lost = document.getElementById("lost");
      try {
        const answer = await fetch("now?after=" + data.live, { cache: "no-store" });
        if (answer.status !== 200 && answer.status !== 204) throw new Error(answer.status);
        const text = await answer.text();
        while (pressed) await pause(200); // somebody zooms
        if (answer.status === 200) replace(text);
        last = Date.now();
        if (lost) lost.hidden = true;
      } catch {
        if (lost) {
          lost.hidden = false;
          lost.textContent = `No answer since ${wall(last / 1000)} UTC: the run has ended, or it cannot be reached from here. This page shows what it saw last.`;
        }
        await pause(2000);
      }
    }
  };
  watch();

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((u) => u.redraw(false, true)));
})();
