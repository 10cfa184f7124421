package kernel

// CardHead is how many numbers of a card come before its tags: a place and a factor.
const CardHead = 2

// Units sets dst to the units of documents by their cards: at[doc] is where a
// document's begins in words, and at[doc+1] where it ends. After its head come a
// multiple of four tags, each with its weight in the lower half, and its own number in
// the upper. A document's units are its factor times the sum of what each tag's
// product, by its number, gives times the weight.
func Units(dst []int64, words, at, docs []uint32, products []int64) {
	if len(docs) > 0 {
		active.units(dst[:len(docs)], words, at, docs, products)
	}
}

func units(dst []int64, words, at, docs []uint32, products []int64) {
	for i, doc := range docs {
		card := words[at[doc]:at[doc+1]]
		factor, tags := int64(card[1]), card[CardHead:]
		var sum int64
		for ; len(tags) >= 4; tags = tags[4:] {
			a, b, c, d := tags[0], tags[1], tags[2], tags[3]
			sum += products[a>>16]*int64(a&0xffff) + products[b>>16]*int64(b&0xffff) +
				products[c>>16]*int64(c&0xffff) + products[d>>16]*int64(d&0xffff)
		}
		dst[i] = factor * sum
	}
}
