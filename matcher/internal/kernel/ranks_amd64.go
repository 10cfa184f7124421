package kernel

func ranksWithAVX512(ranks []uint32, keys []uint64) {
	if len(keys) > 0 {
		_, _ = ranks[:len(keys)+rankedAtOnce], keys[:len(keys)+rankedAtOnce]
		ranksAVX512(&ranks[0], &keys[0], len(keys))
	}
}

//go:noescape
func ranksAVX512(ranks *uint32, keys *uint64, n int)
