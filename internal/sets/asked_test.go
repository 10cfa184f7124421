package sets

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/kindred-match/kindred/store/candidates"
)

func numbered(n uint64) candidates.Key {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, n))
	return candidates.Key{Student: candidates.Student(sum[:16]), Field: [16]byte(sum[16:])}
}

// TestWhoIsAskedForInTurnIsKnownAgain: as many as ten thousand, whatever was asked
// for before them.
func TestWhoIsAskedForInTurnIsKnownAgain(t *testing.T) {
	const before, many = 200_000, 10_000
	var m asked
	for n := range uint64(before) {
		if m.again(numbered(many + n)) {
			t.Fatalf("%d is known before it was asked for", n)
		}
	}
	for n := range uint64(many) {
		if m.again(numbered(n)) {
			t.Fatalf("%d is known before it was asked for", n)
		}
	}
	forgotten := 0
	for n := range uint64(many) {
		if !m.again(numbered(n)) {
			forgotten++
		}
	}
	if forgotten > many/1000 {
		t.Errorf("%d of %d are forgotten", forgotten, many)
	}
}

func TestTheLatestAreRemembered(t *testing.T) {
	var m asked
	const places = len(m[0])
	key := func(n byte) candidates.Key { return candidates.Key{Field: [16]byte{8: n + 1}} } // all in one row
	for n := range byte(places) {
		m.again(key(n))
	}
	if !m.again(key(0)) { // which makes it the latest
		t.Error("the first is forgotten, though there was room")
	}
	m.again(key(byte(places)))
	if m.again(key(1)) {
		t.Error("one that there is no room for is remembered")
	}
	for _, n := range []byte{0, byte(places), 3} {
		if !m.again(key(n)) {
			t.Errorf("%d is forgotten before those that were asked for earlier", n)
		}
	}
}
