package sqlstore

import (
	"cmp"
	"slices"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// plan is a store.Write sorted by what it concerns. Making it needs no store,
// so that callers do it side by side.
type plan struct {
	write         *store.Write
	tags          kindPlan[matcher.Tag]
	partners      kindPlan[matcher.Partner]
	opportunities kindPlan[matcher.Opportunity]
}

// kindPlan is the mutations of one kind of resource.
type kindPlan[T any] struct {
	puts    []put[T]
	deletes []deletion
	named   map[string]struct{}
}

type put[T any] struct {
	index      int // of the mutation
	id         string
	resource   *T
	contents   []any
	ifRevision store.Revision
}

type deletion struct {
	index      int
	id         string
	ifRevision store.Revision
}

// newPlan checks each mutation on its own.
func newPlan(w *store.Write) (*plan, error) {
	p := &plan{write: w}
	for i := range w.Mutations {
		if err := p.add(i, &w.Mutations[i]); err != nil {
			return nil, err
		}
	}
	if w.Settings != nil {
		return p, checkSettings(w.Settings)
	}
	return p, nil
}

func (p *plan) add(i int, m *store.Mutation) error {
	set := 0
	for _, is := range []bool{
		m.PutTag != nil, m.PutPartner != nil, m.PutOpportunity != nil,
		m.DeleteTag != "", m.DeletePartner != "", m.DeleteOpportunity != "",
	} {
		if is {
			set++
		}
	}
	if set != 1 {
		return violation(i, "mutation", "must put or delete exactly one resource")
	}
	var err error
	report := firstFinding(i, &err)
	switch {
	case m.PutTag != nil:
		m.PutTag.Check(report)
		p.tags.put(i, "tag", m.PutTag.ID, m.PutTag, m.IfRevision, encodeTag, report)
	case m.PutPartner != nil:
		m.PutPartner.Check(report)
		p.partners.put(i, "partner", m.PutPartner.ID, m.PutPartner, m.IfRevision, encodePartner, report)
	case m.PutOpportunity != nil:
		o := m.PutOpportunity
		if !manyTags(o.Tags) { // else Check waits for the vocabulary
			o.Check(nil, report)
		}
		p.opportunities.put(i, "opportunity", o.ID, o, m.IfRevision, encodeOpportunity, report)
	default:
		id := cmp.Or(m.DeleteTag, m.DeletePartner, m.DeleteOpportunity)
		switch d := (deletion{i, id, m.IfRevision}); id {
		case m.DeleteTag:
			p.tags.delete(d, "tag", report)
		case m.DeletePartner:
			p.partners.delete(d, "partner", report)
		default:
			p.opportunities.delete(d, "opportunity", report)
		}
	}
	return err
}

// manyTags says whether only the vocabulary can tell that tags are too many:
// synonyms count once.
func manyTags(tags []matcher.Weighted) bool { return len(tags) > matcher.MaxOwnTags }

func (k *kindPlan[T]) put(
	i int, field, id string, resource *T, ifRevision store.Revision, encode func(*T) []any, report matcher.Report,
) {
	k.name(field, id, report)
	k.puts = append(k.puts, put[T]{i, id, resource, encode(resource), ifRevision})
}

func (k *kindPlan[T]) delete(d deletion, field string, report matcher.Report) {
	k.name(field, d.id, report)
	k.deletes = append(k.deletes, d)
}

func (k *kindPlan[T]) name(field, id string, report matcher.Report) {
	if k.named == nil {
		k.named = make(map[string]struct{})
	}
	if _, again := k.named[id]; again {
		report(field, "occurs twice in the batch")
	}
	k.named[id] = struct{}{}
}

func checkSettings(s *store.Settings) error {
	var err error
	report := firstFinding(-1, &err)
	if s.AncestorDecay > matcher.One {
		report("ancestor_decay", "must be a decimal in [0, 1]")
	}
	if len(s.Measures) == 0 {
		report("measures", "must name at least one measure")
	}
	for i, m := range s.Measures {
		if !slices.Contains(matcher.Measures, m) {
			report("measures", "must be of cosine, dot, overlap")
		}
		if slices.Contains(s.Measures[:i], m) {
			report("measures", "must name a measure once")
		}
	}
	if _, zoneErr := time.LoadLocation(s.TimeZone); zoneErr != nil || s.TimeZone == "" || s.TimeZone == "Local" {
		report("time_zone", "must be an IANA name, such as America/New_York")
	}
	if s.RetentionDays < 0 || s.RetentionDays > matcher.MaxInteger {
		report("retention_days", "must be an integer from 0 to 1,000,000")
	}
	return err
}
