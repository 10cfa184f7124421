package service

import (
	"context"
	"errors"
	"slices"

	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

func (c *catalogService) GetSettings(ctx context.Context, req *kindredv1.GetSettingsRequest) (*kindredv1.GetSettingsResponse, error) {
	h, err := c.Store.Head(ctx, req.GetDistrict())
	if err != nil {
		return nil, missing(err, reasonNoDistrict)
	}
	return &kindredv1.GetSettingsResponse{Settings: settingsProto(&h.Settings, h.Settings.Revision)}, nil
}

// UpdateSettings writes on the condition that the settings are those that it
// read, also without a mask: whether statistics must be computed anew depends
// on what changes.
func (c *catalogService) UpdateSettings(ctx context.Context, req *kindredv1.UpdateSettingsRequest) (*kindredv1.UpdateSettingsResponse, error) {
	var v violations
	if req.GetSettings() == nil {
		return nil, invalid("settings", ruleGiven)
	}
	fields := maskOf(req.GetUpdateMask(), req.GetSettings(), &v)
	etag := revisionOf(req.GetEtag(), &v)
	if err := v.err(); err != nil {
		return nil, err
	}
	for range maxAttempts {
		answer, err := c.updateSettings(ctx, req, fields, etag)
		if etag != 0 || !errors.Is(err, store.ErrConflict) {
			return answer, err
		}
	}
	return nil, refuse(reasonConcurrentChanges, "")
}

func (c *catalogService) updateSettings(
	ctx context.Context, req *kindredv1.UpdateSettingsRequest, fields mask, etag store.Revision,
) (*kindredv1.UpdateSettingsResponse, error) {
	kept := store.DefaultSettings()
	h, err := c.Store.Head(ctx, req.GetDistrict())
	switch {
	case err == nil:
		kept = h.Settings
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	row := req.GetSettings()
	if fields != nil {
		row = settingsProto(&kept, kept.Revision)
		fields.apply(row, req.GetSettings())
	}
	var v violations
	settings := settingsOf(row, v.under("settings"))
	if err := v.err(); err != nil {
		return nil, err
	}
	settings.Revision = kept.Revision
	if etag != 0 {
		settings.Revision = etag
	}
	w := store.Write{Settings: &settings}
	var refreshed store.Revision // of the settings, from within the write
	if settings.AncestorDecay != kept.AncestorDecay || settings.IDF != kept.IDF {
		w.Refresh = func(st *store.State) (matcher.Statistics, error) {
			refreshed = st.Settings.Revision
			return statisticsOf(st)
		}
	}
	return carryOut(c.Service, req, func(rq store.Request) (store.Receipt, error) {
		return c.Store.Write(ctx, req.GetDistrict(), rq, w)
	}, func(r store.Receipt) *kindredv1.UpdateSettingsResponse {
		revision := store.Revision(r.Epoch)
		if w.Refresh != nil {
			revision = refreshed // the last epoch may be that of the statistics
		} else if sameSettings(&settings, &kept) {
			revision = kept.Revision
		}
		return &kindredv1.UpdateSettingsResponse{Settings: settingsProto(&settings, revision), Epoch: uint64(r.Epoch)}
	})
}

// sameSettings: writing a in place of b changes nothing.
func sameSettings(a, b *store.Settings) bool {
	return a.AncestorDecay == b.AncestorDecay && a.IDF == b.IDF && slices.Equal(a.Measures, b.Measures) &&
		a.TimeZone == b.TimeZone && a.RetentionDays == b.RetentionDays
}

func (c *catalogService) RefreshStatistics(ctx context.Context, req *kindredv1.RefreshStatisticsRequest) (*kindredv1.RefreshStatisticsResponse, error) {
	if err := c.known(ctx, req.GetDistrict()); err != nil {
		return nil, err
	}
	return carryOut(c.Service, req, func(rq store.Request) (store.Receipt, error) {
		return c.Store.Write(ctx, req.GetDistrict(), rq, store.Write{Refresh: statisticsOf})
	}, func(r store.Receipt) *kindredv1.RefreshStatisticsResponse {
		return &kindredv1.RefreshStatisticsResponse{Epoch: uint64(r.Epoch)}
	})
}
