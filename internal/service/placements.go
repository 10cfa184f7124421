package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/kindred-match/kindred/internal/runs"
	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// CreatePlacement implements kindredv1.PlacementServiceServer.
func (p *placementService) CreatePlacement(
	ctx context.Context, req *kindredv1.CreatePlacementRequest,
) (*kindredv1.CreatePlacementResponse, error) {
	var v violations
	v.id("student", req.GetStudent())
	v.id("opportunity", req.GetOpportunity())
	v.text("reason", req.GetReason())
	if err := v.err(); err != nil {
		return nil, err
	}
	placed := store.NewPlacement{
		ID: p.NewID(), Student: req.GetStudent(), Opportunity: req.GetOpportunity(), Reason: req.GetReason(),
	}
	resp, err := carryOut(p.Service, req,
		func(rq store.Request) (store.Receipt, error) {
			return p.Store.CreatePlacement(ctx, req.GetDistrict(), rq, placed)
		},
		func(receipt store.Receipt) *kindredv1.CreatePlacementResponse {
			entry := store.Entry{Reservation: store.Reservation{
				ID: placed.ID, Student: placed.Student, Opportunity: placed.Opportunity,
			}, Placed: true}
			return &kindredv1.CreatePlacementResponse{Seat: seatProto(&entry), Epoch: uint64(receipt.Epoch)}
		})
	return resp, p.missingOf(ctx, req.GetDistrict(), req.GetStudent(), reasonNoOpportunity, err)
}

// WithdrawPlacement implements kindredv1.PlacementServiceServer.
func (p *placementService) WithdrawPlacement(
	ctx context.Context, req *kindredv1.WithdrawPlacementRequest,
) (*kindredv1.WithdrawPlacementResponse, error) {
	var v violations
	v.id("student", req.GetStudent())
	v.text("reason", req.GetReason())
	if err := v.err(); err != nil {
		return nil, err
	}
	resp, err := carryOut(p.Service, req,
		func(rq store.Request) (store.Receipt, error) {
			return p.Store.WithdrawPlacement(ctx, req.GetDistrict(), rq, req.GetStudent(), req.GetReason())
		},
		func(receipt store.Receipt) *kindredv1.WithdrawPlacementResponse {
			return &kindredv1.WithdrawPlacementResponse{Epoch: uint64(receipt.Epoch)}
		})
	return resp, p.missingOf(ctx, req.GetDistrict(), req.GetStudent(), reasonNoPlacement, err)
}

// missingOf tells a student that isn't there from something else that isn't.
func (p *placementService) missingOf(ctx context.Context, district, student string, other reason, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if _, err := p.Store.Student(ctx, district, student); err == nil {
		return refuse(other, "")
	}
	return p.missingIn(ctx, district, err, reasonNoStudent)
}

// text reports text that is too long or has what no text may have.
func (v *violations) text(field, text string) {
	if len(text) > matcher.MaxTextBytes {
		v.add(field, fmt.Sprintf("must be at most %d bytes", matcher.MaxTextBytes))
	}
}

// ListPlacements implements kindredv1.PlacementServiceServer.
func (p *placementService) ListPlacements(
	ctx context.Context, req *kindredv1.ListPlacementsRequest,
) (*kindredv1.ListPlacementsResponse, error) {
	resp := &kindredv1.ListPlacementsResponse{}
	var err error
	if req.GetRun() == "" {
		resp.Placements, resp.NextPageToken, err = listByID(ctx, p.Service, req, p.Store.Placements,
			func(r *store.Placement) string { return r.Student }, placementProto)
		return resp, err
	}
	r, err := p.run(ctx, req.GetDistrict(), req.GetRun())
	if err != nil {
		return nil, err
	}
	if r.State != store.RunDraft && r.State != store.RunPublished {
		return nil, notDraft(r)
	}
	resp.Placements, resp.NextPageToken, err = listByID(ctx, p.Service, req,
		func(ctx context.Context, district, after string, limit int) ([]store.RunPlacement, error) {
			return p.Store.RunPlacements(ctx, district, r.ID, after, limit)
		},
		func(r *store.RunPlacement) string { return r.Student }, outcomeProto(r.ID))
	return resp, err
}

// notDraft refuses what only a draft or a published run has.
func notDraft(r *store.Run) error {
	return refuse(reasonRunState, fmt.Sprintf("the run is %s, neither a draft nor published", r.State))
}

// DiffRun implements kindredv1.PlacementServiceServer.
func (p *placementService) DiffRun(ctx context.Context, req *kindredv1.DiffRunRequest) (*kindredv1.DiffRunResponse, error) {
	page, err := pageOf(req)
	if err != nil {
		return nil, err
	}
	for _, id := range []string{req.GetRun(), req.GetBase()} {
		if id == "" && req.GetRun() != "" {
			continue
		}
		r, err := p.run(ctx, req.GetDistrict(), id)
		if err != nil {
			return nil, err
		}
		if r.State != store.RunDraft && r.State != store.RunPublished {
			return nil, notDraft(r)
		}
	}
	d, err := p.Runs.Diff(ctx, req.GetDistrict(), req.GetRun(), req.GetBase())
	if err != nil {
		return nil, missing(err, reasonNoRun)
	}
	return p.diffPage(ctx, req.GetDistrict(), d, page)
}

// diffPage is a page of what is different: opportunities by id, with who leaves
// them, and who comes to them from none.
func (p *placementService) diffPage(ctx context.Context, district string, d *runs.Diff, at page) (*kindredv1.DiffRunResponse, error) {
	resp := diffProto(d)
	from, found := slices.BinarySearchFunc(d.Opportunities, at.cursor, func(o runs.OpportunityDiff, id string) int {
		return cmp.Compare(o.Opportunity, id)
	})
	if found {
		from++
	}
	flows := make(map[string][]*kindredv1.StudentFlow) // by the opportunity that they are told with
	for _, f := range d.Flows {
		with := f.From
		if with == "" {
			with = f.To
		}
		flows[with] = append(flows[with], &kindredv1.StudentFlow{From: f.From, To: f.To, Students: f.Students})
	}
	bytes := 0
	for i, o := range d.Opportunities[from:] {
		if i == at.limit || bytes >= maxPageBytes {
			resp.NextPageToken = at.key.token(d.Opportunities[from+i-1].Opportunity)
			break
		}
		row := &kindredv1.OpportunityDiff{
			Opportunity: o.Opportunity, Before: o.Before, After: o.After, Arrive: o.Arrive, Leave: o.Depart,
		}
		if kept, err := p.Store.Opportunity(ctx, district, o.Opportunity); err == nil {
			row.Title = kept.Title
		} else if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		resp.Opportunities = append(resp.Opportunities, row)
		resp.Flows = append(resp.Flows, flows[o.Opportunity]...)
		bytes += proto.Size(row)
		for _, f := range flows[o.Opportunity] {
			bytes += proto.Size(f)
		}
	}
	return resp, nil
}

// ExplainPlacement implements kindredv1.PlacementServiceServer.
func (p *placementService) ExplainPlacement(
	ctx context.Context, req *kindredv1.ExplainPlacementRequest,
) (*kindredv1.ExplainPlacementResponse, error) {
	var v violations
	v.id("run", req.GetRun())
	v.id("student", req.GetStudent())
	v.optionalID("opportunity", req.GetOpportunity())
	if err := v.err(); err != nil {
		return nil, err
	}
	e, err := p.Runs.Explain(ctx, req.GetDistrict(), req.GetRun(), req.GetStudent(), req.GetOpportunity())
	if err != nil {
		return nil, p.missingIn(ctx, req.GetDistrict(), err, reasonNoRun)
	}
	return explanationProto(e), nil
}
