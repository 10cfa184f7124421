package page

import (
	"fmt"
	"math"
	"strconv"
)

// drawing is a plot as SVG: its shapes in units of a viewBox that is as wide as
// a phone, so that text keeps its size there.
type drawing struct {
	ID, Title string
	Text      string // what the plot shows, for those who don't see it
	Height    float64
	Keys      []legend
	Boxes     []box
	Lines     []line
	Dots      []dot
	Labels    []label
	Table     figures
}

// width of a drawing.
const width = 400.0

type (
	legend struct{ Class, Text string }
	box    struct {
		X, Y, W, H float64
		Class      string
	}
	line struct {
		X1, Y1, X2, Y2 float64
		Class          string
	}
	dot   struct{ X, Y float64 }
	label struct {
		X, Y   float64
		Anchor string // start, middle, end
		Class  string
		Text   string
	}
	// figures are the numbers behind a plot; the first column names the rows.
	figures struct {
		Columns []string
		Rows    [][]string
	}
)

// Width is for the template.
func (*drawing) Width() float64 { return width }

// column is a bar of a histogram.
type column struct {
	name  string // under the bar; empty: none
	full  string // in the table
	value int64
	class string
}

// columns draws a histogram.
func columns(d *drawing, unit string, all []column) *drawing {
	const top, floor, left = 22.0, 190.0, 4.0
	d.Height = 214
	most := int64(1)
	for _, c := range all {
		most = max(most, c.value)
	}
	step := (width - 2*left) / float64(max(1, len(all)))
	d.Table.Columns = []string{d.Title, unit}
	d.Lines = append(d.Lines, line{0, floor, width, floor, "axis"})
	for i, c := range all {
		x, h := left+float64(i)*step, (floor-top)*float64(c.value)/float64(most)
		if c.value > 0 {
			h = max(h, 1)
		}
		d.Boxes = append(d.Boxes, box{round(x + step*0.08), round(floor - h), round(step * 0.84), round(h), c.class})
		if c.value > 0 && step >= 26 {
			d.Labels = append(d.Labels, label{round(x + step/2), round(floor - h - 5), "middle", "value", short(c.value)})
		}
		if c.name != "" {
			d.Labels = append(d.Labels, label{round(x + step/2), floor + 16, "middle", "name", c.name})
		}
		d.Table.Rows = append(d.Table.Rows, []string{c.full, whole(c.value)})
	}
	return d
}

// row is a group of bars beside each other, with what they are of above them.
type row struct {
	name   string
	values []int64
	note   string // behind the name
}

// bars draws groups of bars, one for each key.
func bars(d *drawing, keys []legend, all []row) *drawing {
	const thick, gap, room = 12.0, 12.0, 46.0
	d.Keys = keys
	d.Table.Columns = []string{""}
	for _, k := range keys {
		d.Table.Columns = append(d.Table.Columns, k.Text)
	}
	most := int64(1)
	for _, r := range all {
		for _, v := range r.values {
			most = max(most, v)
		}
	}
	y := 4.0
	for _, r := range all {
		y += 12
		d.Labels = append(d.Labels, label{0, y, "start", "name", clip(r.name, 54-len([]rune(r.note)))})
		if r.note != "" {
			d.Labels = append(d.Labels, label{width, y, "end", "value", r.note})
		}
		y += 5
		cells := []string{r.name}
		for i, v := range r.values {
			w := (width - room) * float64(v) / float64(most)
			if v > 0 {
				w = max(w, 1)
			}
			d.Boxes = append(d.Boxes, box{0, y, round(w), thick - 1, keys[i].Class})
			d.Labels = append(d.Labels, label{round(w + 4), y + thick - 2, "start", "value", short(v)})
			y += thick
			cells = append(cells, whole(v))
		}
		y += gap
		d.Table.Rows = append(d.Table.Rows, cells)
	}
	d.Height = math.Ceil(y)
	return d
}

// point is a mark of a scatter.
type point struct {
	x, y float64
	name string
}

// scatter draws points that are named beside them; those at one place share
// their names.
func scatter(d *drawing, xName, yName string, show func(float64) string, all []point) *drawing {
	const left, right, top, floor = 52.0, 372.0, 14.0, 210.0
	d.Height = 252
	x, y := spread(all, func(p point) float64 { return p.x }), spread(all, func(p point) float64 { return p.y })
	d.Lines = append(d.Lines, line{left, floor, width, floor, "axis"}, line{left, top - 8, left, floor, "axis"})
	for _, at := range []float64{0, 0.5, 1} {
		px, py := left+14+(right-left-28)*at, floor-12-(floor-top-24)*at
		d.Labels = append(d.Labels,
			label{round(px), floor + 16, "middle", "value", short(int64(math.Round(x.at(at))))},
			label{left - 6, round(py + 4), "end", "value", show(y.at(at))})
		d.Lines = append(d.Lines, line{left, round(py), width, round(py), "grid"})
	}
	d.Labels = append(d.Labels, label{(left + width) / 2, floor + 34, "middle", "name", xName}, label{0, 10, "start", "name", yName})
	d.Labels[len(d.Labels)-1].Class = "name above"
	for _, p := range all {
		px, py := round(left+14+(right-left-28)*x.share(p.x)), round(floor-12-(floor-top-24)*y.share(p.y))
		d.Dots = append(d.Dots, dot{px, py})
	}
	var names []label
	for i, p := range all {
		names = append(names, beside(d.Dots[i], p.name, d.Dots, names))
	}
	d.Labels = append(d.Labels, names...)
	return d
}

// beside is a name near a point, where it covers no other point or name.
func beside(at dot, name string, dots []dot, names []label) label {
	for _, down := range []float64{0, 13, -13, 26, -26, 39, -39, 52, -52} {
		for _, l := range []label{
			{at.X + 7, at.Y + 4 + down, "start", "name", name}, {at.X - 7, at.Y + 4 + down, "end", "name", name},
		} {
			if !l.covers(dots, names) {
				return l
			}
		}
	}
	return label{at.X + 7, at.Y + 4, "start", "name", name}
}

// covers says whether a label lies on a point, on another label or on the axes.
func (l *label) covers(dots []dot, names []label) bool {
	from, to := l.span()
	if from < 56 || to > width || l.Y > 206 || l.Y < 16 {
		return true
	}
	for _, d := range dots {
		if from < d.X+4 && d.X-4 < to && l.Y-14 < d.Y && d.Y < l.Y+4 {
			return true
		}
	}
	for i := range names {
		a, b := names[i].span()
		if from < b && a < to && math.Abs(names[i].Y-l.Y) < 13 {
			return true
		}
	}
	return false
}

// span is about where a label begins and ends.
func (l *label) span() (from, to float64) {
	long := 7.4 * float64(len([]rune(l.Text)))
	if l.Anchor == "end" {
		return l.X - long, l.X
	}
	return l.X, l.X + long
}

// axis is the range of values that a scatter shows.
type axis struct{ low, high float64 }

func spread(all []point, of func(point) float64) axis {
	a := axis{math.Inf(1), math.Inf(-1)}
	for _, p := range all {
		a.low, a.high = min(a.low, of(p)), max(a.high, of(p))
	}
	return a
}

func (a axis) at(share float64) float64 { return a.low + (a.high-a.low)*share }

func (a axis) share(v float64) float64 {
	if a.high == a.low {
		return 0.5
	}
	return (v - a.low) / (a.high - a.low)
}

func round(x float64) float64 { return math.Round(10*x) / 10 }

// whole is a number with its thousands apart.
func whole(n int64) string {
	digits := strconv.FormatInt(n, 10)
	first := 1
	if n < 0 {
		first = 2
	}
	for i := len(digits) - 3; i >= first; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// short is a number in at most five characters.
func short(n int64) string {
	switch {
	case n >= 10_000_000:
		return fmt.Sprintf("%dM", n/1_000_000)
	case n >= 100_000:
		return fmt.Sprintf("%dk", n/1_000)
	default:
		return whole(n)
	}
}

// clip cuts a text that is too long for its place.
func clip(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	return string(r[:max(0, most-1)]) + "…"
}

func percent(part, of int64) string {
	if of == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(of))
}
