"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = getComputedStyle(document.documentElement);
  const css = (name) => root.getPropertyValue(name).trim();
  const clock = (s) => {
    const t = Math.round(s), h = Math.floor(t / 3600), m = Math.floor(t / 60) % 60, z = (n) => String(n).padStart(2, "0");
    return h ? `${h}:${z(m)}:${z(t % 60)}` : `${m}:${z(t % 60)}`;
  };
  const short = (v) => {
    if (v == null) return "–";
    const a = Math.abs(v);
    for (const [f, u] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
      if (a >= f) { const d = u === "k" ? 1e3 : f; return +(v / d).toPrecision(3) + u; }
    }
    return String(+v.toFixed(a < 10 ? 2 : a < 100 ? 1 : 0));
  };
  const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 3]];
  const charts = [];

  // bands draws where faults were on (hatched) and in recovery (tinted).
  const bands = (named) => (u) => {
    const { ctx } = u, { left, top, width, height } = u.bbox, r = devicePixelRatio;
    const x = (s) => Math.min(left + width, Math.max(left, u.valToPos(s, "x", true)));
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    data.faults.forEach((f, row) => {
      const a = x(f.from), b = Math.max(x(f.to), a + 2 * r), c = x(f.recovery);
      ctx.fillStyle = css("--after");
      ctx.fillRect(b, top, Math.max(0, c - b), height);
      ctx.fillStyle = css("--band");
      ctx.fillRect(a, top, b - a, height);
      ctx.strokeStyle = css("--band-edge");
      ctx.lineWidth = r;
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
      if (named && data.faults.length <= 12) {
        ctx.fillStyle = css("--ink");
        ctx.font = `600 ${12 * r}px system-ui, sans-serif`;
        ctx.textBaseline = "top";
        ctx.fillText(f.name, a + 5 * r, top + (4 + 15 * (row % 3)) * r);
      }
    });
    if (named) (data.marks || []).forEach((m, row) => {
      const at = x(m.at), y = top + height - (16 + 14 * (row % 6)) * r;
      if (m.at > u.scales.x.max || m.at < u.scales.x.min) return;
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

  const axes = (xValues, yValues) => {
    const common = { stroke: () => css("--soft"), grid: { stroke: () => css("--grid"), width: 1 }, ticks: { stroke: () => css("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    return [
      { ...common, values: (u, vs) => vs.map(xValues) },
      { ...common, size: 56, values: (u, vs) => vs.map(yValues) },
    ];
  };

  const draw = (id, opts, values) => {
    const el = document.getElementById(id);
    if (!el) return;
    const u = new uPlot({ width: el.clientWidth, ...opts }, values, el);
    charts.push(u);
    new ResizeObserver(() => { if (el.clientWidth !== u.width) u.setSize({ width: el.clientWidth, height: opts.height }); }).observe(el);
  };

  const timeline = (id, height, series, named) => draw(id, {
    height,
    cursor: { sync: { key: "time" }, drag: { x: true, y: false } },
    scales: { x: { time: false }, y: { range: (u, lo, hi) => [0, Math.max(1, hi * (named ? 1.25 : 1.08))] } },
    axes: axes(clock, short),
    series: [{ label: "time", value: (u, v) => v == null ? "–" : clock(v) }, ...series.map((s, i) => ({
      label: s.label, value: (u, v) => short(v), stroke: () => css(s.color), width: s.width || 2, dash: dashes[s.dash || 0], points: { show: false },
      fill: s.fill ? () => css(s.color) + "1a" : undefined, paths: s.bars ? uPlot.paths.bars({ size: [.9, 40] }) : undefined,
    }))],
    hooks: { drawClear: [bands(named)] },
  }, [data.t, ...series.map((s) => s.values)]);

  timeline("chart-sessions", 240, [
    { label: "playing", color: "--c1", fill: true, values: data.playing },
    { label: "stalled", color: "--c2", dash: 1, width: 2.5, fill: true, values: data.stalled },
    { label: "joining", color: "--c6", dash: 2, values: data.joining },
  ], true);
  timeline("chart-pipelines", 170, data.pipelines.map((values, i) => ({ label: `pipeline ${i}`, color: ["--c3", "--c4", "--c5", "--c6"][i % 4], dash: i, values })));
  timeline("chart-edge", 170, [{ label: "requests/s at the edge", color: "--c1", fill: true, values: data.edge }]);
  timeline("chart-origin", 170, [
    { label: "requests/s at the origin", color: "--c5", fill: true, values: data.origin },
    ...(data.estimated ? [{ label: "as headers tell", color: "--ink", dash: 2, width: 1.5, values: data.estimated }] : []),
  ]);
  timeline("chart-errors", 140, [{ label: "errors", color: "--c2", fill: true, bars: true, values: data.errors }]);

  if (data.ours) timeline("chart-logs", 170, [
    { label: "of this run", color: "--c1", fill: true, values: data.ours },
    { label: "of others", color: "--c6", dash: 2, values: data.others },
    { label: "errors of this run", color: "--c2", dash: 1, values: data.log_errors },
  ]);

  for (const c of data.curves) {
    draw(c.id, {
      height: 240,
      cursor: { drag: { x: true, y: false } },
      scales: { x: { time: false }, y: { range: [0, 100] } },
      axes: axes((v) => short(v) + " s", (v) => v + " %"),
      series: [{ label: "after onset", value: (u, v) => v == null ? "–" : short(v) + " s" }, ...c.lines.map((l, i) => ({
        label: l.label, value: (u, v) => v == null ? "–" : short(v) + " %", stroke: () => css("--c" + (i % 6 + 1)), width: 2.5, dash: dashes[i % 6], points: { show: false }, paths: uPlot.paths.stepped({ align: 1 }),
      }))],
    }, [c.x, ...c.lines.map((l) => l.y)]);
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((u) => u.redraw(false, true)));
})();
