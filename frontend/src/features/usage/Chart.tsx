import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Drawing, stacked } from "./series";
import classes from "./Usage.module.css";

const HEIGHT = 220;

/** The parts' colours, as the legend has them. */
export const COLOURS = 7;
export const colour = (i: number) => `--chart-${(i % COLOURS) + 1}`;

export interface Mark {
  index: number;
  text: string;
}

interface Props {
  /** What is drawn, for who can't see it; the numbers are in the table below. */
  label: string;
  /** The buckets' names at the axis. */
  names: string[];
  drawing: Drawing;
  marks: Mark[];
  /** A value to draw a line at, such as a budget; null for none. */
  limit: number | null;
  onHover(index: number | null): void;
  onPick(index: number): void;
}

/** Bars of parts, or lines, over buckets of time. */
export function Chart({ label, names, drawing, marks, limit, onHover, onPick }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light");
  const handlers = useRef({ onHover, onPick });
  handlers.current = { onHover, onPick };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read anew when the theme changes
  useEffect(() => {
    const at = place.current;
    if (!at) return;
    const plot = draw(at, { names, drawing, marks, limit }, index => handlers.current.onHover(index));
    const pick = () => {
      const index = plot.cursor.idx;
      if (index !== null && index !== undefined) handlers.current.onPick(index);
    };
    plot.over.addEventListener("click", pick);
    const watcher = new ResizeObserver(() => plot.setSize({ width: at.clientWidth, height: HEIGHT }));
    watcher.observe(at);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [names, drawing, marks, limit, scheme]);
  return <div ref={place} role="img" aria-label={label} className={classes.chart} />;
}

type Picture = Pick<Props, "names" | "drawing" | "marks" | "limit">;

function draw(at: HTMLElement, picture: Picture, onHover: (index: number | null) => void): uPlot {
  const { names, drawing, limit } = picture;
  const style = getComputedStyle(at);
  const ink = (name: string) => style.getPropertyValue(name).trim();
  const parts = drawing.kind === "parts";
  const values = parts ? stacked(drawing.series) : drawing.series.map(s => s.values);
  // The highest sum is drawn first, so that each part covers what is below it.
  const order = drawing.series.map((_, i) => (parts ? drawing.series.length - 1 - i : i));
  const font = `11px ${style.fontFamily}`;
  const axis = { stroke: ink("--ink-soft"), font, ticks: { show: false } };
  return new uPlot(
    {
      width: at.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { x: true, y: false, drag: { x: false, y: false }, points: { show: !parts } },
      scales: {
        x: { time: false, range: [-0.5, names.length - 0.5] },
        y: { range: (_, __, max) => [0, Math.max(max, limit ?? 0) * 1.08 || (drawing.top ?? 1)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          incrs: [1, 2, 3, 4, 6, 7, 12, 14, 24, 30, 60, 90, 180, 365],
          values: (_, splits) => splits.map(i => names[i] ?? ""),
          space: 64,
        },
        {
          ...axis,
          grid: { stroke: ink("--line"), width: 1 },
          values: (_, splits) => splits.map(v => (v === 0 ? "0" : drawing.axis(v))),
          size: 70,
        },
      ],
      series: [
        {},
        ...order.map(i => ({
          label: drawing.series[i]?.label ?? "",
          stroke: ink(colour(i)),
          width: parts ? 0 : 1.5,
          ...(parts
            ? {
                fill: ink(colour(i)),
                paths: uPlot.paths.bars?.({ size: [0.78, 46], radius: 0 }),
                points: { show: false },
              }
            : { points: { show: names.length < 80, size: 5 }, dash: [[], [6, 4], [2, 3]][i % 3] }),
        })),
      ],
      hooks: {
        draw: [u => drawMarks(u, picture, ink)],
        setCursor: [u => onHover(u.cursor.idx ?? null)],
      },
    } as uPlot.Options,
    [names.map((_, i) => i), ...order.map(i => values[i] ?? [])] as uPlot.AlignedData,
    at,
  );
}

// Where another model or provider took over most requests, and where a budget ends.
function drawMarks(u: uPlot, { marks, limit }: Picture, ink: (name: string) => string) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.strokeStyle = ink("--ink-faint");
  ctx.fillStyle = ink("--ink-soft");
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const mark of marks) {
    const x = u.valToPos(mark.index - 0.5, "x", true);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    const size = 4 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x - size, top);
    ctx.lineTo(x + size, top);
    ctx.lineTo(x, top + 1.5 * size);
    ctx.fill();
  }
  if (limit !== null) {
    const y = u.valToPos(limit, "y", true);
    ctx.strokeStyle = ink("--bad");
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
  }
  ctx.restore();
}
