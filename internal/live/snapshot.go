package live

import (
	"fmt"
	"slices"
	"sync"
	"time"
	_ "time/tzdata" // time zones of districts, which the machine may lack

	"golang.org/x/sync/errgroup"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// Snapshot is a district's catalogue at an epoch, ready to be ranked. It is
// immutable.
type Snapshot struct {
	Epoch             store.Epoch
	Settings          store.Settings
	StatisticsVersion uint64
	// Location is the district's time zone.
	Location *time.Location

	rankings []*Ranking // in the order of Settings.Measures
	log      changeLog
	holdings holdings // shared with all that came of the same build
}

// Ranking is a snapshot's index for one measure, with rankers at hand.
type Ranking struct {
	Index   *matcher.Index
	Measure matcher.Measure
	// rankers outlive the snapshot: they move on with its successors.
	rankers *sync.Pool
}

// Ranking finds the index of a measure; empty is the district's default. It
// reports false for one that the district doesn't offer.
func (s *Snapshot) Ranking(m matcher.Measure) (*Ranking, bool) {
	for _, r := range s.rankings {
		if m == "" || r.Measure == m {
			return r, true
		}
	}
	return nil, false
}

// Vocabulary is the tags, those included that only an opportunity names.
func (s *Snapshot) Vocabulary() *matcher.Vocabulary { return s.rankings[0].Index.Vocabulary() }

// AsOf is the day that it is in the district at t.
func (s *Snapshot) AsOf(t time.Time) matcher.Date { return matcher.DateOf(t.In(s.Location)) }

// Acquire gives a ranker of the index to one worker, until Release.
func (r *Ranking) Acquire() *matcher.Ranker {
	if ranker, ok := r.rankers.Get().(*matcher.Ranker); ok {
		ranker.Move(r.Index)
		return ranker
	}
	return r.Index.NewRanker()
}

// Release takes a ranker back.
func (r *Ranking) Release(ranker *matcher.Ranker) { r.rankers.Put(ranker) }

// build makes the indexes of a whole catalogue, one for each measure offered.
func build(state *store.State) (*Snapshot, error) {
	location, err := time.LoadLocation(state.Settings.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("settings: time zone: %w", err)
	}
	measures := state.Settings.Measures
	if len(measures) == 0 {
		return nil, fmt.Errorf("settings: %w: no measure is offered", store.ErrInvalid)
	}
	c := CatalogueOf(state)
	s := &Snapshot{
		Epoch:             state.Epoch,
		Settings:          state.Settings,
		StatisticsVersion: state.StatisticsVersion,
		Location:          location,
		rankings:          make([]*Ranking, len(measures)),
		log:               changeLog{start: state.Epoch},
	}
	var g errgroup.Group
	g.Go(func() error {
		s.holdings = newHoldings(state)
		return nil
	})
	for i, m := range measures {
		g.Go(func() error {
			x, err := matcher.NewIndex(c, matcher.Settings{
				Decay:      state.Settings.AncestorDecay,
				Measure:    m,
				IDF:        state.Settings.IDF,
				Statistics: &state.Statistics,
			})
			s.rankings[i] = &Ranking{Index: x, Measure: m, rankers: new(sync.Pool)}
			return err
		})
	}
	return s, g.Wait()
}

// CatalogueOf is what an index is built from: what is left of seats and caps.
func CatalogueOf(state *store.State) matcher.Catalogue {
	c := matcher.Catalogue{
		Tags:          make([]matcher.Tag, len(state.Tags)),
		Partners:      make([]matcher.Partner, len(state.Partners)),
		Opportunities: make([]matcher.Opportunity, len(state.Opportunities)),
	}
	for i := range state.Tags {
		c.Tags[i] = state.Tags[i].Tag
	}
	for i := range state.Partners {
		c.Partners[i] = partnerLeft(&state.Partners[i])
	}
	for i := range state.Opportunities {
		c.Opportunities[i] = opportunityLeft(&state.Opportunities[i])
	}
	return c
}

// outweighed reports whether so much has changed that it is quicker to build
// everything anew.
func (s *Snapshot) outweighed(d *store.Delta) bool {
	const few = 1000
	return len(d.Opportunities) > few+s.rankings[0].Index.Len()/4
}

// advance is the snapshot after what changed; s itself stays as it is.
func (s *Snapshot) advance(d *store.Delta) (*Snapshot, error) {
	next := *s
	next.Epoch = d.To
	next.rankings = make([]*Ranking, len(s.rankings))
	changed := changes(d)
	for i, r := range s.rankings {
		x, err := r.Index.Apply(changed...)
		if err != nil {
			return nil, err
		}
		next.rankings[i] = &Ranking{Index: x, Measure: r.Measure, rankers: r.rankers}
	}
	next.log = s.log.with(s.holdings.stepOf(d, s.rankings[0].Index))
	return &next, nil
}

// replace is the snapshot with an index of a measure that was merged of what
// the snapshot had at from; what has changed since is made up for.
func (s *Snapshot) replace(m matcher.Measure, from, merged *matcher.Index) (*Snapshot, error) {
	next := *s
	next.rankings = slices.Clone(s.rankings)
	for i, r := range s.rankings {
		if r.Measure != m {
			continue
		}
		x, err := merged.Rebase(from, r.Index)
		if err != nil {
			return nil, err
		}
		next.rankings[i] = &Ranking{Index: x, Measure: m, rankers: r.rankers}
		return &next, nil
	}
	return nil, matcher.ErrUnrelated // the measure is no longer offered
}

func changes(d *store.Delta) []matcher.Change {
	all := make([]matcher.Change, 0,
		len(d.Partners)+len(d.RemovedPartners)+len(d.Opportunities)+len(d.RemovedOpportunities))
	for i := range d.Partners {
		p := partnerLeft(&d.Partners[i])
		all = append(all, matcher.Change{Partner: &p})
	}
	for _, id := range d.RemovedPartners {
		all = append(all, matcher.Change{RemovedPartner: id})
	}
	for i := range d.Opportunities {
		o := opportunityLeft(&d.Opportunities[i])
		all = append(all, matcher.Change{Opportunity: &o})
	}
	for _, id := range d.RemovedOpportunities {
		all = append(all, matcher.Change{RemovedOpportunity: id})
	}
	return all
}

// opportunityLeft is an opportunity whose Seats are what is left of them, as
// an index wants it. Seats may have been cut below what is taken already.
func opportunityLeft(r *store.OpportunityRecord) matcher.Opportunity {
	o := r.Opportunity
	o.Number = r.Number
	o.Seats = max(0, o.Seats-r.Taken)
	return o
}

// partnerLeft is a partner whose MaxSeats are what is left of the cap.
func partnerLeft(r *store.PartnerRecord) matcher.Partner {
	p := r.Partner
	if p.MaxSeats != nil {
		left := max(0, *p.MaxSeats-r.Taken)
		p.MaxSeats = &left
	}
	return p
}
