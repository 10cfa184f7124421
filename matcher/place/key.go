package place

import (
	"errors"
	"math/bits"
	"slices"
	"strconv"
)

// ErrTooLarge says that a problem has more students, weights and tiers than
// priorities of 62 bits can tell apart, or more than 2^31-1 entries of lists.
var ErrTooLarge = errors.New("the problem is too large: students, weights and tiers need more than 62 bits, or lists have over 2^31-1 entries")

// A key is a pair's priority at an opportunity, and with a partner: the smaller
// is the better. From the top it has a class, the tier, with priority by score
// the weight (the larger the better), and the student's place in the lottery.
// Keys of two students differ; those of one student may be equal.
type key = uint64

// The classes of keys.
const (
	classShift = 62
	// sure: nothing takes the pair from the student.
	sure key = 0 << classShift
	// protected: it has a reserved seat, and with its partner comes before those
	// who have not.
	protected key = 1 << classShift
	// normal is every other.
	normal key = 2 << classShift

	classes = key(3) << classShift
	// nobody is no pair's key, and above all.
	nobody = ^key(0)
)

// keys makes keys.
type keys struct {
	p       *Problem
	byScore bool
	most    int32 // the largest weight
	// tiers has by row of the problem's tiers the place among all tiers.
	tiers                   []int32
	listed                  []int32 // the tiers that there are, ascending
	last                    key     // the tier of those not listed
	weightShift, tierShift  uint
	studentMask, weightMask key
}

// newKeys makes keys for the problem's lists and for pairs off the lists of the
// given weights.
func newKeys(p *Problem, byScore bool, weights ...[]int32) (keys, error) {
	k := keys{p: p, byScore: byScore}
	studentBits := uint(bits.Len(uint(len(p.Students))))
	weightBits := uint(0)
	if byScore {
		for _, w := range append(weights, p.Lists.Weight) {
			if len(w) > 0 {
				k.most = max(k.most, slices.Max(w))
			}
		}
		weightBits = uint(bits.Len32(uint32(k.most)))
	}
	k.rankTiers()
	k.weightShift, k.tierShift = studentBits, studentBits+weightBits
	k.studentMask, k.weightMask = 1<<studentBits-1, 1<<weightBits-1
	if k.tierShift+uint(bits.Len64(k.last)) > classShift {
		return k, ErrTooLarge
	}
	return k, nil
}

// rankTiers numbers the tiers that there are.
func (k *keys) rankTiers() {
	for _, t := range k.p.tiers.rows {
		k.listed = append(k.listed, t.tier)
	}
	slices.Sort(k.listed)
	k.listed = slices.Compact(k.listed)
	k.last = key(len(k.listed))
	for _, t := range k.p.tiers.rows {
		at, _ := slices.BinarySearch(k.listed, t.tier)
		k.tiers = append(k.tiers, int32(at))
	}
}

// of is the key, without a class, of a pair with a weight.
func (k *keys) of(student, opportunity, weight int32) key {
	made := key(student)
	if k.byScore {
		made |= key(k.most-min(weight, k.most)) << k.weightShift
	}
	if len(k.tiers) > 0 {
		made |= k.tier(student, opportunity) << k.tierShift
	}
	return made
}

func (k *keys) tier(student, opportunity int32) key {
	at, found := k.p.tierRow(student, opportunity)
	if !found {
		return k.last
	}
	return key(k.tiers[k.p.tiers.first[student]+int32(at)])
}

// student is whose key it is.
func (k *keys) student(of key) int32 { return int32(of & k.studentMask) }

// cutoff describes a key.
func (k *keys) cutoff(of key) Cutoff {
	c := Cutoff{Lottery: strconv.FormatUint(k.p.Numbers[k.student(of)], 10)}
	if at := (of &^ classes) >> k.tierShift; at < k.last {
		c.Tier = k.listed[at]
	}
	if k.byScore {
		c.Weight = k.most - int32(of>>k.weightShift&k.weightMask)
	}
	return c
}
