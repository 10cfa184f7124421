package kernel

var portable = loops{name: "portable", collect: collect}

func collect(sums *Sums, columns []Column, threshold, keep uint8, mask *Mask) {
	for i := range columns {
		c := &columns[i]
		for b := range Blocks {
			block := (*[64]uint8)(sums[b*64:])
			levels := (*[32]uint8)(c.Levels[b*32:])
			for j, l := range levels {
				block[j] = saturated(block[j], c.Table[l&15])
				block[j+32] = saturated(block[j+32], c.Table[l>>4])
			}
		}
	}
	for b := range Blocks {
		var word uint64
		block := (*[64]uint8)(sums[b*64:])
		for j, sum := range block {
			if sum >= threshold {
				word |= 1 << j
			}
			block[j] = sum & keep
		}
		mask[b] = word
	}
}

func saturated(a, b uint8) uint8 { return uint8(min(uint(a)+uint(b), 255)) }
