// The values of a chart, day by day.

const MOST_POINTS = 900; // after which every other one goes

export class Series {
  constructor() {
    this.clear();
  }

  clear() {
    this.days = [];
    this.rows = []; // the values of a day, one for each line
  }

  /** Days that are there already are left as they are: a frame can come twice. */
  add(day, values) {
    if (this.days.length && day <= this.days.at(-1)) return;
    this.days.push(day);
    this.rows.push(values);
    if (this.days.length > MOST_POINTS) this.thin();
  }

  thin() {
    const last = this.days.length - 1, stays = (_, k) => k % 2 === 0 || k === last;
    this.days = this.days.filter(stays);
    this.rows = this.rows.filter(stays);
  }

  /** The last day on the axis; a young run has room to grow. */
  get lastDay() {
    return Math.max(30, this.days.at(-1) || 0);
  }

  /** The lowest and highest value of all lines; zero is always among them. */
  get range() {
    const values = this.rows.flat().filter((value) => value !== null);
    const low = Math.min(0, ...values);
    return { low, high: Math.max(1e-9, ...values, low + 1) };
  }

  /** The points of one line as [day, value], without days that have none. */
  line(number) {
    return this.days
      .map((day, row) => [day, this.rows[row][number]])
      .filter(([, value]) => value !== null && value !== undefined);
  }
}
