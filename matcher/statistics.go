package matcher

import "math"

// StatisticsOf counts the published opportunities and how many of them have
// each tag after passing up with the given decay. Tags that v lacks are roots.
func StatisticsOf(v *Vocabulary, opportunities []Opportunity, decay Weight) Statistics {
	v = v.Extend(tagNames(opportunities))
	s := newSpreader(v, decay)
	df := make([]int64, v.Len())
	var published int64
	for i := range opportunities {
		if opportunities[i].Status != Published {
			continue
		}
		published++
		s.spread(opportunities[i].Tags)
		for _, t := range s.touched {
			df[t]++
		}
	}
	return statistics(v, published, df)
}

func statistics(v *Vocabulary, published int64, df []int64) Statistics {
	st := Statistics{Published: published, Frequency: make(map[string]int64)}
	for t, n := range df {
		if n > 0 {
			st.Frequency[v.names[t]] = n
		}
	}
	return st
}

// tagNames lists the tags that opportunities name, each occurrence.
func tagNames(opportunities []Opportunity) []string {
	n := 0
	for i := range opportunities {
		n += len(opportunities[i].Tags)
	}
	names := make([]string, 0, n)
	for i := range opportunities {
		for _, w := range opportunities[i].Tags {
			names = append(names, w.Tag)
		}
	}
	return names
}

// importanceOf returns G for each tag of v: round(1000 g), with statistics
// round(1000 g ln(1 + N/df)), and 0 where df is 0.
func importanceOf(v *Vocabulary, st *Statistics) []int64 {
	g := make([]int64, v.Len())
	for t := range g {
		x := float64(1000 * v.importance[t])
		if st != nil {
			df := st.Frequency[v.names[t]]
			if df == 0 {
				continue
			}
			ratio := float64(float64(st.Published) / float64(df))
			x = float64(x * logarithm(float64(1+ratio)))
		}
		g[t] = int64(math.Round(x))
	}
	return g
}

// unlistedImportance is G of a tag that no vocabulary has: without statistics
// that of importance 1, with them 0, since no opportunity has it.
func unlistedImportance(st *Statistics) int64 {
	if st != nil {
		return 0
	}
	return 1000
}
