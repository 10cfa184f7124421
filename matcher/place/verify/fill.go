package verify

import (
	"cmp"
	"context"
	"slices"
)

// filler is an opportunity that may have a free seat for a student.
type filler struct {
	offer int32
	score float64
}

// fillBlock is for how many students is worked out at once what may be left for
// them.
const fillBlock = 256

// fill gives, in the order of the lottery, everybody without a placement the
// eligible opportunity with a free seat that has the best score, ties by id. One
// that would be cancelled under its minimum is not opened for it.
func (m *market) fill(ctx context.Context, f *placement) error {
	if !m.options.Fill {
		return nil
	}
	l := m.newLedger(m.run.summary.Objective == stable)
	for s, o := range f.at {
		if o >= 0 {
			l.force(int32(s), o)
		}
	}
	may := make([][]filler, fillBlock)
	for from := 0; from < len(f.at); from += fillBlock {
		to := min(from+fillBlock, len(f.at))
		err := m.share(ctx, from, to, func(s int32, w *work) {
			if f.at[s] < 0 {
				may[int(s)-from] = m.fillers(f, l, s, w)
			}
		})
		if err != nil {
			return err
		}
		for s := from; s < to; s++ {
			if f.at[s] >= 0 {
				continue
			}
			for _, c := range may[s-from] {
				if l.take(int32(s), c.offer) {
					f.put(int32(s), c.offer)
					f.filled[s] = true
					break
				}
			}
		}
		m.progress("filling", int64(to), int64(len(f.at)))
	}
	return nil
}

// fillers are the opportunities that may have a free seat for a student at the
// end, the best first. Seats are never given back, so it doesn't matter that
// others come first who take some.
func (m *market) fillers(f *placement, l *ledger, s int32, w *work) []filler {
	given := make(map[string]float64, len(m.scored[s]))
	for _, r := range m.scored[s] {
		given[r.Opportunity] = r.Score
	}
	profile := m.scorer.profile(&m.in.Students[m.rows[s]])
	profile.all(w.units, m.offers)
	var found []filler
	for at := range m.offers {
		o, offer := int32(at), &m.offers[at]
		if l.left[o] == 0 || offer.cancels && f.counts[o] < offer.minimum || !m.eligible(s, o) {
			continue
		}
		score := profile.shown(w.units[o])
		if len(given) > 0 {
			if row, there := given[offer.row.ID]; there {
				score = row
			}
		}
		found = append(found, filler{o, score})
	}
	slices.SortFunc(found, func(a, b filler) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.offer, b.offer)) })
	return found
}
