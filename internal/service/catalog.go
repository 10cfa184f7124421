package service

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"

	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

type catalogService struct {
	kindredv1.UnimplementedCatalogServiceServer
	*Service
}

func (c *catalogService) GetTag(ctx context.Context, req *kindredv1.GetTagRequest) (*kindredv1.GetTagResponse, error) {
	if err := checkID("tag", req.GetTag()); err != nil {
		return nil, err
	}
	r, err := c.Store.Tag(ctx, req.GetDistrict(), req.GetTag())
	if err != nil {
		return nil, c.missingIn(ctx, req.GetDistrict(), err, reasonNoTag)
	}
	return &kindredv1.GetTagResponse{Tag: tagRecordProto(r)}, nil
}

func (c *catalogService) GetPartner(ctx context.Context, req *kindredv1.GetPartnerRequest) (*kindredv1.GetPartnerResponse, error) {
	if err := checkID("partner", req.GetPartner()); err != nil {
		return nil, err
	}
	r, err := c.Store.Partner(ctx, req.GetDistrict(), req.GetPartner())
	if err != nil {
		return nil, c.missingIn(ctx, req.GetDistrict(), err, reasonNoPartner)
	}
	return &kindredv1.GetPartnerResponse{Partner: partnerRecordProto(r)}, nil
}

func (c *catalogService) GetOpportunity(ctx context.Context, req *kindredv1.GetOpportunityRequest) (*kindredv1.GetOpportunityResponse, error) {
	if err := checkID("opportunity", req.GetOpportunity()); err != nil {
		return nil, err
	}
	r, err := c.Store.Opportunity(ctx, req.GetDistrict(), req.GetOpportunity())
	if err != nil {
		return nil, c.missingIn(ctx, req.GetDistrict(), err, reasonNoOpportunity)
	}
	return &kindredv1.GetOpportunityResponse{Opportunity: opportunityRecordProto(r)}, nil
}

func (c *catalogService) ListTags(ctx context.Context, req *kindredv1.ListTagsRequest) (*kindredv1.ListTagsResponse, error) {
	tags, next, err := listByID(ctx, c.Service, req, c.Store.Tags,
		func(r *store.TagRecord) string { return r.ID }, tagRecordProto)
	return &kindredv1.ListTagsResponse{Tags: tags, NextPageToken: next}, err
}

func (c *catalogService) ListPartners(ctx context.Context, req *kindredv1.ListPartnersRequest) (*kindredv1.ListPartnersResponse, error) {
	partners, next, err := listByID(ctx, c.Service, req, c.Store.Partners,
		func(r *store.PartnerRecord) string { return r.ID }, partnerRecordProto)
	return &kindredv1.ListPartnersResponse{Partners: partners, NextPageToken: next}, err
}

func (c *catalogService) ListOpportunities(ctx context.Context, req *kindredv1.ListOpportunitiesRequest) (*kindredv1.ListOpportunitiesResponse, error) {
	opportunities, next, err := listByID(ctx, c.Service, req, c.Store.Opportunities,
		func(r *store.OpportunityRecord) string { return r.ID }, opportunityRecordProto)
	return &kindredv1.ListOpportunitiesResponse{Opportunities: opportunities, NextPageToken: next}, err
}

func (c *catalogService) UpsertTag(ctx context.Context, req *kindredv1.UpsertTagRequest) (*kindredv1.UpsertTagResponse, error) {
	return upsert[*kindredv1.Tag, *kindredv1.UpsertTagResponse, *matcher.Tag]{
		path: "tag",
		row:  req.GetTag(),
		kept: func() (*kindredv1.Tag, store.Revision, error) {
			r, err := c.Store.Tag(ctx, req.GetDistrict(), req.GetTag().GetTag())
			if err != nil {
				return nil, 0, err
			}
			return tagRecordProto(r), r.Revision, nil
		},
		parse: func(row *kindredv1.Tag, v *violations) (*matcher.Tag, error) {
			t := tagOf(row)
			t.Check(v.under("tag"))
			return &t, nil
		},
		put: func(rq store.Request, t *matcher.Tag, r store.Revision) (store.Receipt, error) {
			return c.mutate(ctx, req.GetDistrict(), rq, store.Mutation{PutTag: t, IfRevision: r})
		},
		answer: func(t *matcher.Tag, r store.Receipt) *kindredv1.UpsertTagResponse {
			return &kindredv1.UpsertTagResponse{Tag: tagProto(t, r.Revisions[0]), Epoch: uint64(r.Epoch)}
		},
	}.do(c.Service, req)
}

func (c *catalogService) UpsertPartner(ctx context.Context, req *kindredv1.UpsertPartnerRequest) (*kindredv1.UpsertPartnerResponse, error) {
	return upsert[*kindredv1.Partner, *kindredv1.UpsertPartnerResponse, *matcher.Partner]{
		path: "partner",
		row:  req.GetPartner(),
		kept: func() (*kindredv1.Partner, store.Revision, error) {
			r, err := c.Store.Partner(ctx, req.GetDistrict(), req.GetPartner().GetPartner())
			if err != nil {
				return nil, 0, err
			}
			return partnerRecordProto(r), r.Revision, nil
		},
		parse: func(row *kindredv1.Partner, v *violations) (*matcher.Partner, error) {
			p := partnerOf(row, v.under("partner"))
			p.Check(v.under("partner"))
			return &p, nil
		},
		put: func(rq store.Request, p *matcher.Partner, r store.Revision) (store.Receipt, error) {
			return c.mutate(ctx, req.GetDistrict(), rq, store.Mutation{PutPartner: p, IfRevision: r})
		},
		answer: func(p *matcher.Partner, r store.Receipt) *kindredv1.UpsertPartnerResponse {
			return &kindredv1.UpsertPartnerResponse{Partner: partnerProto(p, r.Revisions[0]), Epoch: uint64(r.Epoch)}
		},
	}.do(c.Service, req)
}

func (c *catalogService) UpsertOpportunity(ctx context.Context, req *kindredv1.UpsertOpportunityRequest) (*kindredv1.UpsertOpportunityResponse, error) {
	return upsert[*kindredv1.Opportunity, *kindredv1.UpsertOpportunityResponse, *matcher.Opportunity]{
		path: "opportunity",
		row:  req.GetOpportunity(),
		kept: func() (*kindredv1.Opportunity, store.Revision, error) {
			r, err := c.Store.Opportunity(ctx, req.GetDistrict(), req.GetOpportunity().GetOpportunity())
			if err != nil {
				return nil, 0, err
			}
			return opportunityRecordProto(r), r.Revision, nil
		},
		parse: func(row *kindredv1.Opportunity, v *violations) (*matcher.Opportunity, error) {
			o := opportunityOf(row, v.under("opportunity"))
			vocabulary, err := c.vocabularyFor(ctx, req.GetDistrict(), o.Tags)
			o.Check(vocabulary, v.under("opportunity"))
			return &o, err
		},
		put: func(rq store.Request, o *matcher.Opportunity, r store.Revision) (store.Receipt, error) {
			return c.mutate(ctx, req.GetDistrict(), rq, store.Mutation{PutOpportunity: o, IfRevision: r})
		},
		answer: func(o *matcher.Opportunity, r store.Receipt) *kindredv1.UpsertOpportunityResponse {
			return &kindredv1.UpsertOpportunityResponse{
				Opportunity: opportunityProto(o, r.Revisions[0]),
				Epoch:       uint64(r.Epoch),
			}
		},
	}.do(c.Service, req)
}

func (c *catalogService) DeleteTag(ctx context.Context, req *kindredv1.DeleteTagRequest) (*kindredv1.DeleteTagResponse, error) {
	return remove(ctx, c, req, deletion{
		path:    "tag",
		id:      req.GetTag(),
		missing: reasonNoTag,
		inUse:   "the tag is the parent of others; change or delete them first",
		delete:  store.Mutation{DeleteTag: req.GetTag()},
	}, func(r store.Receipt) *kindredv1.DeleteTagResponse {
		return &kindredv1.DeleteTagResponse{Epoch: uint64(r.Epoch)}
	})
}

func (c *catalogService) DeletePartner(ctx context.Context, req *kindredv1.DeletePartnerRequest) (*kindredv1.DeletePartnerResponse, error) {
	return remove(ctx, c, req, deletion{
		path:    "partner",
		id:      req.GetPartner(),
		missing: reasonNoPartner,
		inUse:   "the partner has opportunities; change or delete them first",
		delete:  store.Mutation{DeletePartner: req.GetPartner()},
	}, func(r store.Receipt) *kindredv1.DeletePartnerResponse {
		return &kindredv1.DeletePartnerResponse{Epoch: uint64(r.Epoch)}
	})
}

func (c *catalogService) DeleteOpportunity(ctx context.Context, req *kindredv1.DeleteOpportunityRequest) (*kindredv1.DeleteOpportunityResponse, error) {
	return remove(ctx, c, req, deletion{
		path:    "opportunity",
		id:      req.GetOpportunity(),
		missing: reasonNoOpportunity,
		inUse:   "seats of the opportunity are taken; close it instead",
		delete:  store.Mutation{DeleteOpportunity: req.GetOpportunity()},
	}, func(r store.Receipt) *kindredv1.DeleteOpportunityResponse {
		return &kindredv1.DeleteOpportunityResponse{Epoch: uint64(r.Epoch)}
	})
}

func (c *catalogService) mutate(ctx context.Context, district string, rq store.Request, m store.Mutation) (store.Receipt, error) {
	return c.Store.Write(ctx, district, rq, store.Write{Mutations: []store.Mutation{m}})
}

// deleteRequest is a request that deletes one resource.
type deleteRequest interface {
	writeRequest
	GetEtag() string
}

// deletion is what is to be deleted from a catalogue.
type deletion struct {
	path, id string
	missing  reason
	inUse    string // the message when it is in use
	delete   store.Mutation
}

func remove[Answer proto.Message](
	ctx context.Context, c *catalogService, req deleteRequest, d deletion, answer func(store.Receipt) Answer,
) (Answer, error) {
	var none Answer
	var v violations
	v.id(d.path, d.id)
	d.delete.IfRevision = revisionOf(req.GetEtag(), &v)
	if err := v.err(); err != nil {
		return none, err
	}
	done, err := carryOut(c.Service, req, func(rq store.Request) (store.Receipt, error) {
		return c.mutate(ctx, req.GetDistrict(), rq, d.delete)
	}, answer)
	if errors.Is(err, store.ErrInUse) {
		err = refuse(reasonInUse, d.inUse)
	}
	return done, c.missingIn(ctx, req.GetDistrict(), err, d.missing)
}
