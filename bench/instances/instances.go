// Package instances invents placements to measure solvers on: families that
// differ in what makes them hard, each by size and seed.
package instances

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kindred-match/kindred/matcher/place/flow"
)

// Instance is a network with a weight per arc and ranks by weight.
type Instance struct {
	flow.Network
	Weights []int32
	Ranks   []int32
}

// Size of an instance.
type Size struct {
	Students, Opportunities, Arcs int // arcs per student
}

// Family makes an instance.
type Family struct {
	Name string
	Make func(Size, uint64) *Instance
}

const heaviest = 1_000_000

// Families lists them all, by name.
func Families() []Family {
	uniform := func(*maker, int, int) float64 { return -1 }
	return []Family{
		{"random", with(1, uniform)},
		{"correlated", with(1, func(g *maker, _, o int) float64 { return (g.popular[o] + g.random.Float64()) / 2 })},
		{"tied", with(1, func(g *maker, _, _ int) float64 { return float64(1+g.random.IntN(10)) / heaviest })},
		{"scarce", with(0.6, uniform)},
		{"surplus", with(1.5, uniform)},
		{"near-identical", with(1, func(g *maker, _, o int) float64 {
			return 0.994*g.popular[o] + 0.006*g.random.Float64()
		})},
		{"identical", with(1, func(g *maker, _, o int) float64 { return g.popular[o] })},
		{"unit", func(z Size, seed uint64) *Instance {
			z.Opportunities = z.Students
			return with(1, uniform)(z, seed)
		}},
		{"distance", nearest},
		{"distance-any", with(1, func(g *maker, s, o int) float64 { return g.closeness(s, o) })},
		{"popular", popular},
		{"caps", capped(10)},
		{"large-partners", capped(250)},
		{"minimums", minimums},
	}
}

// Get returns the family of a name.
func Get(name string) (Family, error) {
	for _, f := range Families() {
		if f.Name == name {
			return f, nil
		}
	}
	return Family{}, fmt.Errorf("no family %q", name)
}

type point struct{ x, y float64 }

type maker struct {
	random        *rand.Rand
	popular       []float64
	students      []point
	opportunities []point
}

func newMaker(z Size, seed uint64) *maker {
	g := &maker{random: rand.New(rand.NewPCG(seed, 0))}
	for range z.Opportunities {
		g.popular = append(g.popular, g.random.Float64())
		g.opportunities = append(g.opportunities, g.point())
	}
	for range z.Students {
		g.students = append(g.students, g.point())
	}
	return g
}

func (g *maker) point() point { return point{g.random.Float64(), g.random.Float64()} }

func (g *maker) closeness(s, o int) float64 {
	a, b := g.students[s], g.opportunities[o]
	return 1 - math.Hypot(a.x-b.x, a.y-b.y)/math.Sqrt2
}

// weigh turns a score into a weight; one below 0 stands for any.
func (g *maker) weigh(score float64) int32 {
	if score < 0 {
		return 1 + g.random.Int32N(heaviest)
	}
	return max(1, int32(math.Round(heaviest*score)))
}

// with makes instances whose arcs go anywhere, with so many seats per student.
func with(seats float64, score func(g *maker, s, o int) float64) func(Size, uint64) *Instance {
	return func(z Size, seed uint64) *Instance {
		g := newMaker(z, seed)
		b := newBuilder(z, seats)
		for s := range z.Students {
			b.distinct(z.Arcs, func() int { return g.random.IntN(z.Opportunities) },
				func(o int) int32 { return g.weigh(score(g, s, o)) })
		}
		return b.done()
	}
}

// popular makes instances whose arcs go to popular opportunities more often.
func popular(z Size, seed uint64) *Instance {
	g := newMaker(z, seed)
	b := newBuilder(z, 1)
	for range z.Students {
		draw := func() int {
			u := g.random.Float64()
			return int(u * u * float64(z.Opportunities))
		}
		b.distinct(z.Arcs, draw, func(int) int32 { return g.weigh(-1) })
	}
	return b.done()
}

// nearest makes instances whose arcs go to the nearest opportunities.
func nearest(z Size, seed uint64) *Instance {
	g := newMaker(z, seed)
	b := newBuilder(z, 1)
	side := max(1, int(math.Sqrt(float64(z.Opportunities)/4)))
	cells := make([][]int, side*side)
	cell := func(c float64) int { return min(side-1, int(c*float64(side))) }
	for o, p := range g.opportunities {
		c := cell(p.y)*side + cell(p.x)
		cells[c] = append(cells[c], o)
	}
	for s, p := range g.students {
		var near []int
		for reach := 2; len(near) < 2*z.Arcs && reach <= 2*side; reach++ {
			near = near[:0]
			for y := max(0, cell(p.y)-reach); y <= min(side-1, cell(p.y)+reach); y++ {
				for x := max(0, cell(p.x)-reach); x <= min(side-1, cell(p.x)+reach); x++ {
					near = append(near, cells[y*side+x]...)
				}
			}
		}
		slices.SortFunc(near, func(a, c int) int { return int(g.weigh(g.closeness(s, c)) - g.weigh(g.closeness(s, a))) })
		i := -1
		b.distinct(min(z.Arcs, len(near)), func() int { i++; return near[i] },
			func(o int) int32 { return g.weigh(g.closeness(s, o)) })
	}
	return b.done()
}

// capped makes instances that are correlated, with a partner for every so many
// opportunities whose cap is four fifths of their seats, and seats to spare.
func capped(each int) func(Size, uint64) *Instance {
	return func(z Size, seed uint64) *Instance {
		in := with(1.25, func(g *maker, _, o int) float64 { return (g.popular[o] + g.random.Float64()) / 2 })(z, seed)
		sum := make([]int32, (z.Opportunities+each-1)/each)
		for o, c := range in.Seats {
			in.Partner = append(in.Partner, int32(o/each))
			sum[o/each] += c
		}
		for _, c := range sum {
			in.Cap = append(in.Cap, c*4/5)
		}
		return in
	}
}

// minimums is correlated, with seats to spare and a minimum of half of the seats
// at two opportunities of five.
func minimums(z Size, seed uint64) *Instance {
	in := with(1.5, func(g *maker, _, o int) float64 { return (g.popular[o] + g.random.Float64()) / 2 })(z, seed)
	for o, c := range in.Seats {
		least := int32(0)
		if o%5 < 2 {
			least = c / 2
		}
		in.Minimum = append(in.Minimum, least)
	}
	return in
}

type builder struct {
	in   *Instance
	seen []int
}

func newBuilder(z Size, seats float64) *builder {
	in := &Instance{}
	in.First = make([]int32, 1, z.Students+1)
	in.Target = make([]int32, 0, z.Students*z.Arcs)
	in.Weights = make([]int32, 0, z.Students*z.Arcs)
	total := int(math.Round(seats * float64(z.Students)))
	for o := range z.Opportunities {
		in.Seats = append(in.Seats, int32((o+1)*total/z.Opportunities-o*total/z.Opportunities))
	}
	return &builder{in: in, seen: make([]int, z.Opportunities)}
}

// distinct adds a student with so many arcs to different opportunities, by
// weight descending.
func (b *builder) distinct(arcs int, draw func() int, weigh func(o int) int32) {
	type pair struct{ target, weight int32 }
	var row []pair
	student := len(b.in.First)
	for len(row) < arcs {
		o := draw()
		if b.seen[o] == student {
			continue
		}
		b.seen[o] = student
		row = append(row, pair{int32(o), weigh(o)})
	}
	slices.SortFunc(row, func(a, c pair) int {
		if a.weight != c.weight {
			return int(c.weight - a.weight)
		}
		return int(a.target - c.target)
	})
	for i, p := range row {
		b.in.Target = append(b.in.Target, p.target)
		b.in.Weights = append(b.in.Weights, p.weight)
		b.in.Ranks = append(b.in.Ranks, int32(i+1))
	}
	b.in.First = append(b.in.First, int32(len(b.in.Target)))
}

func (b *builder) done() *Instance { return b.in }
