// A plot as SVG: lines over steps, one panel beside another, with a scale that is logarithmic where
// values are. Drawn from the figures of figures.ts, so that the picture is never older than they.
export interface Panel {
  readonly title: string
  readonly unit: string
  readonly isLogarithmic: boolean
  /** Below the axis. */
  readonly steps: readonly string[]
  readonly stepsTitle: string
  readonly lines: readonly {
    readonly name: string
    readonly colour: string
    readonly values: readonly number[]
  }[]
}

const WIDTH = 360
const HEIGHT = 260
const MARGIN = { left: 56, right: 16, top: 34, bottom: 48 }

export function plot(panels: readonly Panel[]): string {
  const width = WIDTH * panels.length
  const head = `xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}"`
  return [
    `<svg ${head} font-family="sans-serif" font-size="11">`,
    `<title>${panels.map(({ title }) => title).join('; ')}</title>`,
    `<rect width="${width}" height="${HEIGHT}" fill="white"/>`,
    ...panels.map((panel, i) => `<g transform="translate(${i * WIDTH} 0)">${draw(panel)}</g>`),
    '</svg>',
    '',
  ].join('\n')
}

interface Scale {
  readonly marks: readonly number[]
  readonly x: (step: number) => number
  readonly y: (value: number) => number
}

function draw(panel: Panel): string {
  const scale = scaleOf(panel)
  const title = `${panel.title} (${panel.unit})`
  return [
    `<text x="${MARGIN.left}" y="18" font-size="13">${title}</text>`,
    ...scale.marks.map((mark) => gridLine(scale, mark)),
    ...panel.steps.map((step, i) => middleText(scale.x(i), HEIGHT - MARGIN.bottom + 16, step)),
    middleText(WIDTH / 2, HEIGHT - 10, panel.stepsTitle),
    ...panel.lines.map((line, i) => drawLine(scale, line, i)),
  ].join('\n')
}

function scaleOf(panel: Panel): Scale {
  const top = Math.max(1, ...panel.lines.flatMap(({ values }) => values))
  const marks = marksOf(panel, top)
  const share = (value: number) => shareOf(panel, value, marks.at(-1) ?? 1)
  const [width, height] = [WIDTH - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom]
  return {
    marks,
    x: (step) => MARGIN.left + (width * (step + 0.5)) / panel.steps.length,
    y: (value) => HEIGHT - MARGIN.bottom - height * share(value),
  }
}

function gridLine({ y }: Scale, mark: number): string {
  const at = y(mark).toFixed(1)
  const ends = `x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}"`
  const label = `x="${MARGIN.left - 6}" y="${(y(mark) + 4).toFixed(1)}" text-anchor="end"`
  return `<line ${ends} stroke="#ddd"/><text ${label}>${mark}</text>`
}

const middleText = (x: number, y: number, text: string) =>
  `<text x="${x.toFixed(1)}" y="${y}" text-anchor="middle">${text}</text>`

function drawLine({ x, y }: Scale, { name, colour, values }: Panel['lines'][number], i: number) {
  const points = values.map((value, step) => [x(step).toFixed(1), y(value).toFixed(1)] as const)
  const path = points.map((point) => point.join()).join(' ')
  const dots = points.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`)
  const key = `x="${MARGIN.left + 8}" y="${MARGIN.top + 14 + 14 * i}" fill="${colour}"`
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...dots,
    `<text ${key}>${name}</text>`,
  ].join('')
}

/** Where lines of the grid are: powers of ten, or even steps. */
function marksOf({ isLogarithmic }: Panel, top: number): number[] {
  if (isLogarithmic) {
    const powers = Math.ceil(Math.log10(top))
    return [0, ...Array.from({ length: powers + 1 }, (_, i) => 10 ** i)]
  }
  const step = 10 ** Math.floor(Math.log10(top)) / 2
  return Array.from({ length: Math.ceil(top / step) + 1 }, (_, i) => i * step)
}

/** 0 … 1. On a logarithmic scale 0 has the place below 1. */
const shareOf = ({ isLogarithmic }: Panel, value: number, top: number): number =>
  isLogarithmic ? Math.log10(1 + value) / Math.log10(1 + top) : value / top
