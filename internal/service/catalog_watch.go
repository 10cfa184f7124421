package service

import (
	"context"

	"google.golang.org/grpc"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

func (c *catalogService) WatchChanges(
	req *kindredv1.WatchChangesRequest, stream grpc.ServerStreamingServer[kindredv1.WatchChangesResponse],
) error {
	if err := checkDistrict(req); err != nil {
		return err
	}
	ctx, stop := c.streamContext(stream.Context())
	defer stop()
	after := store.Epoch(req.GetAfterEpoch())
	for {
		changes, err := c.Store.Changes(ctx, req.GetDistrict(), after, watchBatch)
		if err != nil {
			return causeOf(ctx, missing(err, reasonNoDistrict))
		}
		if len(changes) == 0 {
			if err := c.Store.Wait(ctx, req.GetDistrict(), after); err != nil {
				return causeOf(ctx, err)
			}
			continue
		}
		if err := stream.Send(changesProto(changes)); err != nil {
			return err
		}
		after = changes[len(changes)-1].Epoch
	}
}

func changesProto(changes []store.Change) *kindredv1.WatchChangesResponse {
	m := &kindredv1.WatchChangesResponse{Changes: make([]*kindredv1.Change, len(changes))}
	for i := range changes {
		m.Changes[i] = changeProto(&changes[i])
	}
	return m
}

// causeOf is the error, or why the context ended if it has.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}
