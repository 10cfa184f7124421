package matcher

import "github.com/kindred-match/kindred/matcher/internal/kernel"

// cards are records of documents made for scoring many of them: a document's
// stands in one or two cache lines, with all else that its score and its rank
// need. It begins with the document's place in the order of ids and its boost
// factor; then come its tags, each with its weight, in one number where the
// vocabulary is small enough and else in two, filled up to a multiple of four
// tags with one that no query has.
type cards struct {
	at    []uint32 // where each document's card begins; one more at the end
	words []uint32
	wide  bool // a tag takes two numbers
}

const cardHead = 2

// newCards makes the cards of a segment's documents. The boost factor is by
// document.
func newCards(s *segment, tags int, boost func(doc uint32) int64) *cards {
	c := &cards{
		at:    make([]uint32, 1, s.len()+1),
		words: make([]uint32, 0, len(s.records)/perTag*5/4+(cardHead+2)*s.len()),
		wide:  tags >= 1<<16,
	}
	for doc := range uint32(s.len()) {
		c.words = append(c.words, s.place[doc], uint32(boost(doc)))
		n := 0
		for packed := s.packed(doc); len(packed) > 0; packed = packed[perTag:] {
			c.add(unpack(packed))
			n++
		}
		for ; n%4 != 0; n++ {
			c.add(TagID(tags), 0)
		}
		c.at = append(c.at, uint32(len(c.words)))
	}
	kernel.Huge(c.words)
	return c
}

func (c *cards) add(t TagID, weight uint16) {
	if c.wide {
		c.words = append(c.words, t, uint32(weight))
	} else {
		c.words = append(c.words, t<<16|uint32(weight))
	}
}

// prefetch asks for a document's card.
func (c *cards) prefetch(doc uint32) {
	at := c.at[doc]
	kernel.Prefetch(&c.words[at])
	kernel.Prefetch(&c.words[min(int(at)+16, len(c.words)-1)])
}

// gain is what a tag of the query contributes with: P and G, or P G in product.
type gain struct{ p, g, product int64 }

// score is the units of a document. Gains are by TagID, with one more for the
// tag that fills up.
func (c *cards) score(doc uint32, gains []gain, overlap bool) (units int64, place uint32) {
	card := c.words[c.at[doc]:c.at[doc+1]]
	head, tags := card[:cardHead], card[cardHead:]
	var sum int64
	switch {
	case c.wide:
		for ; len(tags) >= 2; tags = tags[2:] {
			sum += gains[tags[0]].of(int64(tags[1]), overlap)
		}
	case overlap:
		for _, t := range tags {
			g := &gains[t>>16]
			sum += g.g * min(g.p, int64(t&0xffff))
		}
	default:
		for ; len(tags) >= 4; tags = tags[4:] {
			a, b := tags[0], tags[1]
			x, y := tags[2], tags[3]
			sum += gains[a>>16].product*int64(a&0xffff) + gains[b>>16].product*int64(b&0xffff) +
				gains[x>>16].product*int64(x&0xffff) + gains[y>>16].product*int64(y&0xffff)
		}
	}
	return sum * int64(head[1]), head[0]
}

func (g *gain) of(weight int64, overlap bool) int64 {
	if overlap {
		return g.g * min(g.p, weight)
	}
	return g.product * weight
}
