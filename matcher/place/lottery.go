package place

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
)

// A Lottery gives each student one number, by seed and id alone; who has the
// smaller number comes first.
type Lottery struct {
	// Seed is the key, in decimal digits, of the hash that the numbers are of.
	Seed uint64
	// Reverse lets the largest number come first: in a second round it needs
	// the fewest moves (Feigenbaum, Kanoria, Lo and Sethuraman 2020).
	Reverse bool
}

// Numbers returns the number of each student: the first 8 bytes, big-endian, of
// HMAC-SHA256 with the seed as the key and the id as the message.
func (l Lottery) Numbers(students []string) []uint64 {
	mac := hmac.New(sha256.New, strconv.AppendUint(nil, l.Seed, 10))
	numbers := make([]uint64, len(students))
	var message []byte
	var sum [sha256.Size]byte
	for i, id := range students {
		mac.Reset()
		message = append(message[:0], id...)
		mac.Write(message)
		numbers[i] = binary.BigEndian.Uint64(mac.Sum(sum[:0]))
	}
	return numbers
}

// Order returns the places of the students in the order of the lottery, equal
// numbers by id.
func (l Lottery) Order(students []string) []int32 {
	return l.order(students, l.Numbers(students))
}

func (l Lottery) order(students []string, numbers []uint64) []int32 {
	type drawn struct {
		key uint64
		at  int32
	}
	order := make([]drawn, len(numbers))
	for i, n := range numbers {
		if l.Reverse {
			n = ^n
		}
		order[i] = drawn{n, int32(i)}
	}
	slices.SortFunc(order, func(a, b drawn) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(students[a.at], students[b.at]))
	})
	at := make([]int32, len(order))
	for i := range order {
		at[i] = order[i].at
	}
	return at
}
