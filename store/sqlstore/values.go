package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kindred-match/kindred/matcher"
)

// errColumn says that a column doesn't hold what this package writes there.
var errColumn = errors.New("the store is damaged: a column has a value that nothing writes there")

// maxLists is how many lists values keep at most to share them.
const maxLists = 1 << 16

// values is a row, taken value by value in the order of the query's columns.
// The first value that doesn't fit ends up in err; from then on all are zero.
type values struct {
	row  []any
	dest []any // pointers to row's elements
	next int
	err  error
	// lists, unless nil, are those that have been met, so that equal ones are
	// made once.
	lists map[string][]string
	// texts, unless nil, are those that have been met, so that equal ones are one
	// in memory.
	texts map[string]string
}

func newValues(n int) *values {
	v := &values{row: make([]any, n), dest: make([]any, n)}
	for i := range v.row {
		v.dest[i] = &v.row[i]
	}
	return v
}

func (v *values) scan(rows *sql.Rows) error {
	v.next = 0
	return rows.Scan(v.dest...)
}

// take returns the next n values as they are, in a slice of the caller's.
func (v *values) take(n int) []any {
	v.next += n
	return append([]any(nil), v.row[v.next-n:v.next]...)
}

func get[T any](v *values) T {
	x, ok := v.row[v.next].(T)
	v.next++
	if !ok && v.err == nil {
		v.err = fmt.Errorf("%w (column %d)", errColumn, v.next)
	}
	return x
}

func (v *values) int64() int64   { return get[int64](v) }
func (v *values) int32() int32   { return int32(get[int64](v)) }
func (v *values) uint64() uint64 { return uint64(get[int64](v)) }
func (v *values) float() float64 { return get[float64](v) }
func (v *values) bool() bool     { return get[int64](v) != 0 }
func (v *values) bytes() []byte  { return get[[]byte](v) }

func (v *values) text() string {
	text := get[string](v)
	if v.texts == nil {
		return text
	}
	if known, ok := v.texts[text]; ok {
		return known
	}
	v.texts[text] = text
	return text
}

func (v *values) null() bool {
	if v.row[v.next] != nil {
		return false
	}
	v.next++
	return true
}

func (v *values) optionalText() string {
	if v.null() {
		return ""
	}
	return v.text()
}

func (v *values) optionalInt32() *int32 {
	if v.null() {
		return nil
	}
	return new(v.int32())
}

func (v *values) optionalFloat() *float64 {
	if v.null() {
		return nil
	}
	return new(v.float())
}

func (v *values) position() *matcher.Position {
	lat, long := v.optionalFloat(), v.optionalFloat()
	if lat == nil || long == nil {
		return nil
	}
	return &matcher.Position{Latitude: *lat, Longitude: *long}
}

func (v *values) list() []string { return v.split(v.text()) }

func (v *values) split(s string) []string {
	if s == "" {
		return nil
	}
	if list, ok := v.lists[s]; ok {
		return list
	}
	list := strings.Split(s, "\n")
	if v.lists != nil && len(v.lists) < maxLists {
		v.lists[s] = list
	}
	return list
}

func (v *values) weighted() []matcher.Weighted { return v.weights(v.text()) }

func (v *values) weights(s string) []matcher.Weighted {
	if s == "" {
		return nil
	}
	list := make([]matcher.Weighted, 0, strings.Count(s, "\n")+1)
	for more := true; more; {
		var line string
		line, s, more = strings.Cut(s, "\n")
		tag, weight, _ := strings.Cut(line, "=")
		w, err := strconv.ParseUint(weight, 10, 16)
		if err != nil {
			v.damaged("a weight")
		}
		list = append(list, matcher.Weighted{Tag: tag, Weight: matcher.Weight(w)})
	}
	return list
}

// damaged keeps the first thing that is wrong with a row.
func (v *values) damaged(what string) {
	if v.err == nil {
		v.err = fmt.Errorf("%w (column %d, %s)", errColumn, v.next, what)
	}
}

// parts are what a text of several columns has, one after the other.
type parts struct {
	of   *values
	rest string
}

func (p *parts) text() string {
	part, rest, found := strings.Cut(p.rest, separator)
	if !found {
		p.of.damaged("which has too few parts")
	}
	p.rest = rest
	return part
}

func (p *parts) int64() int64 { return p.parse(p.text()) }
func (p *parts) int32() int32 { return int32(p.int64()) }

func (p *parts) parse(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		p.of.damaged("a number")
	}
	return n
}

func (p *parts) optionalInt32() *int32 {
	s := p.text()
	if s == "" {
		return nil
	}
	return new(int32(p.parse(s)))
}

func (p *parts) list() []string               { return p.of.split(p.text()) }
func (p *parts) weighted() []matcher.Weighted { return p.of.weights(p.text()) }

func (v *values) groups() []matcher.Group {
	items := v.list()
	if items == nil {
		return nil
	}
	list := make([]matcher.Group, len(items))
	for i, item := range items {
		list[i].Name, list[i].Value, _ = strings.Cut(item, "\t")
	}
	return list
}

func (v *values) time() time.Time {
	n := v.int64()
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// What follows makes values as a driver returns them, so that what is to be
// written can be compared with what is there.

func putList(items []string) any { return strings.Join(items, "\n") }

func putWeighted(tags []matcher.Weighted) any {
	size := 0
	for _, t := range tags {
		size += len(t.Tag) + len("=10000\n")
	}
	b := make([]byte, 0, size)
	for i, t := range tags {
		if i > 0 {
			b = append(b, '\n')
		}
		b = append(b, t.Tag...)
		b = append(b, '=')
		b = strconv.AppendUint(b, uint64(t.Weight), 10)
	}
	return string(b)
}

func putGroups(groups []matcher.Group) any {
	items := make([]string, len(groups))
	for i, g := range groups {
		items[i] = g.Name + "\t" + g.Value
	}
	return strings.Join(items, "\n")
}

func putBool(b bool) any {
	if b {
		return int64(1)
	}
	return int64(0)
}

func putOptionalText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func putOptionalInt32(n *int32) any {
	if n == nil {
		return nil
	}
	return int64(*n)
}

func putOptionalFloat(x *float64) any {
	if x == nil {
		return nil
	}
	return *x
}

func putPosition(p *matcher.Position) (latitude, longitude any) {
	if p == nil {
		return nil, nil
	}
	return p.Latitude, p.Longitude
}

// lastTime is the last instant that nanoseconds since 1970 can say.
var lastTime = time.Unix(0, 1<<63-1)

func putTime(t time.Time) any {
	if t.IsZero() {
		return int64(0)
	}
	return t.UnixNano()
}
