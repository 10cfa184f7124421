package service

import (
	"context"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// vocabularyFor returns the district's vocabulary when it takes one to check
// the tags: only with more of them than are allowed can synonyms matter. Else
// it returns nil.
func (s *Service) vocabularyFor(ctx context.Context, district string, tags ...[]matcher.Weighted) (*matcher.Vocabulary, error) {
	for _, own := range tags {
		if len(own) > matcher.MaxOwnTags {
			return s.vocabulary(ctx, district)
		}
	}
	return nil, nil
}

func (s *Service) vocabulary(ctx context.Context, district string) (*matcher.Vocabulary, error) {
	tags, err := s.allTags(ctx, district)
	if err != nil {
		return nil, err
	}
	return matcher.NewVocabulary(tags)
}

// allTags reads the listed tags. A write between two pages may tear them apart;
// the store checks again in its transaction.
func (s *Service) allTags(ctx context.Context, district string) ([]matcher.Tag, error) {
	var tags []matcher.Tag
	after := ""
	for {
		records, err := s.Store.Tags(ctx, district, after, MaxPageSize)
		if err != nil {
			return nil, err
		}
		for i := range records {
			tags = append(tags, records[i].Tag)
		}
		if len(records) < MaxPageSize {
			return tags, nil
		}
		after = records[len(records)-1].ID
	}
}

// statisticsOf computes the statistics of a state.
func statisticsOf(st *store.State) (matcher.Statistics, error) {
	tags := make([]matcher.Tag, len(st.Tags))
	for i := range st.Tags {
		tags[i] = st.Tags[i].Tag
	}
	v, err := matcher.NewVocabulary(tags)
	if err != nil {
		return matcher.Statistics{}, err
	}
	opportunities := make([]matcher.Opportunity, len(st.Opportunities))
	for i := range st.Opportunities {
		opportunities[i] = st.Opportunities[i].Opportunity
	}
	return matcher.StatisticsOf(v, opportunities, st.Settings.AncestorDecay), nil
}
