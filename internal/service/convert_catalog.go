package service

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// The functions named xOf turn the API's x into the domain's and report what
// is malformed; those named xProto turn the domain's into the API's.

func tagOf(t *kindredv1.Tag) matcher.Tag {
	return matcher.Tag{
		ID:         t.GetTag(),
		Label:      t.GetLabel(),
		Parent:     t.GetParent(),
		Importance: orDefault(t.Importance, 1),
		Synonyms:   t.GetSynonyms(),
	}
}

func tagProto(t *matcher.Tag, r store.Revision) *kindredv1.Tag {
	return &kindredv1.Tag{
		Tag:        t.ID,
		Label:      t.Label,
		Parent:     t.Parent,
		Importance: &t.Importance,
		Synonyms:   t.Synonyms,
		Etag:       etagOf(r),
	}
}

func tagRecordProto(r *store.TagRecord) *kindredv1.Tag { return tagProto(&r.Tag, r.Revision) }

func partnerOf(p *kindredv1.Partner, report matcher.Report) matcher.Partner {
	return matcher.Partner{
		ID:       p.GetPartner(),
		Name:     p.GetName(),
		Kind:     partnerKinds.domain(p.GetKind(), "kind", report),
		Region:   p.GetRegion(),
		MaxSeats: p.MaxSeats,
		Goals:    p.GetGoals(),
	}
}

func partnerProto(p *matcher.Partner, r store.Revision) *kindredv1.Partner {
	return &kindredv1.Partner{
		Partner:  p.ID,
		Name:     p.Name,
		Kind:     kindredv1.PartnerKind(partnerKinds.number(p.Kind)),
		Region:   p.Region,
		MaxSeats: p.MaxSeats,
		Goals:    p.Goals,
		Etag:     etagOf(r),
	}
}

func partnerRecordProto(r *store.PartnerRecord) *kindredv1.Partner {
	p := partnerProto(&r.Partner, r.Revision)
	p.SeatsTaken = r.Taken
	return p
}

func opportunityOf(o *kindredv1.Opportunity, report matcher.Report) matcher.Opportunity {
	return matcher.Opportunity{
		ID:        o.GetOpportunity(),
		Partner:   o.GetPartner(),
		Title:     o.GetTitle(),
		Kind:      opportunityKinds.domain(o.GetKind(), "kind", report),
		Term:      o.GetTerm(),
		Seats:     orDefault(o.Seats, 1),
		MinSeats:  o.GetMinSeats(),
		MinPolicy: cmp.Or(minPolicies.domain(o.GetMinPolicy(), "min_policy", report), matcher.MinHard),
		Grades:    o.GetGrades(),
		Regions:   o.GetRegions(),
		Remote:    o.GetRemote(),
		Slots:     o.GetSlots(),
		Requires:  o.GetRequires(),
		MinAge:    o.MinAge,
		Position:  positionOf(o.Latitude, o.Longitude, report),
		Opens:     dateOf(o.GetOpens(), "opens", report),
		Closes:    dateOf(o.GetCloses(), "closes", report),
		Goals:     o.GetGoals(),
		Boost:     orDefault(o.Boost, 1),
		Status:    cmp.Or(statuses.domain(o.GetStatus(), "status", report), matcher.Published),
		Tags:      weightedOf(o.GetTags(), "tags", report),
	}
}

func opportunityProto(o *matcher.Opportunity, r store.Revision) *kindredv1.Opportunity {
	latitude, longitude := positionProto(o.Position)
	return &kindredv1.Opportunity{
		Opportunity: o.ID,
		Partner:     o.Partner,
		Title:       o.Title,
		Kind:        kindredv1.OpportunityKind(opportunityKinds.number(o.Kind)),
		Term:        o.Term,
		Seats:       &o.Seats,
		MinSeats:    o.MinSeats,
		MinPolicy:   kindredv1.MinPolicy(minPolicies.number(o.MinPolicy)),
		Grades:      o.Grades,
		Regions:     o.Regions,
		Remote:      o.Remote,
		Slots:       o.Slots,
		Requires:    o.Requires,
		MinAge:      o.MinAge,
		Latitude:    latitude,
		Longitude:   longitude,
		Opens:       o.Opens.String(),
		Closes:      o.Closes.String(),
		Goals:       o.Goals,
		Boost:       &o.Boost,
		Status:      kindredv1.OpportunityStatus(statuses.number(o.Status)),
		Tags:        weightedProto(o.Tags),
		Etag:        etagOf(r),
	}
}

func opportunityRecordProto(r *store.OpportunityRecord) *kindredv1.Opportunity {
	o := opportunityProto(&r.Opportunity, r.Revision)
	o.SeatsTaken = r.Taken
	return o
}

// settingsOf checks settings too: the domain has no rules of its own for them.
func settingsOf(s *kindredv1.Settings, report matcher.Report) store.Settings {
	settings := store.DefaultSettings()
	settings.IDF = s.GetIdf()
	settings.RetentionDays = s.GetRetentionDays()
	if d := s.AncestorDecay; d != nil {
		if *d >= 0 && *d <= 1 {
			settings.AncestorDecay = matcher.Weight(math.Round(10000 * *d))
		} else {
			report("ancestor_decay", "must be a number from 0 to 1")
		}
	}
	if len(s.GetMeasures()) > 0 {
		settings.Measures = measuresOf(s.GetMeasures(), report)
	}
	if zone := s.GetTimeZone(); zone != "" {
		settings.TimeZone = zone
		if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
			report("time_zone", "must be the name of an IANA time zone")
		}
	}
	if n := settings.RetentionDays; n < 0 || n > matcher.MaxInteger {
		report("retention_days", ruleInteger)
	}
	return settings
}

func measuresOf(values []kindredv1.Measure, report matcher.Report) []matcher.Measure {
	var offered []matcher.Measure
	for _, value := range values {
		m := measures.domain(value, "measures", report)
		if slices.Contains(offered, m) {
			report("measures", "a measure "+ruleTwice)
		} else if m == "" && value == 0 {
			report("measures", fmt.Sprintf("each must be one of %v", matcher.Measures))
		}
		offered = append(offered, m)
	}
	return offered
}

func settingsProto(s *store.Settings, r store.Revision) *kindredv1.Settings {
	decay := matcher.Float(s.AncestorDecay)
	p := &kindredv1.Settings{
		AncestorDecay: &decay,
		Idf:           s.IDF,
		TimeZone:      s.TimeZone,
		RetentionDays: s.RetentionDays,
		Etag:          etagOf(r),
	}
	for _, m := range s.Measures {
		p.Measures = append(p.Measures, kindredv1.Measure(measures.number(m)))
	}
	return p
}

func changeProto(c *store.Change) *kindredv1.Change {
	return &kindredv1.Change{
		Epoch:   uint64(c.Epoch),
		Kind:    kindredv1.ChangeKind(changeKinds.number(c.Kind)),
		Id:      c.ID,
		Deleted: c.Deleted,
	}
}

var ruleWeight = "each weight " + matcher.ErrWeight.Error()

// weightedOf gives the tags in the order of their names. A weight that is none
// is reported, and taken for 1 so that nobody reports it again.
func weightedOf(weights map[string]float64, field string, report matcher.Report) []matcher.Weighted {
	if len(weights) == 0 {
		return nil
	}
	tags := make([]matcher.Weighted, 0, len(weights))
	bad := false
	for tag, weight := range weights {
		w, err := matcher.WeightOf(weight)
		if err != nil {
			w, bad = matcher.One, true
		}
		tags = append(tags, matcher.Weighted{Tag: tag, Weight: w})
	}
	slices.SortFunc(tags, func(a, b matcher.Weighted) int { return strings.Compare(a.Tag, b.Tag) })
	if bad {
		report(field, ruleWeight)
	}
	return tags
}

func weightedProto(tags []matcher.Weighted) map[string]float64 {
	weights := make(map[string]float64, len(tags))
	for _, t := range tags {
		weights[t.Tag] = max(weights[t.Tag], matcher.Float(t.Weight))
	}
	return weights
}

func positionOf(latitude, longitude *float64, report matcher.Report) *matcher.Position {
	switch {
	case latitude == nil && longitude == nil:
		return nil
	case latitude == nil:
		report("latitude", "must be given with longitude")
		return nil
	case longitude == nil:
		report("longitude", "must be given with latitude")
		return nil
	}
	return &matcher.Position{Latitude: *latitude, Longitude: *longitude}
}

func positionProto(p *matcher.Position) (latitude, longitude *float64) {
	if p == nil {
		return nil, nil
	}
	return &p.Latitude, &p.Longitude
}

func dateOf(s, field string, report matcher.Report) matcher.Date {
	if s == "" {
		return 0
	}
	d, err := matcher.ParseDate(s)
	if err != nil {
		report(field, err.Error())
	}
	return d
}

func orDefault[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
