(() => {
  const { axes, draw, ms, percent, short, show } = charts;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const words = { ms, share: (v) => percent(v == null ? v : 100 * v) };
  const dayOf = (s) => new Date(1000 * s).toISOString().slice(0, 10);
  const timeOf = (s) => new Date(1000 * s).toISOString().slice(0, 16).replace("T", " ");

  // annotate draws what is beside a line: nights in no trend, nights with never, and the
  // medians around change points.
  const annotate = (of, line) => (u) => {
    const { ctx } = u, { left, top, width, height } = u.bbox, r = devicePixelRatio;
    const x = (t) => u.valToPos(t, "x", true), y = (v) => u.valToPos(v, "y", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    ctx.setLineDash([]);
    ctx.lineWidth = 1.5 * r;
    ctx.strokeStyle = css("--void");
    ctx.beginPath();
    const marks = (of.marks || []).filter((m) => m.t >= u.scales.x.min && m.t <= u.scales.x.max);
    const many = marks.length > 60; // then they are small
    for (const m of marks) {
      if (m.at >= 0) continue;
      const a = x(m.t), b = top + height - 6 * r, s = (many ? 1.5 : 3.5) * r;
      ctx.moveTo(a - s, b - s); ctx.lineTo(a + s, b + s);
      ctx.moveTo(a - s, b + s); ctx.lineTo(a + s, b - s);
    }
    ctx.stroke();
    ctx.strokeStyle = ctx.fillStyle = css("--fail");
    for (const m of marks) {
      if (m.at < 0 || line.v[m.at] == null) continue;
      ctx.beginPath();
      ctx.arc(x(m.t), y(line.v[m.at]), (many ? 1.5 : 5) * r, 0, 2 * Math.PI);
      ctx.stroke();
    }
    for (const i of line.never) {
      const a = x(of.t[i]), s = 4 * r;
      ctx.beginPath();
      ctx.moveTo(a - s, top + 2 * s); ctx.lineTo(a + s, top + 2 * s); ctx.lineTo(a, top + 1);
      ctx.fill();
    }
    for (const p of line.points) {
      ctx.strokeStyle = css("--band-edge");
      ctx.lineWidth = r;
      ctx.setLineDash([2 * r, 3 * r]);
      ctx.beginPath();
      ctx.moveTo(x(p.t), top);
      ctx.lineTo(x(p.t), top + height);
      ctx.stroke();
      ctx.strokeStyle = css("--c2");
      ctx.lineWidth = 2 * r;
      ctx.setLineDash([7 * r, 4 * r]);
      ctx.beginPath();
      if (p.before != null) { ctx.moveTo(x(p.from), y(p.before)); ctx.lineTo(x(p.t), y(p.before)); }
      if (p.after != null) { ctx.moveTo(x(p.t), y(p.after)); ctx.lineTo(x(p.to), y(p.after)); }
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.fillStyle = css("--ink");
      ctx.font = `600 ${11 * r}px system-ui, sans-serif`;
      ctx.textBaseline = "top";
      ctx.textAlign = x(p.t) > left + width * .7 ? "right" : "left";
      ctx.fillText(dayOf(p.t), x(p.t) + (ctx.textAlign === "left" ? 4 : -4) * r, top + 3 * r);
      ctx.textAlign = "left";
    }
    ctx.restore();
  };

  const months = 86400 * 30;
  const dates = {
    incrs: [3600, 4 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400, 14 * 86400, months, 3 * months, 6 * months, 365 * 86400, 730 * 86400, 1826 * 86400, 3652 * 86400],
    space: 84,
    values: (u, vs, axis, space, step) => vs.map(step < 86400 ? (v) => timeOf(v).slice(5) : dayOf),
  };

  const chart = (of, line) => {
    const el = document.getElementById(line.id);
    if (!el || el.childElementCount || !el.clientWidth) return;
    const say = words[line.unit] || ((v) => short(v) + (line.unit === "1/s" && v != null ? "/s" : ""));
    // An axis from 0 shows changes as large as they are; where all values are near one
    // another, that would be a straight line.
    const known = line.v.filter((v) => v != null), lo = Math.min(...known), hi = Math.max(...known);
    const far = .5 * (hi - lo);
    const range = !known.length || hi <= 0 ? [0, 1] : lo < .7 * hi ? [0, 1.15 * hi] : [lo - far - .05 * hi, hi + far + .05 * hi];
    if (line.unit === "share" && hi <= 1) range[1] = Math.min(range[1], 1.02);
    draw(line.id, {
      height: 190,
      cursor: { sync: { key: line.id.replace(/-\d+$/, "") }, drag: { x: true, y: false } },
      scales: {
        x: { time: false, range: (u, lo, hi) => lo === hi ? [lo - 86400, hi + 86400] : [lo, hi] },
        y: { range: () => range },
      },
      axes: axes(dates, say),
      series: [{ label: "night", value: (u, v) => v == null ? "–" : timeOf(v) }],
      hooks: { draw: [annotate(of, line)] },
    }, [{
      label: "median of the night", color: "--c1", spanGaps: true, value: (u, v) => say(v),
      points: { show: of.t.length <= 400, size: 5, width: 1, stroke: () => css("--c1"), fill: () => css("--c1") },
    }], [of.t, line.v]);
  };

  const all = (data) => (data.series || []).forEach((of) => of.lines.forEach((line) => chart(of, line)));
  const data = show(all);
  document.querySelectorAll("details").forEach((d) => d.addEventListener("toggle", () => { if (d.open) all(data); }));
})();
