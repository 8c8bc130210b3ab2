(() => {
  const { axes, draw, ms, percent, short, show, timeline, wall } = charts;
  const highest = (values) => values.reduce((a, b) => Math.max(a, b), 0);
  const percentiles = (values) => [
    { label: "p50", color: "--c1", values: values[0] },
    { label: "p95", color: "--c2", dash: 1, values: values[1] },
  ];

  const drawAll = (data) => {
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
  };
  let data = show(drawAll);

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
    data = show(drawAll);
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
})();
