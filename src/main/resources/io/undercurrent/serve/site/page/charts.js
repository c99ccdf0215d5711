// Moods over time, drawn by uPlot.
import uPlot from "/page/uplot/dist/uPlot.esm.js";

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Blue above zero, orange below, nothing in between. */
function tide(u, strength) {
  const top = u.valToPos(1, "y", true);
  const bottom = u.valToPos(-1, "y", true);
  if (!Number.isFinite(top) || !Number.isFinite(bottom)) return "transparent";
  const gradient = u.ctx.createLinearGradient(0, top, 0, bottom);
  gradient.addColorStop(0, colour("--up") + strength);
  gradient.addColorStop(0.5, colour("--up") + "00");
  gradient.addColorStop(0.5, colour("--down") + "00");
  gradient.addColorStop(1, colour("--down") + strength);
  return gradient;
}

function ink(u) {
  const top = u.valToPos(1, "y", true);
  const bottom = u.valToPos(-1, "y", true);
  if (!Number.isFinite(top) || !Number.isFinite(bottom)) return colour("--quiet");
  const gradient = u.ctx.createLinearGradient(0, top, 0, bottom);
  gradient.addColorStop(0, colour("--up"));
  gradient.addColorStop(0.42, colour("--up"));
  gradient.addColorStop(0.5, colour("--quiet"));
  gradient.addColorStop(0.58, colour("--down"));
  gradient.addColorStop(1, colour("--down"));
  return gradient;
}

const mood = {
  stroke: ink,
  width: 1.6,
  fill: u => tide(u, "70"),
  fillTo: () => 0,
  points: { show: false },
};

/** A small curve without axes. */
export function sparkline(where, width, height) {
  return new uPlot(
    {
      width, height,
      padding: [2, 2, 2, 2],
      legend: { show: false },
      cursor: { show: false },
      select: { show: false },
      scales: { x: { time: false }, y: { range: [-0.85, 0.85] } }, // moods are means and rarely reach -1 or 1
      axes: [{ show: false }, { show: false }],
      series: [{}, mood],
    },
    [[], []],
    where,
  );
}

/** The opened conversation's mood as a line, and each record's sentiment as a dot. */
export function course(where, choose) {
  const grid = { stroke: () => colour("--line"), width: 1 };
  const axis = { stroke: () => colour("--quiet"), grid, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  const size = () => ({ width: Math.max(200, where.clientWidth), height: 120 });
  const chart = new uPlot(
    {
      ...size(),
      padding: [8, 8, 0, 0],
      legend: { show: false },
      select: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: { x: { time: false }, y: { range: [-1.05, 1.05] } },
      axes: [
        { ...axis, size: 22, grid: { show: false }, values: (u, xs) => xs.map(x => (Number.isInteger(x) ? x : "")) },
        { ...axis, size: 34, splits: () => [-1, 0, 1], values: () => ["−1", "0", "+1"] },
      ],
      series: [
        {},
        { ...mood, width: 2 },
        { paths: () => null, points: { show: true, size: 6, width: 0, fill: () => colour("--quiet") } },
      ],
    },
    [[], [], []],
    where,
  );
  where.addEventListener("click", () => chart.cursor.idx !== null && choose(chart.data[0][chart.cursor.idx]));
  new ResizeObserver(() => chart.setSize(size())).observe(where);
  return chart;
}

/** Calls back when the colour scheme changes, because charts must be redrawn. */
export const onTheme = redraw =>
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
