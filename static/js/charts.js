// Draws what happened day by day; the same numbers stand in the table below.
const HEIGHT = 176;
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const number = new Intl.NumberFormat("en-US");

// A canvas knows no variables and no light-dark(): a colour is what the browser made of it.
function colour(root, name) {
  const probe = root.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function options(root, series, said) {
  const ink = colour(root, "--ink-3");
  const grid = { stroke: colour(root, "--line"), width: 1 };
  const axis = { stroke: ink, grid, ticks: { show: false }, font: `12px ${getComputedStyle(root).fontFamily}` };
  return {
    width: root.clientWidth,
    height: HEIGHT,
    padding: [8, 24, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.1, 4)] } },
    axes: [
      { ...axis, size: 28, grid: { show: false }, incrs: [1, 2, 7, 14, 28, 56].map((days) => days * 86400), values: (_, ticks) => ticks.map((at) => day.format(at * 1000)) },
      { ...axis, size: 52, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6], values: (_, ticks) => ticks.map((one) => number.format(one)) },
    ],
    series: [{}, ...series.map(({ tone }) => ({ stroke: colour(root, tone), width: 2, points: { show: false } }))],
    hooks: { setCursor: [said] },
  };
}

function draw(root) {
  const { days, series } = JSON.parse(root.dataset.chart);
  const data = [days, ...series.map((one) => one.values)];
  const legend = root.closest(".card").querySelector(".legend");
  // Beside the names: the day under the pointer; without one, nothing.
  const said = (plot) => {
    const place = plot.cursor.idx;
    legend.querySelector("[data-day]").textContent = place == null ? "" : day.format(days[place] * 1000);
    legend.querySelectorAll("[data-value]").forEach((one, n) => {
      one.textContent = place == null ? "" : number.format(series[n].values[place]);
    });
  };
  let plot = null;
  const again = () => {
    plot?.destroy();
    plot = new uPlot(options(root, series, said), data, root);
  };
  again();
  new ResizeObserver(() => {
    if (root.clientWidth && root.clientWidth !== plot.width) plot.setSize({ width: root.clientWidth, height: HEIGHT });
  }).observe(root);
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
}

document.querySelectorAll("[data-chart]").forEach(draw);
