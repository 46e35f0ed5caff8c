/* global uPlot, document, window, matchMedia, getComputedStyle */
// Runs in the reader's browser: draws the charts of the page from its own JSON. No network, no markup from data.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const drawn = [];
  const colors = () => {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(`--${name}`).trim();
  };
  const clock = (seconds) => {
    const text = new Date(seconds * 1e3).toISOString();
    return text.slice(11, 16) === '00:00' ? text.slice(5, 10) : text.slice(11, 16);
  };
  const number = (value) => (value === null || value === undefined ? '–' : Number(value.toPrecision(4)).toString());

  function draw(host, chart) {
    const color = colors();
    const axis = { stroke: color('quiet'), grid: { stroke: color('line'), width: 1 }, ticks: { stroke: color('line') } };
    const series = chart.series.map((one) => ({
      label: one.label,
      stroke: color(one.color),
      width: one.width ?? 2,
      dash: one.dash ?? undefined,
      fill: undefined,
      spanGaps: false,
      points: { show: chart.x.length < 40 },
      value: (_, value) => number(value),
    }));
    const bands = (chart.bands ?? []).map((band) => ({ series: band, fill: `${color('production')}22` }));
    return new uPlot(
      {
        width: host.clientWidth || 640,
        height: 240,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), 'Etc/UTC'),
        scales: { x: { time: chart.time }, y: { range: (_, low, high) => pad(low, high, chart.zero) } },
        axes: [chart.time ? { ...axis, values: (_, times) => times.map(clock) } : axis, { ...axis, size: 64, values: (_, values) => values.map(number) }],
        series: [{ label: chart.time ? 'UTC' : chart.xLabel, value: (_, value) => (value === null ? '–' : chart.time ? clock(value) : number(value)) }, ...series],
        bands,
        cursor: { y: false },
      },
      [chart.x, ...chart.series.map((one) => one.values)],
      host,
    );
  }

  function pad(low, high, zero) {
    if (low === null || high === null) return [0, 1];
    const bottom = zero ? Math.min(0, low) : low;
    const room = (high - bottom || Math.abs(high) || 1) * 0.08;
    return [zero && low >= 0 ? 0 : bottom - room, high + room];
  }

  function all() {
    for (const plot of drawn.splice(0)) plot.destroy();
    for (const [id, chart] of Object.entries(data.charts)) {
      const host = document.getElementById(id);
      if (host !== null) drawn.push(draw(host, chart));
    }
    document.documentElement.dataset.drawn = String(drawn.length);
  }

  all();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', all);
  let width = window.innerWidth;
  window.addEventListener('resize', () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    for (const plot of drawn) plot.setSize({ width: plot.root.parentElement.clientWidth || 640, height: 240 });
  });
})();
