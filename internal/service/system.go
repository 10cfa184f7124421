package service

import (
	"context"
	"errors"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

type systemService struct {
	kindredv1.UnimplementedSystemServiceServer
	*Service
}

func (s *systemService) GetServerInfo(ctx context.Context, req *kindredv1.GetServerInfoRequest) (*kindredv1.GetServerInfoResponse, error) {
	info := &kindredv1.GetServerInfoResponse{Version: s.Version, Limits: limits()}
	h, err := s.Store.Head(ctx, req.GetDistrict())
	switch {
	case err == nil:
		info.Epoch = uint64(h.Epoch)
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	return info, nil
}
