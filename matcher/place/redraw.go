package place

// Redraw is the same problem with another lottery: what NewProblem makes of it,
// and the lists and Weigh with it. The two share what doesn't depend on the
// order of students.
func (p *Problem) Redraw(l Lottery) *Problem {
	q := *p
	q.Lottery = l
	numbers := l.Numbers(p.Students)
	order := l.order(p.Students, numbers) // by new number the old one
	q.Students, q.Numbers = permuted(p.Students, order), permuted(numbers, order)
	q.StudentRows = permuted(p.StudentRows, order)
	q.Locked, q.Standing = permuted(p.Locked, order), permuted(p.Standing, order)
	q.groups, q.tiers = permutedSpans(&p.groups, order), permutedSpans(&p.tiers, order)
	q.Lists = p.Lists.permuted(order)
	if weigh := p.Weigh; weigh != nil {
		q.Weigh = func(student, opportunity int32) int32 { return weigh(order[student], opportunity) }
	}
	return &q
}

func permuted[T any](rows []T, order []int32) []T {
	other := make([]T, len(rows))
	for i, at := range order {
		other[i] = rows[at]
	}
	return other
}

func permutedSpans[T any](s *spans[T], order []int32) spans[T] {
	other := spans[T]{first: make([]int32, 1, len(s.first)), rows: make([]T, 0, len(s.rows))}
	for _, at := range order {
		other.rows = append(other.rows, s.of(at)...)
		other.first = append(other.first, int32(len(other.rows)))
	}
	return other
}

func (l *Lists) permuted(order []int32) Lists {
	if l.Len() == 0 {
		return Lists{}
	}
	spread := func(values []int32) spans[int32] {
		return permutedSpans(&spans[int32]{l.First, values}, order)
	}
	opportunities := spread(l.Opportunity)
	return Lists{
		First: opportunities.first, Opportunity: opportunities.rows,
		Rank: spread(l.Rank).rows, Weight: spread(l.Weight).rows,
		Ineligible: permuted(l.Ineligible, order),
	}
}
