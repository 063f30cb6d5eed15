import { writeSync } from 'node:fs'

// One synchronous write, so that the line is out before process.exit().
export function printLine (fields) {
  writeSync(1, JSON.stringify(fields) + '\n')
}
