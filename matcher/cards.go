package matcher

import (
	"iter"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// cards are records of documents made for scoring many of them: a document's
// stands in one or two cache lines, with all else that its score and its rank
// need. It begins with the document's place in the order of ids and its boost
// factor; then come its tags, each with its weight, in one number where the
// vocabulary is small enough and else in two. With a tag that no query has it is
// filled up to a multiple of four tags, and to as many as most cards have, so that
// loops over them end alike.
type cards struct {
	at    []uint32 // where each document's card begins; one more at the end
	words []uint32
	wide  bool // a tag takes two numbers; the tag that fills up has one, too
}

// usualTags is how many tags a card has at least.
const usualTags = 12

// newCards makes the cards of a segment's documents. The boost factor is by
// document.
func newCards(s *segment, tags int, boost func(doc uint32) int64) *cards {
	c := &cards{at: make([]uint32, s.len()+1), wide: tags >= 1<<16}
	each := 1
	if c.wide {
		each = 2
	}
	for doc := range uint32(s.len()) {
		n := max(usualTags, (len(s.packed(doc))/int(s.packing)+3)/4*4)
		c.at[doc+1] = c.at[doc] + uint32(kernel.CardHead+n*each)
	}
	c.words = make([]uint32, 0, c.at[s.len()])
	for doc := range uint32(s.len()) {
		c.words = append(c.words, s.place[doc], uint32(boost(doc)))
		for packed := s.packed(doc); len(packed) > 0; packed = packed[s.packing:] {
			c.add(s.packing.unpack(packed))
		}
		for len(c.words) < int(c.at[doc+1]) {
			c.add(TagID(tags), 0)
		}
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

// tags yields a document's tags with their weights.
func (c *cards) tags(doc uint32) iter.Seq2[TagID, uint32] {
	return func(yield func(TagID, uint32) bool) {
		for tags := c.words[c.at[doc]+kernel.CardHead : c.at[doc+1]]; len(tags) > 0; {
			t, weight := tags[0]>>16, tags[0]&0xffff
			if c.wide {
				t, weight, tags = tags[0], tags[1], tags[1:]
			}
			tags = tags[1:]
			if weight > 0 && !yield(t, weight) {
				return
			}
		}
	}
}

// gains are what the tags of a query contribute with, by TagID, 0 but for
// those; one more for the tag that fills up. Products are P G; where parts
// aren't their multiples, pairs has P and G.
type gains struct {
	products []int64
	pairs    []gain // nil but for the overlap measure
}

type gain struct{ p, g int64 }

func newGains(tags int, overlap bool) gains {
	g := gains{products: make([]int64, tags+1)}
	if overlap {
		g.pairs = make([]gain, tags+1)
	}
	return g
}

func (g *gains) set(t TagID, p, importance int64) {
	g.products[t] = p * importance
	if g.pairs != nil {
		g.pairs[t] = gain{p, importance}
	}
}

// part is what a tag of that weight adds.
func (g *gains) part(t TagID, weight int64) int64 {
	if g.pairs != nil {
		return g.pairs[t].g * min(g.pairs[t].p, weight)
	}
	return g.products[t] * weight
}

// place is a document's in the order of ids.
func (c *cards) place(doc uint32) uint32 { return c.words[c.at[doc]] }

// units is what a document scores.
func (c *cards) units(doc uint32, g *gains) int64 {
	card := c.words[c.at[doc]:c.at[doc+1]]
	factor, tags := int64(card[1]), card[kernel.CardHead:] // card[0] is the place
	var sum int64
	switch {
	case c.wide:
		for ; len(tags) >= 2; tags = tags[2:] {
			sum += g.part(tags[0], int64(tags[1]))
		}
	case g.pairs != nil:
		for _, t := range tags {
			x := &g.pairs[t>>16]
			sum += x.g * min(x.p, int64(t&0xffff))
		}
	default:
		for _, t := range tags {
			sum += g.products[t>>16] * int64(t&0xffff)
		}
	}
	return factor * sum
}

// score sets dst to the units of the documents.
func (c *cards) score(dst []int64, docs []uint32, g *gains) {
	if !c.wide && g.pairs == nil {
		kernel.Units(dst, c.words, c.at, docs, g.products)
		return
	}
	for i, doc := range docs {
		dst[i] = c.units(doc, g)
	}
}
