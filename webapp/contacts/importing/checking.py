"""What a dry run found, column by column, for the page: how many cells are usable, and samples."""

MOST_SAMPLES = 50
LONGEST = 80


class Check:
    """Counts over all rows so far; kept with the checkpoint as plain values."""

    def __init__(self, kept=None, width=0):
        kept = kept or {}
        self.columns = kept.get("columns") or [[0, 0] for _ in range(width)]  # filled, unusable
        self.problems = kept.get("problems", [])
        self.changed = kept.get("changed", [])
        self.samples = kept.get("samples", [])
        self.changed_count = kept.get("changed_count", 0)
        self.agreed = kept.get("agreed", 0)

    def add(self, rows, phone_column):
        for row in rows:
            for place, cell in enumerate(row.cells):
                if cell:
                    self.columns[place][0] += 1
            if row.refused and row.refused.column >= 0:
                self.columns[row.refused.column][1] += 1
            for problem in row.problems:
                if problem.column >= 0:
                    self.columns[problem.column][1] += 1
            self.agreed += row.consent is True
            if row.phone and phone_column is not None:
                self._number(row, phone_column)

    def note(self, problems, sentence):
        room = MOST_SAMPLES - len(self.problems)
        for row, problem in problems[: max(0, room)]:
            cells = row.cells
            text = cells[problem.column] if 0 <= problem.column < len(cells) else ""
            self.problems.append([row.number, text[:LONGEST], "", sentence(row, problem)])

    def kept(self):
        return {
            "columns": self.columns,
            "problems": self.problems,
            "changed": self.changed,
            "samples": self.samples,
            "changed_count": self.changed_count,
            "agreed": self.agreed,
        }

    def _number(self, row, column):
        shown = [row.number, row.cells[column][:LONGEST], row.phone, row.note]
        if len(self.samples) < 10:
            self.samples.append(shown)
        if row.note:
            self.changed_count += 1
            if len(self.changed) < MOST_SAMPLES:
                self.changed.append(shown)
