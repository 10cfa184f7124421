package runs

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// errDamaged says that what was kept of a run isn't what was kept.
var errDamaged = errors.New("what is kept of the run is damaged")

// encoder appends values: integers of a variable length as those of
// encoding/binary, numbers as IEEE 754 in 8 bytes, texts behind their length.
type encoder struct{ b []byte }

func (e *encoder) uint(n uint64) { e.b = binary.AppendUvarint(e.b, n) }
func (e *encoder) int(n int64)   { e.b = binary.AppendVarint(e.b, n) }
func (e *encoder) text(s string) { e.b = store.AppendText(e.b, s) }
func (e *encoder) float(x float64) {
	e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(x))
}

func (e *encoder) bool(yes bool) {
	var n byte
	if yes {
		n = 1
	}
	e.b = append(e.b, n)
}

func (e *encoder) texts(list []string) { e.b = store.AppendTexts(e.b, list) }

// optional encodes what may be missing.
func optional[T any](e *encoder, value *T, encode func(T)) {
	e.bool(value != nil)
	if value != nil {
		encode(*value)
	}
}

func encodeList[T any](e *encoder, rows []T, encode func(*T)) {
	e.uint(uint64(len(rows)))
	for i := range rows {
		encode(&rows[i])
	}
}

func (e *encoder) int32(n int32) { e.int(int64(n)) }

func (e *encoder) position(p *matcher.Position) {
	optional(e, p, func(p matcher.Position) {
		e.float(p.Latitude)
		e.float(p.Longitude)
	})
}

func (e *encoder) weighted(list []matcher.Weighted) {
	encodeList(e, list, func(w *matcher.Weighted) {
		e.text(w.Tag)
		e.uint(uint64(w.Weight))
	})
}

// decoder reads what an encoder appended. Once something doesn't fit it gives
// zeros, and failed stays set.
type decoder struct {
	rest   []byte
	failed bool
	// known are texts that were seen, so that those that occur often are kept
	// once.
	known map[string]string
}

func (d *decoder) fail() {
	d.failed, d.rest = true, nil
}

func (d *decoder) uint() uint64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

func (d *decoder) int() int64 {
	n, size := binary.Varint(d.rest)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

func (d *decoder) int32() int32 {
	n := d.int()
	if n < math.MinInt32 || n > math.MaxInt32 {
		d.fail()
		return 0
	}
	return int32(n)
}

// below reads an integer that is less than n.
func (d *decoder) below(n int) int32 {
	v := d.uint()
	if v >= uint64(n) {
		d.fail()
		return 0
	}
	return int32(v)
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.fail()
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) float() float64 {
	b := d.bytes(8)
	if b == nil {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

func (d *decoder) bool() bool {
	b := d.bytes(1)
	return b != nil && b[0] == 1
}

func (d *decoder) text() string { return string(d.bytes(d.uint())) }

// shared is text that occurs often.
func (d *decoder) shared() string {
	b := d.bytes(d.uint())
	if s, there := d.known[string(b)]; there {
		return s
	}
	s := string(b)
	d.known[s] = s
	return s
}

// count reads how many rows follow, each of a byte at least.
func (d *decoder) count() int {
	n := d.uint()
	if n > uint64(len(d.rest)) {
		d.fail()
		return 0
	}
	return int(n)
}

// decodeList reads rows; none are nil.
func decodeList[T any](d *decoder, decode func() T) []T {
	n := d.count()
	if n == 0 {
		return nil
	}
	rows := make([]T, n)
	for i := range rows {
		rows[i] = decode()
	}
	return rows
}

func (d *decoder) texts() []string { return decodeList(d, d.shared) }

func decodeOptional[T any](d *decoder, decode func() T) *T {
	if !d.bool() {
		return nil
	}
	v := decode()
	return &v
}

func (d *decoder) position() *matcher.Position {
	return decodeOptional(d, func() matcher.Position {
		latitude := d.float()
		return matcher.Position{Latitude: latitude, Longitude: d.float()}
	})
}

func (d *decoder) weighted() []matcher.Weighted {
	return decodeList(d, func() matcher.Weighted {
		tag := d.shared()
		weight := d.uint()
		if weight > uint64(matcher.One) {
			d.fail()
		}
		return matcher.Weighted{Tag: tag, Weight: matcher.Weight(weight)}
	})
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sealed is content behind which its checksum stands.
func sealed(content []byte) []byte {
	return binary.LittleEndian.AppendUint32(content, crc32.Checksum(content, castagnoli))
}

// opened is the content of what was sealed, unless it is damaged.
func opened(b []byte) ([]byte, error) {
	n := len(b) - crc32.Size
	if n < 0 || crc32.Checksum(b[:n], castagnoli) != binary.LittleEndian.Uint32(b[n:]) {
		return nil, errDamaged
	}
	return b[:n], nil
}

// cut cuts a stream into parts of about so many bytes, one at least.
func cut(b []byte, size int) [][]byte {
	parts := [][]byte{}
	for len(b) > size {
		parts = append(parts, b[:size])
		b = b[size:]
	}
	return append(parts, b)
}
