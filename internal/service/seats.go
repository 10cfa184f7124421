package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// placementService keeps the ledger of seats.
type placementService struct {
	kindredv1.UnimplementedPlacementServiceServer
	*Service
	match  *matchService
	expiry *live.Expiry
}

// ReserveSeat implements kindredv1.PlacementServiceServer.
func (p *placementService) ReserveSeat(
	ctx context.Context, req *kindredv1.ReserveSeatRequest,
) (*kindredv1.ReserveSeatResponse, error) {
	var v violations
	v.id("student", req.GetStudent())
	v.id("opportunity", req.GetOpportunity())
	if err := v.err(); err != nil {
		return nil, err
	}
	hold, err := holdOf(req.GetHold())
	if err != nil {
		return nil, err
	}
	r := store.Reservation{ID: p.NewID(), Student: req.GetStudent(), Opportunity: req.GetOpportunity()}
	refused := p.check(ctx, req)
	resp, err := carryOut(p.Service, req,
		func(rq store.Request) (store.Receipt, error) {
			r.Expires = rq.Now.Add(hold)
			return p.reserve(ctx, req.GetDistrict(), rq, r, refused)
		},
		func(receipt store.Receipt) *kindredv1.ReserveSeatResponse {
			return &kindredv1.ReserveSeatResponse{
				Seat:  seatProto(&store.Entry{Reservation: r}),
				Epoch: uint64(receipt.Epoch),
			}
		})
	if refused != nil && isAny(err, refused, store.ErrNotFound, store.ErrNotOffered, store.ErrFull) {
		return nil, refused // which says more
	}
	return resp, p.missingIn(ctx, req.GetDistrict(), err, reasonNoStudent)
}

func isAny(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}

// reserve takes the seat unless the request is to be refused. A retry of a
// request that was carried out gets its answer even so, since the pair may have
// become ineligible by it: whether it is one, only the transaction knows.
func (p *placementService) reserve(
	ctx context.Context, district string, rq store.Request, r store.Reservation, refused error,
) (store.Receipt, error) {
	if refused != nil {
		if rq.ID == "" {
			return store.Receipt{}, refused
		}
		rq.Respond = func(store.Receipt) ([]byte, error) { return nil, refused }
	}
	receipt, err := p.Store.Reserve(ctx, district, rq, r)
	if err == nil && !receipt.Replayed {
		p.expiry.Due(r.Expires)
	}
	return receipt, err
}

// check says why the student may not have the seat; nil when there is no
// reason. Whether there is a seat, and whether it is offered, is left to the
// store, which knows it for certain.
func (p *placementService) check(ctx context.Context, req *kindredv1.ReserveSeatRequest) error {
	snapshot, err := p.match.catalogues.Newest(ctx, req.GetDistrict())
	if err != nil {
		return ofCatalogues(err)
	}
	s, err := p.match.stored(ctx, req.GetDistrict(), req.GetStudent())
	if err != nil {
		return err
	}
	ranking, _ := snapshot.Ranking("")
	o, ok := ranking.Index.Opportunity(req.GetOpportunity())
	if !ok {
		return refuse(reasonNoOpportunity, "")
	}
	partner, _ := ranking.Index.Partner(o.Partner)
	failed := matcher.Failures(&matcher.Query{
		Student: s.Student, Forbidden: s.Forbidden, AsOf: snapshot.AsOf(p.Now()),
	}, o, partner)
	for _, code := range failed {
		if code != matcher.CodeFull && code != matcher.CodeStatus {
			return notEligible(failed)
		}
	}
	return nil
}

func holdOf(d *durationpb.Duration) (time.Duration, error) {
	if d == nil {
		return DefaultHold, nil
	}
	hold := d.AsDuration()
	switch {
	case d.CheckValid() != nil || hold < MinHold:
		return 0, invalid("hold", fmt.Sprintf("must be a duration of at least %v", MinHold))
	case hold > MaxHold:
		return 0, limitExceeded("hold", int(MaxHold/time.Second), "seconds")
	}
	return hold, nil
}

// ConfirmSeat implements kindredv1.PlacementServiceServer.
func (p *placementService) ConfirmSeat(
	ctx context.Context, req *kindredv1.ConfirmSeatRequest,
) (*kindredv1.ConfirmSeatResponse, error) {
	if err := checkSeat(req.GetSeat()); err != nil {
		return nil, err
	}
	// Read before, since the answer is rendered inside the transaction. An entry
	// that is gone is no reason yet to refuse what may be a retry.
	entry, err := p.Store.Entry(ctx, req.GetDistrict(), req.GetSeat(), p.Now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	resp, err := carryOut(p.Service, req,
		func(rq store.Request) (store.Receipt, error) {
			if entry == nil && rq.ID == "" {
				return store.Receipt{}, store.ErrNotFound
			}
			return p.Store.Confirm(ctx, req.GetDistrict(), rq, req.GetSeat())
		},
		func(receipt store.Receipt) *kindredv1.ConfirmSeatResponse {
			resp := &kindredv1.ConfirmSeatResponse{Epoch: uint64(receipt.Epoch)}
			if entry != nil {
				placed := store.Entry{Reservation: entry.Reservation, Placed: true}
				resp.Seat = seatProto(&placed)
			}
			return resp
		})
	return resp, p.missingIn(ctx, req.GetDistrict(), err, reasonNoSeat)
}

// ReleaseSeat implements kindredv1.PlacementServiceServer.
func (p *placementService) ReleaseSeat(
	ctx context.Context, req *kindredv1.ReleaseSeatRequest,
) (*kindredv1.ReleaseSeatResponse, error) {
	if err := checkSeat(req.GetSeat()); err != nil {
		return nil, err
	}
	resp, err := carryOut(p.Service, req,
		func(rq store.Request) (store.Receipt, error) {
			return p.Store.Release(ctx, req.GetDistrict(), rq, req.GetSeat())
		},
		func(receipt store.Receipt) *kindredv1.ReleaseSeatResponse {
			return &kindredv1.ReleaseSeatResponse{Epoch: uint64(receipt.Epoch)}
		})
	return resp, p.missingIn(ctx, req.GetDistrict(), err, reasonNoSeat)
}

func checkSeat(id string) error {
	var v violations
	v.id("seat", id)
	return v.err()
}

func seatProto(e *store.Entry) *kindredv1.Seat {
	s := &kindredv1.Seat{
		Seat:        e.ID,
		Student:     e.Student,
		Opportunity: e.Opportunity,
		State:       kindredv1.SeatState_SEAT_STATE_PLACED,
	}
	if !e.Placed {
		s.State = kindredv1.SeatState_SEAT_STATE_RESERVED
		s.ExpireTime = timestamppb.New(e.Expires)
	}
	return s
}
