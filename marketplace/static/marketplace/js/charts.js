// Draws a table as a chart above it; the table stays, folded away, and is all there is without JavaScript.
//
// <figure data-chart="line"> (or "bar")
//   <div class="chart chart-260" hidden role="img" aria-label="…"></div>
//   <details class="chart-table" open><summary>…</summary><table>…</table></details>
// </figure>
// First column: what stands below the axis. Each further column is a series named by its heading; data-kind="pace" on the
// heading draws it dashed. data-value on a cell holds the plain number. A row with data-today is a dot of its own, because
// its day is not over.

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function plain(cell) {
  const text = cell?.dataset.value ?? cell?.textContent.replace(/[^\d.−-]/g, "").replace("−", "-") ?? "";
  return text === "" ? null : Number(text);
}

function read(table) {
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  return {
    names: rows.map((row) => row.cells[0].textContent.trim()),
    today: rows.findIndex((row) => "today" in row.dataset),
    columns: heads.slice(1).map((head, index) => ({
      name: head.textContent.trim(),
      isPace: head.dataset.kind === "pace",
      values: rows.map((row) => plain(row.cells[index + 1])),
    })),
  };
}

function seriesOf(kind, column, index, today) {
  const colours = [token("--tea"), token("--info"), token("--clay"), token("--warn")];
  const colour = column.isPace ? token("--clay") : colours[index % colours.length];
  const hasDot = kind === "line" && today >= 0 && !column.isPace;
  const curve = {
    name: column.name,
    type: column.isPace ? "line" : kind,
    data: column.values.map((value, at) => (hasDot && at === today ? null : value)),
    showSymbol: false,
    lineStyle: { color: colour, width: column.isPace ? 1.5 : 2, type: column.isPace ? "dashed" : "solid" },
    itemStyle: { color: colour, borderRadius: kind === "bar" ? [2, 2, 0, 0] : 0 },
    barMaxWidth: 28,
  };
  if (kind === "line" && index === 0 && !column.isPace) curve.areaStyle = { color: token("--tea-soft"), opacity: 1 };
  if (!hasDot) return [curve];
  const dot = {
    name: column.name,
    type: "line",
    data: column.values.map((value, at) => (at === today ? value : null)),
    symbol: "circle",
    symbolSize: 9,
    itemStyle: { color: token("--citrus-bright"), borderColor: token("--ink"), borderWidth: 1.5 },
  };
  return [curve, dot];
}

function options(kind, { names, today, columns }) {
  const words = { color: token("--ink-2"), fontSize: 12, fontFamily: token("--sans") };
  return {
    animation: false,
    grid: { left: 8, right: 12, top: 16, bottom: 8, containLabel: true },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      backgroundColor: token("--surface"),
      borderColor: token("--line"),
      textStyle: { ...words, color: token("--ink") },
    },
    xAxis: {
      type: "category",
      data: names,
      boundaryGap: kind === "bar",
      axisTick: { show: false },
      axisLine: { lineStyle: { color: token("--line-strong") } },
      axisLabel: words,
    },
    yAxis: { type: "value", min: 0, axisLabel: words, splitLine: { lineStyle: { color: token("--line") } } },
    series: columns.flatMap((column, index) => seriesOf(kind, column, index, today)),
  };
}

function draw(figure) {
  const place = figure.querySelector(".chart");
  const table = figure.querySelector("table");
  if (!place || !table?.tBodies[0]?.rows.length) return;
  const figures = read(table);
  place.hidden = false;
  for (const folded of figure.querySelectorAll("details")) folded.open = false;
  const chart = window.echarts.init(place, null, { renderer: "canvas" });
  const paint = () => chart.setOption(options(figure.dataset.chart, figures), true);
  paint();
  new ResizeObserver(() => chart.resize()).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
}

if (window.echarts) {
  for (const figure of document.querySelectorAll("[data-chart]")) draw(figure);
}
