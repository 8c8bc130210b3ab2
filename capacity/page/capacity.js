(() => {
  const { short, show, timeline } = charts;
  const hits = (v) => v == null ? "–" : +v.toPrecision(7) + " %";
  const colors = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--ink"];

  show((data) => {
    timeline("chart-viewers", 220, short, [{ label: "viewers", color: "--c3", fill: true, values: data.viewers }], true);
    timeline("chart-edge", 170, short, [{ label: "requests/s at the edge", color: "--c1", fill: true, values: data.edge }]);
    timeline("chart-bits", 170, short, [{ label: "bit/s at the edge", color: "--c4", fill: true, values: data.bits }]);
    timeline("chart-origin", 170, short, [{ label: "requests/s at the origin", color: "--c5", fill: true, values: data.origin }]);
    timeline("chart-hits", 170, hits, [{ label: "hit ratio", color: "--c3", values: data.hits }], false, (lo) => [Math.max(0, lo - Math.max(.001, (100 - lo) * .1)), 100]);
    timeline("chart-regions", 220, short, data.regions.map((r, i) => ({ label: r.label, color: colors[i % 7], dash: i % 6, values: r.values })));
  });
})();
