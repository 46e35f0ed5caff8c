/* global uPlot, document, window, matchMedia, getComputedStyle */
// Runs in the reader's browser: draws the charts of the page from its own JSON. No network, no markup from data.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const root = document.documentElement;
  const drawn = [];
  // Values are logarithms of a ratio: its axis is marked where these changes lie.
  const CHANGES = [-0.99, -0.9, -0.75, -0.5, -0.25, -0.1, -0.05, -0.02, -0.01, 0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 4, 9, 19, 49, 99];
  // Requests, pairs and blocks come whole.
  const WHOLE = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((times) => times * 10 ** power)).flat();
  const count = (value) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
  const colors = () => {
    const style = getComputedStyle(root);
    return (name) => style.getPropertyValue(`--${name}`).trim();
  };
  const clock = (seconds) => {
    const text = new Date(seconds * 1e3).toISOString();
    return text.slice(11, 16) === '00:00' ? text.slice(5, 10) : text.slice(11, 16);
  };
  const number = (value) => (value === null || value === undefined ? '–' : Number(value.toPrecision(4)).toString());
  const change = (value) => {
    if (value === null || value === undefined) return '–';
    const percent = Number((Math.expm1(value) * 100).toPrecision(3));
    return `${percent > 0 ? '+' : ''}${percent} %`;
  };

  /** Changes in even steps, at most so many; none where the two are so far apart that even steps say nothing. */
  function evenChanges(low, high, most) {
    if (high > 1 || low < -0.5) return [];
    const step = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((one) => (high - low) / one <= most);
    if (step === undefined) return [];
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  }

  /** Marks of a ratio's axis, at least 22 pixels apart; zero first, for it says the most. */
  function changes(low, high, height) {
    const even = evenChanges(Math.expm1(low), Math.expm1(high), Math.floor(height / 22));
    if (even.length > 0) return even.map((one) => Math.log1p(one));
    const room = ((high - low) * 22) / Math.max(1, height);
    const chosen = [];
    for (const at of CHANGES.map((one) => Math.log1p(one)).sort((a, b) => Math.abs(a) - Math.abs(b))) {
      if (at >= low && at <= high && chosen.every((other) => Math.abs(other - at) >= room)) chosen.push(at);
    }
    return chosen.sort((a, b) => a - b);
  }

  function draw(host, chart, size) {
    const color = colors();
    const axis = {
      stroke: color('quiet'),
      font: '12px system-ui, sans-serif',
      labelFont: '12px system-ui, sans-serif',
      grid: { stroke: color('line'), width: 1 },
      ticks: { stroke: color('line') },
    };
    const say = chart.ratio ? change : number;
    const series = chart.series.map((one) => ({
      label: one.label,
      stroke: color(one.color),
      width: one.width ?? 2,
      dash: one.dash ?? undefined,
      spanGaps: false,
      points: { show: one.dash ? false : chart.x.length < 40, size: 4 },
    }));
    const bands = (chart.bands ?? []).map((band) => ({ series: band, fill: `${color('production')}22` }));
    const readout = document.querySelector(`[data-of="${host.id}"]`);
    const show = (plot) => {
      const at = plot.cursor.idx;
      const x = at === null || at === undefined ? undefined : chart.x[at];
      readout.textContent =
        x === undefined
          ? ''
          : `${chart.time ? `${clock(x)} UTC` : `${number(x)} ${chart.xLabel}`}: ${chart.series.map((one) => `${one.label} ${say(one.values[at])}`).join(', ')}`;
    };
    const y = { ...axis, size: 72, values: (_, values) => values.map(say) };
    if (chart.ratio) y.splits = (plot, _, low, high) => changes(low, high, plot.bbox.height / devicePixelRatio);
    return new uPlot(
      {
        ...size(host),
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), 'Etc/UTC'),
        scales: {
          x: { time: chart.time },
          y: { range: (_, low, high) => (chart.bands ? closeUp(chart, low, high) : pad(low, high, chart.zero)) },
        },
        axes: [
          { ...axis, size: 30, label: chart.xLabel, labelSize: 16, labelGap: 0, values: (_, values) => values.map(chart.time ? clock : count), ...(chart.time ? {} : { incrs: WHOLE }) },
          y,
        ],
        series: [{ label: chart.xLabel }, ...series],
        bands,
        legend: { show: false },
        cursor: { y: false },
        hooks: { setCursor: [show] },
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

  /** The first bounds are so wide that nothing else could be seen: the later half of the evidence sets the scale. */
  function closeUp(chart, low, high) {
    const [upper, lower, seen, margin] = chart.series.map((one) => one.values);
    const later = Math.floor(chart.x.length / 2);
    const values = [...upper.slice(later), ...lower.slice(later), ...seen.slice(later), ...margin].filter((value) => value !== null);
    return values.length === 0 ? pad(low, high, false) : pad(Math.min(...values), Math.max(...values), false);
  }

  const onScreen = (host) => ({ width: host.clientWidth || 640, height: 240 });
  // Two columns on A4; the canvas of the screen would be cut off.
  const onPaper = () => ({ width: 330, height: 190 });

  function all(size = onScreen) {
    for (const plot of drawn.splice(0)) plot.destroy();
    for (const [id, chart] of Object.entries(data.charts)) {
      const host = document.getElementById(id);
      if (host !== null) drawn.push(draw(host, chart, size));
    }
    root.dataset.drawn = String(drawn.length);
  }

  all();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => all());
  window.addEventListener('beforeprint', () => {
    root.dataset.paper = '';
    all(onPaper);
  });
  window.addEventListener('afterprint', () => {
    delete root.dataset.paper;
    all();
  });
  let width = window.innerWidth;
  window.addEventListener('resize', () => {
    if (window.innerWidth === width || 'paper' in root.dataset) return;
    width = window.innerWidth;
    for (const plot of drawn) plot.setSize(onScreen(plot.root.parentElement));
  });
})();
