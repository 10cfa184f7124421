package candidates

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"slices"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// ErrValue is what the errors of Decode wrap: the value is damaged, of another
// version, or not ours.
var ErrValue = errors.New("not the value of a candidate set")

// A value is, with integers as variable-length ones of encoding/binary but for
// those whose size is said:
//
//	version, 1 byte
//	flags, 1 byte: bit 0 complete; bits 1 and 2 the bytes of a number, less 1
//	epoch; denominator (IEEE 754, 8 bytes); members
//	unless complete: units of the floor; its id behind its length
//	numbers by rank, of the same size each
//	units by rank, each as what the one before has more; the first as it is
//	CRC-32C of all that, 4 bytes
//
// What is of a fixed size is little-endian.
const (
	version     = 1
	checksum    = 4
	maxMembers  = 1 << 16
	maxIDLength = matcher.MaxIDBytes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Append appends the value of the set to dst.
func (s *Set) Append(dst []byte) []byte {
	start := len(dst)
	most := uint32(1)
	for _, m := range s.Members {
		most = max(most, m.Number)
	}
	width := (bits.Len32(most) + 7) / 8
	flags := byte(width-1) << 1
	if s.Complete {
		flags |= 1
	}
	dst = slices.Grow(dst, 64+(width+6)*len(s.Members))
	dst = append(dst, version, flags)
	dst = binary.AppendUvarint(dst, uint64(s.Epoch))
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.Denominator))
	dst = binary.AppendUvarint(dst, uint64(len(s.Members)))
	if !s.Complete {
		dst = binary.AppendUvarint(dst, uint64(s.Floor.Units))
		dst = append(binary.AppendUvarint(dst, uint64(len(s.Floor.ID))), s.Floor.ID...)
	}
	for _, m := range s.Members {
		for i := range width {
			dst = append(dst, byte(m.Number>>(8*i)))
		}
	}
	for i, m := range s.Members {
		less := m.Units
		if i > 0 {
			less = s.Members[i-1].Units - m.Units
		}
		dst = binary.AppendUvarint(dst, uint64(less))
	}
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// Decode replaces s by the set of a value, with the first most of its members;
// Members are kept in s's own slice. Floor.ID is a part of the value. The error
// wraps ErrValue; s is then of no use.
func (s *Set) Decode(value []byte, most int) error {
	n := len(value) - checksum
	if n < 2 || crc32.Checksum(value[:n], castagnoli) != binary.LittleEndian.Uint32(value[n:]) {
		return fmt.Errorf("%w: bad checksum", ErrValue)
	}
	if value[0] != version {
		return fmt.Errorf("%w: version %d", ErrValue, value[0])
	}
	flags := value[1]
	r := reader{rest: value[2:n]}
	s.Epoch = store.Epoch(r.integer(math.MaxUint64))
	s.Denominator = math.Float64frombits(r.fixed(8))
	members := int(r.integer(maxMembers))
	s.Complete, s.Floor = flags&1 == 1, Floor{}
	if !s.Complete {
		s.Floor.Units = int64(r.integer(math.MaxInt64))
		s.Floor.ID = r.bytes(int(r.integer(maxIDLength)))
	}
	width := int(flags>>1) + 1
	if width > 4 {
		return fmt.Errorf("%w: flags %#x", ErrValue, flags)
	}
	numbers := r.bytes(members * width)
	if r.failed {
		return fmt.Errorf("%w: cut off", ErrValue)
	}
	s.Members = s.Members[:0]
	units := uint64(math.MaxInt64)
	for i := range members {
		if i == most {
			return nil // the checksum vouches for the rest
		}
		next := r.integer(units)
		if i > 0 {
			next = units - next
		}
		if units = next; units == 0 || r.failed {
			return fmt.Errorf("%w: no units", ErrValue)
		}
		s.Members = append(s.Members, matcher.Member{Number: number(numbers[i*width:], width), Units: int64(units)})
	}
	if len(r.rest) > 0 {
		return fmt.Errorf("%w: %d bytes too many", ErrValue, len(r.rest))
	}
	return nil
}

// EpochOf is the epoch of a value, unchecked; 0 where there is none.
func EpochOf(value []byte) store.Epoch {
	if len(value) < 2 || value[0] != version {
		return 0
	}
	epoch, _ := binary.Uvarint(value[2:])
	return store.Epoch(epoch)
}

// number is the number at the start of b.
func number(b []byte, width int) uint32 {
	n := uint32(0)
	for i, x := range b[:width] {
		n |= uint32(x) << (8 * i)
	}
	return n
}

// reader takes values off what is left. Once one is missing or out of its range
// it has failed, and gives zeros.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) fail() {
	r.rest, r.failed = nil, true
}

func (r *reader) integer(most uint64) uint64 {
	x, n := binary.Uvarint(r.rest)
	if n <= 0 || x > most {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return x
}

func (r *reader) fixed(size int) uint64 {
	b := r.bytes(size)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.rest) {
		r.fail()
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}
