package generate

import (
	"strconv"

	"github.com/kindred-match/kindred/matcher"
)

// kindShares are how many of a thousand partners are of each kind, in the
// order of matcher.PartnerKinds.
var kindShares = []uint64{330, 270, 90, 120, 90, 20, 50, 30}

var partnerKindSums = sums(len(kindShares), func(i int) uint64 { return kindShares[i] })

// host is what the opportunities of a partner take after.
type host struct {
	kind   matcher.PartnerKind
	region int
	topics []int // 1 to 3, each once

	first, noun, level int // of the name
}

// host makes what is drawn first of a partner; the draw goes on from there.
func (v *Invented) host(i int) (host, draw) {
	d := newDraw(v.options.Seed, drawPartner, i)
	h := host{kind: matcher.PartnerKinds[d.pick(partnerKindSums)]}
	if i < len(matcher.PartnerKinds) { // so that small districts have every kind
		h.kind = matcher.PartnerKinds[i]
	}
	h.topics = v.drawTopics(&d, 1+d.below(3))
	h.region = d.below(len(regions))

	// A first word meets each noun of a kind once per level.
	nouns := len(partnerNouns[h.kind])
	round := i / len(firstWords)
	h.first = (i*23 + int(v.options.Seed%uint64(len(firstWords)))) % len(firstWords)
	h.noun, h.level = (7*h.first+round)%nouns, round/nouns
	if h.level > 0 { // the name tells the region
		h.region = (h.level - 1) % len(regions)
	}
	return h, d
}

// name is the partner's alone: "Harbor Makers", or once these are used up
// "Harbor Makers of Northgate", "Harbor Makers of Northgate 2".
func (h *host) name() string {
	name := firstWords[h.first] + " " + partnerNouns[h.kind][h.noun]
	if h.level == 0 {
		return name
	}
	name += " of " + regionLabels[h.region]
	if number := (h.level-1)/len(regions) + 1; number > 1 {
		name += " " + strconv.Itoa(number)
	}
	return name
}

// drawTopics draws n different topics by their popularity, in the order drawn.
func (v *Invented) drawTopics(d *draw, n int) []int {
	topics := make([]int, 0, n)
	for len(topics) < n {
		topics = appendNew(topics, d.pick(v.vocabulary.popular))
	}
	return topics
}

func appendNew[T comparable](set []T, item T) []T {
	for _, have := range set {
		if have == item {
			return set
		}
	}
	return append(set, item)
}

// Partner makes the partner of a number from 0 to PartnerCount.
func (v *Invented) Partner(i int) matcher.Partner {
	h, d := v.host(i)
	p := matcher.Partner{
		ID:     rowID('p', i, v.digits.partner),
		Name:   h.name() + " (invented)",
		Kind:   h.kind,
		Region: regions[h.region],
	}
	if d.chance(150) {
		seats := int32(d.between(2, 10) * d.tail(20))
		p.MaxSeats = &seats
	}
	if d.chance(250) {
		p.Goals = []string{one(&d, goals)}
	}
	return p
}
