// The equity curve: green above the starting balance, red below it.
//
// Points come several times a second, and the chart's time axis counts whole seconds. So its "time"
// is the number of the point, and the labels look the real time up.

import {
  BaselineSeries,
  ColorType,
  LineStyle,
  createChart,
  type IChartApi,
  type ISeriesApi,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import type { CurvePoint } from "../events";
import { clockTime } from "./dom";

const POINTS_MAX = 900;
const POINTS_SHOWN_MIN = 60; // a young curve begins at the left instead of being stretched

const COLOURS = {
  text: "#8b9aab",
  line: "#1b2530",
  gain: "#5ad1b0",
  loss: "#f0788c",
} as const;

export class EquityChart {
  readonly #container: HTMLElement;
  readonly #chart: IChartApi;
  readonly #series: ISeriesApi<"Baseline">;
  #points: CurvePoint[] = [];

  constructor(container: HTMLElement, startingBalance: number) {
    this.#container = container;
    const label = (time: Time) => this.#label(time);
    this.#chart = createChart(container, {
      autoSize: true,
      layout: {
        background: { type: ColorType.Solid, color: "transparent" },
        textColor: COLOURS.text,
        fontFamily: "inherit",
        fontSize: 11,
      },
      grid: { vertLines: { visible: false }, horzLines: { color: COLOURS.line } },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.1 } },
      timeScale: { borderVisible: false, tickMarkFormatter: label },
      localization: { timeFormatter: label, priceFormatter: wholeAmount },
      handleScroll: false,
      handleScale: false,
    });
    this.#series = this.#chart.addSeries(BaselineSeries, {
      baseValue: { type: "price", price: startingBalance },
      topLineColor: COLOURS.gain,
      topFillColor1: "rgba(90, 209, 176, 0.22)",
      topFillColor2: "rgba(90, 209, 176, 0.02)",
      bottomLineColor: COLOURS.loss,
      bottomFillColor1: "rgba(240, 120, 140, 0.02)",
      bottomFillColor2: "rgba(240, 120, 140, 0.20)",
      lineWidth: 2,
      priceLineVisible: false,
    });
    this.#series.createPriceLine({
      price: startingBalance,
      color: COLOURS.text,
      lineWidth: 1,
      lineStyle: LineStyle.Dotted,
      axisLabelVisible: false,
    });
  }

  /** Shows another curve in place of the present one. */
  replace(curve: readonly CurvePoint[]): void {
    this.#points = curve.slice(-POINTS_MAX);
    this.#series.setData(this.#points.map(datum));
    this.#showAll();
  }

  /** Adds one point at the right. */
  append(point: CurvePoint): void {
    // Twice the limit before the old half goes: drawing everything anew each time would be slow.
    if (this.#points.length >= 2 * POINTS_MAX) this.replace(this.#points);
    this.#points.push(point);
    this.#series.update(datum(point, this.#points.length - 1));
    this.#showAll();
  }

  destroy(): void {
    this.#chart.remove();
  }

  #label(time: Time): string {
    const point = this.#points[Number(time)];
    return point ? clockTime(point.at) : "";
  }

  #showAll(): void {
    const to = Math.max(this.#points.length, POINTS_SHOWN_MIN) + 1;
    this.#chart.timeScale().setVisibleLogicalRange({ from: 0, to });
    this.#container.dataset["points"] = String(this.#points.length);
  }
}

/** The only place where an amount becomes a floating point number: a pixel needs no cents. */
function datum(point: CurvePoint, index: number): { time: UTCTimestamp; value: number } {
  return { time: index as UTCTimestamp, value: Number(point.equity) };
}

function wholeAmount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
