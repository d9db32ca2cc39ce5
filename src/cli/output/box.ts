/** The box around a table on a terminal. */
import type { Style } from './style.js';
import { boxText } from './table.js';
import type { Table } from './table.js';
import { cutToWidth, padToWidth, textWidth } from './width.js';

const NARROWEST = 6;

/** Drawn to fit the width: the widest columns give way first, and what does not fit ends with an ellipsis. */
export function boxTable({ columns, rows }: Table, width: number, style: Style): string {
  const header = columns.map((column) => column.name);
  const texts = rows.map((row) => row.map(boxText));
  const widths = fitWidths(widestCells([header, ...texts]), width);
  const rule = (left: string, middle: string, right: string): string =>
    style.dim(left + widths.map((columnWidth) => '─'.repeat(columnWidth + 2)).join(middle) + right);
  const line = (cells: readonly string[], paint: (text: string) => string): string => {
    const padded = cells.map((text, index) => {
      const columnWidth = widths[index] ?? 0;
      return ` ${paint(padToWidth(cutToWidth(text, columnWidth), columnWidth, columns[index]?.right))} `;
    });
    const edge = style.dim('│');
    return edge + padded.join(edge) + edge;
  };
  return [
    rule('┌', '┬', '┐'),
    line(header, style.bold),
    rule('├', '┼', '┤'),
    ...texts.map((row) => line(row, (text) => paintState(text, style))),
    rule('└', '┴', '┘'),
    '',
  ].join('\n');
}

function widestCells(lines: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const line of lines) {
    line.forEach((text, index) => {
      widths[index] = Math.max(widths[index] ?? 0, textWidth(text));
    });
  }
  return widths;
}

/** Takes columns off the widest until all fit, borders and blanks included. */
function fitWidths(widths: readonly number[], available: number): number[] {
  const fitted = [...widths];
  let excess = fitted.reduce((sum, columnWidth) => sum + columnWidth + 3, 1) - available;
  while (excess > 0) {
    const widest = Math.max(...fitted);
    if (widest <= NARROWEST) break;
    const runnerUp = Math.max(NARROWEST, ...fitted.filter((columnWidth) => columnWidth < widest));
    const index = fitted.indexOf(widest);
    const shrunk = Math.max(runnerUp === widest ? widest - 1 : runnerUp, widest - excess);
    fitted[index] = shrunk;
    excess -= widest - shrunk;
  }
  return fitted;
}

/** A cell that is a state's name and nothing else gets its colour. */
function paintState(text: string, style: Style): string {
  switch (text.trimEnd()) {
    case 'completed':
      return style.green(text);
    case 'processing':
    case 'running':
      return style.cyan(text);
    case 'failed':
    case 'stopping':
      return style.yellow(text);
    case 'dead':
      return style.red(text);
    default:
      return text;
  }
}
