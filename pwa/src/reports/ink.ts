/* What counts as ink, and how it is written down: {width, height, lines: [[[x, y], …], …]} in whole units. Pure. */
export type Point = [x: number, y: number]

export const PAD_WIDTH = 1000
export const PAD_HEIGHT = 560
/** Points nearer than this to the last one say nothing. */
export const NEAR = 4
/** A dot, or a slip of the finger, is no signature. */
const LEAST_LENGTH = 150

/** Whether somebody wrote: enough length in all, with at least one real stroke. */
export function hasInk(lines: readonly (readonly Point[])[]): boolean {
  return lines.reduce((sum, line) => sum + lengthOf(line), 0) >= LEAST_LENGTH
}

function lengthOf(line: readonly Point[]): number {
  let length = 0
  for (let i = 1; i < line.length; i++) length += Math.hypot(line[i]![0] - line[i - 1]![0], line[i]![1] - line[i - 1]![1])
  return length
}

/** The strokes as they are kept: moved so that everything lies on the sheet, the sheet as large as it must be. */
export function strokesOf(lines: readonly (readonly Point[])[]): { width: number; height: number; lines: Point[][] } {
  const points = lines.flat()
  const left = Math.min(0, ...points.map(([x]) => x))
  const top = Math.min(0, ...points.map(([, y]) => y))
  return {
    width: Math.max(PAD_WIDTH, ...points.map(([x]) => x)) - left,
    height: Math.max(PAD_HEIGHT, ...points.map(([, y]) => y)) - top,
    lines: lines.map((line) => line.map(([x, y]): Point => [x - left, y - top])),
  }
}

/** Lines out of a stored draft, or none when it holds something else. */
export function linesIn(value: unknown): Point[][] {
  if (!Array.isArray(value)) return []
  return value.map((line) => (Array.isArray(line) ? line.filter((point): point is Point => Array.isArray(point) && point.length === 2 && point.every(Number.isInteger)) : []))
}
