// Package plot draws simple charts as SVG that can be read without colours and
// by screen readers: each has a title, a description of what it shows, axes
// with units, and names beside its lines.
package plot

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Axis is one direction of a chart.
type Axis struct {
	Label string // with the unit
	Log   bool
	// Down has the largest value on the left, or at the bottom.
	Down bool
}

// Point is a place in a chart.
type Point struct{ X, Y float64 }

// Series is a line.
type Series struct {
	Name   string
	Points []Point // by X
}

// Lines is a chart of lines. On a logarithmic axis all values are above 0.
type Lines struct {
	Title, Description string
	X, Y               Axis
	Series             []Series
}

const (
	width, height            = 720, 430
	left, right, top, bottom = 76, 170, 46, 58
)

// colours can be told apart by the colour-blind (Okabe and Ito, 2008).
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#000000", "#56b4e9"}

var dashes = []string{"", "7 3", "2 3", "9 3 2 3", "4 4", "", "1 3"}

// SVG draws the chart.
func (c *Lines) SVG() []byte {
	var xs, ys []float64
	for _, s := range c.Series {
		for _, p := range s.Points {
			xs, ys = append(xs, p.X), append(ys, p.Y)
		}
	}
	d := begin(c.Title, c.Description, height)
	if len(xs) == 0 {
		return d.end()
	}
	x := newScale(c.X, xs, left, width-right)
	y := newScale(c.Y, ys, height-bottom, top)
	for _, t := range x.ticks() {
		at := x.at(t)
		d.add(`<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`, at, top, at, height-bottom)
		d.text(at, height-bottom+18, "middle", "", number(t))
	}
	for _, t := range y.ticks() {
		at := y.at(t)
		d.add(`<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>`, left, at, width-right, at)
		d.text(left-8, at+4, "end", "", number(t))
	}
	d.text((left+width-right)/2, height-14, "middle", "axis", c.X.Label)
	d.add(`<text class="axis" text-anchor="middle" transform="translate(18 %d) rotate(-90)">%s</text>`,
		(top+height-bottom)/2, escape(c.Y.Label))
	c.lines(d, x, y)
	return d.end()
}

// lines draws the series and their names at their last points, moved apart.
func (c *Lines) lines(d *drawing, x, y *scale) {
	type label struct {
		y    float64
		i    int
		from float64
	}
	var labels []label
	for i, s := range c.Series {
		colour := colours[i%len(colours)]
		var path strings.Builder
		for n, p := range s.Points {
			command := 'L'
			if n == 0 {
				command = 'M'
			}
			fmt.Fprintf(&path, "%c%.1f %.1f", command, x.at(p.X), y.at(p.Y))
			d.add(`<circle cx="%.1f" cy="%.1f" r="3.2" fill="%s"/>`, x.at(p.X), y.at(p.Y), colour)
		}
		d.add(`<path d="%s" fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s"/>`, path.String(), colour, dashes[i%len(dashes)])
		if n := len(s.Points); n > 0 {
			at := y.at(s.Points[n-1].Y)
			labels = append(labels, label{at, i, at})
		}
	}
	slices.SortStableFunc(labels, func(a, b label) int { return cmp.Compare(a.y, b.y) })
	const apart = 15
	for n := range labels {
		if n > 0 {
			labels[n].y = max(labels[n].y, labels[n-1].y+apart)
		}
		l := labels[n]
		s := c.Series[l.i]
		end := x.at(s.Points[len(s.Points)-1].X)
		d.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="0.7"/>`,
			end, l.from, end+10, l.y, colours[l.i%len(colours)])
		d.text(end+13, l.y+4, "start", "", s.Name)
	}
}

// Bar is a value with its name.
type Bar struct {
	Name  string
	Value float64
}

// Bars is a chart of horizontal bars from 0.
type Bars struct {
	Title, Description string
	Label              string // of the axis, with the unit
	Bars               []Bar
}

// SVG draws the chart.
func (c *Bars) SVG() []byte {
	const row, names, values = 27, 240, 60
	d := begin(c.Title, c.Description, top+row*len(c.Bars)+36)
	most := 0.0
	for _, b := range c.Bars {
		most = max(most, b.Value)
	}
	for i, b := range c.Bars {
		y := top + row*i
		long := (width - names - values) * b.Value / max(most, math.SmallestNonzeroFloat64)
		d.text(names-8, float64(y+17), "end", "", b.Name)
		d.add(`<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, names, y+3, long, row-7, colours[0])
		d.text(names+long+6, float64(y+17), "start", "", significant(b.Value))
	}
	d.text((names+width-values)/2, float64(top+row*len(c.Bars)+24), "middle", "axis", c.Label)
	return d.end()
}

// drawing is an SVG document that grows.
type drawing struct{ bytes.Buffer }

func begin(title, description string, height int) *drawing {
	d := &drawing{}
	d.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title desc">`,
		width, height, width, height)
	d.add(`<title id="title">%s</title>`, escape(title))
	d.add(`<desc id="desc">%s</desc>`, escape(description))
	d.add(`<style>text{font:12px sans-serif;fill:#222}.title{font:bold 15px sans-serif}.axis{font-size:13px}.grid{stroke:#ddd}</style>`)
	d.add(`<rect width="%d" height="%d" fill="#fff"/>`, width, height)
	d.text(14, 24, "start", "title", title)
	return d
}

func (d *drawing) add(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

func (d *drawing) text(x, y float64, anchor, class, s string) {
	d.add(`<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, escape(s))
}

func (d *drawing) end() []byte {
	d.add("</svg>")
	return d.Bytes()
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}

// scale maps values to places.
type scale struct {
	axis      Axis
	low, high float64
	from, to  float64
}

// newScale spans the values; a linear one begins at 0.
func newScale(a Axis, values []float64, from, to float64) *scale {
	s := &scale{axis: a, low: slices.Min(values), high: slices.Max(values), from: from, to: to}
	if !a.Log {
		s.low = min(s.low, 0)
	}
	if s.high <= s.low {
		s.high = s.low*2 + 1
	}
	if a.Down {
		s.from, s.to = to, from
	}
	return s
}

func (s *scale) at(v float64) float64 {
	part := (v - s.low) / (s.high - s.low)
	if s.axis.Log {
		part = math.Log(v/s.low) / math.Log(s.high/s.low)
	}
	return s.from + part*(s.to-s.from)
}

// ticks are 1, 2 and 5 times powers of 10, on a long logarithmic axis the
// powers only.
func (s *scale) ticks() []float64 {
	digits := []float64{1, 2, 5}
	if s.axis.Log && s.high/s.low > 300 {
		digits = digits[:1]
	}
	var all []float64
	if s.axis.Log {
		for e := math.Floor(math.Log10(s.low)); e <= math.Log10(s.high); e++ {
			for _, d := range digits {
				if v := d * math.Pow(10, e); v >= s.low*0.999 && v <= s.high*1.001 {
					all = append(all, v)
				}
			}
		}
		return all
	}
	wanted := (s.high - s.low) / 6
	power := math.Pow(10, math.Floor(math.Log10(wanted)))
	step := 10 * power
	for _, d := range digits {
		if d*power >= wanted {
			step = d * power
			break
		}
	}
	for v := 0.0; v <= s.high*1.001; v += step {
		all = append(all, v)
	}
	return all
}

// number is a tick: 20k stands for 20,000, 1M for a million.
func number(v float64) string {
	switch {
	case v >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 6, 64) + "M"
	case v >= 1e4:
		return strconv.FormatFloat(v/1e3, 'g', 6, 64) + "k"
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// significant has three digits that matter.
func significant(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
