package kernel

// Exclude clears the bits of a mask that one of the others has.
func Exclude(mask *Mask, others []*Mask) {
	active.exclude(mask, others)
}

func exclude(mask *Mask, others []*Mask) {
	for _, other := range others {
		for i, word := range other {
			mask[i] &^= word
		}
	}
}
