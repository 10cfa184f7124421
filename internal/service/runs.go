package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/kindred-match/kindred/internal/runs"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// CreateRun implements kindredv1.PlacementServiceServer.
func (p *placementService) CreateRun(ctx context.Context, req *kindredv1.CreateRunRequest) (*kindredv1.CreateRunResponse, error) {
	head, err := p.Store.Head(ctx, req.GetDistrict())
	if err != nil {
		return nil, missing(err, reasonNoDistrict)
	}
	var v violations
	options, err := runOptionsOf(req.GetOptions(), &head.Settings, p.Now(), v.under("options"))
	if err = errors.Join(err, v.err()); err != nil {
		return nil, err
	}
	if !slices.Contains(head.Settings.Measures, options.Measure) {
		return nil, refuse(reasonMeasure, "")
	}
	if req.GetValidateOnly() {
		checked, err := p.Runs.Check(ctx, req.GetDistrict(), &options)
		if err != nil {
			return nil, missing(err, reasonNoDistrict)
		}
		return &kindredv1.CreateRunResponse{Check: checkProto(checked, &options)}, nil
	}
	run := store.NewRun{ID: p.NewID(), Created: p.Now()}
	if run.Options, err = options.Encode(); err != nil {
		return nil, err
	}
	created, err := runProto(&store.Run{NewRun: run, State: store.RunQueued, Changed: run.Created})
	if err != nil {
		return nil, err
	}
	resp, err := carryOut(p.Service, req,
		func(rq store.Request) (store.Receipt, error) { return p.Runs.Create(ctx, req.GetDistrict(), rq, run) },
		func(store.Receipt) *kindredv1.CreateRunResponse { return &kindredv1.CreateRunResponse{Run: created} })
	return resp, missing(err, reasonNoDistrict)
}

// run is a run as it is kept. Where there is none the error says so.
func (p *placementService) run(ctx context.Context, district, id string) (*store.Run, error) {
	if err := checkID("run", id); err != nil {
		return nil, err
	}
	r, err := p.Store.Run(ctx, district, id)
	return r, p.missingIn(ctx, district, err, reasonNoRun)
}

// running is a run with its progress.
func (p *placementService) running(district string, r *store.Run) (*kindredv1.Run, error) {
	run, err := runProto(r)
	if err != nil {
		return nil, err
	}
	if progress, working := p.Runs.Progress(district, r.ID); working && r.State == store.RunRunning {
		run.Progress = progressProto(progress)
	}
	return run, nil
}

// GetRun implements kindredv1.PlacementServiceServer.
func (p *placementService) GetRun(ctx context.Context, req *kindredv1.GetRunRequest) (*kindredv1.GetRunResponse, error) {
	r, err := p.run(ctx, req.GetDistrict(), req.GetRun())
	if err != nil {
		return nil, err
	}
	resp := &kindredv1.GetRunResponse{}
	if resp.Run, err = p.running(req.GetDistrict(), r); err != nil {
		return nil, err
	}
	return resp, p.addDocuments(ctx, req, r, resp)
}

// addDocuments adds what was asked for of a run that is complete.
func (p *placementService) addDocuments(
	ctx context.Context, req *kindredv1.GetRunRequest, r *store.Run, resp *kindredv1.GetRunResponse,
) (err error) {
	if r.State != store.RunDraft && r.State != store.RunPublished {
		return nil
	}
	if req.GetWithReport() {
		if resp.Report, err = p.document(ctx, req, runs.ReportDocument); err != nil {
			return err
		}
	}
	if !req.GetWithFiles() {
		return nil
	}
	summary, err := runs.SummaryOf(r)
	if err != nil {
		return err
	}
	if summary != nil {
		resp.Summary = summary.Run
	}
	resp.Certificate, err = p.document(ctx, req, runs.CertificateDocument)
	return err
}

// document is nil where the run was discarded meanwhile.
func (p *placementService) document(ctx context.Context, req *kindredv1.GetRunRequest, name string) ([]byte, error) {
	content, err := p.Store.RunDocument(ctx, req.GetDistrict(), req.GetRun(), name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return content, err
}

// ListRuns implements kindredv1.PlacementServiceServer.
func (p *placementService) ListRuns(ctx context.Context, req *kindredv1.ListRunsRequest) (*kindredv1.ListRunsResponse, error) {
	list, next, err := listByID(ctx, p.Service, req,
		func(ctx context.Context, district, after string, limit int) ([]listedRun, error) {
			kept, err := p.Store.ListRuns(ctx, district, after, limit)
			if err != nil {
				return nil, err
			}
			listed := make([]listedRun, len(kept))
			for i := range kept {
				if listed[i].Run, err = p.running(district, &kept[i]); err != nil {
					return nil, err
				}
				if o := listed[i].GetOutcome(); o != nil { // there may be many of many runs
					o.Cancelled = nil
				}
			}
			return listed, nil
		},
		func(r *listedRun) string { return r.GetRun() },
		func(r *listedRun) *kindredv1.Run { return r.Run })
	return &kindredv1.ListRunsResponse{Runs: list, NextPageToken: next}, err
}

// listedRun is a run of a list.
type listedRun struct{ *kindredv1.Run }

// WatchRun implements kindredv1.PlacementServiceServer.
func (p *placementService) WatchRun(
	req *kindredv1.WatchRunRequest, stream grpc.ServerStreamingServer[kindredv1.WatchRunResponse],
) error {
	if err := checkDistrict(req); err != nil {
		return err
	}
	ctx, stop := p.streamContext(stream.Context())
	defer stop()
	if _, err := p.run(ctx, req.GetDistrict(), req.GetRun()); err != nil {
		return causeOf(ctx, err)
	}
	return causeOf(ctx, p.Runs.Watch(ctx, req.GetDistrict(), req.GetRun(), func(r *store.Run) error {
		run, err := p.running(req.GetDistrict(), r)
		if err != nil {
			return err
		}
		return stream.Send(&kindredv1.WatchRunResponse{Run: run})
	}))
}

// runRequest is a request that changes the state of a run.
type runRequest interface {
	writeRequest
	GetRun() string
}

// changeRun carries out what brings a run to a state, and gives the run as it
// is then.
func changeRun[R proto.Message](
	ctx context.Context, p *placementService, req runRequest, state store.RunState,
	do func(context.Context, string, store.Request, string) (store.Receipt, error),
	answer func(*kindredv1.Run, store.Receipt) R,
) (R, error) {
	var none R
	r, err := p.run(ctx, req.GetDistrict(), req.GetRun())
	if err != nil {
		return none, err
	}
	changed := *r // rendered beforehand: inside the transaction nothing can be read
	if r.State != state {
		changed.State, changed.Changed, changed.Message = state, p.Now(), ""
	}
	if state == store.RunDiscarded || state == store.RunCancelled {
		changed.Summary = nil
	}
	run, err := runProto(&changed)
	if err != nil {
		return none, err
	}
	resp, err := carryOut(p.Service, req,
		func(rq store.Request) (store.Receipt, error) { return do(ctx, req.GetDistrict(), rq, req.GetRun()) },
		func(receipt store.Receipt) R { return answer(run, receipt) })
	if errors.Is(err, store.ErrConflict) {
		return none, p.wrongState(ctx, req)
	}
	return resp, missing(outOfDate(err), reasonNoRun)
}

// wrongState says in which state a run is that can't be changed so.
func (p *placementService) wrongState(ctx context.Context, req runRequest) error {
	r, err := p.run(ctx, req.GetDistrict(), req.GetRun())
	if err != nil {
		return err
	}
	return refuse(reasonRunState, fmt.Sprintf("the run is %s", r.State))
}

// CancelRun implements kindredv1.PlacementServiceServer.
func (p *placementService) CancelRun(ctx context.Context, req *kindredv1.CancelRunRequest) (*kindredv1.CancelRunResponse, error) {
	return changeRun(ctx, p, req, store.RunCancelled, p.Runs.Cancel,
		func(r *kindredv1.Run, _ store.Receipt) *kindredv1.CancelRunResponse {
			return &kindredv1.CancelRunResponse{Run: r}
		})
}

// DiscardRun implements kindredv1.PlacementServiceServer.
func (p *placementService) DiscardRun(ctx context.Context, req *kindredv1.DiscardRunRequest) (*kindredv1.DiscardRunResponse, error) {
	return changeRun(ctx, p, req, store.RunDiscarded, p.Runs.Discard,
		func(r *kindredv1.Run, _ store.Receipt) *kindredv1.DiscardRunResponse {
			return &kindredv1.DiscardRunResponse{Run: r}
		})
}

// PublishRun implements kindredv1.PlacementServiceServer.
func (p *placementService) PublishRun(ctx context.Context, req *kindredv1.PublishRunRequest) (*kindredv1.PublishRunResponse, error) {
	return changeRun(ctx, p, req, store.RunPublished, p.Runs.Publish,
		func(r *kindredv1.Run, receipt store.Receipt) *kindredv1.PublishRunResponse {
			return &kindredv1.PublishRunResponse{Run: r, Epoch: uint64(receipt.Epoch)}
		})
}

// outOfDate says what stands in the way of a draft; other errors stay.
func outOfDate(err error) error {
	e, ok := errors.AsType[*store.PublishError](err)
	if !ok {
		return err
	}
	var all []obstacle
	if e.Changed > 0 {
		all = append(all, obstacle{
			"PLACEMENTS", "students", fmt.Sprintf("%d placements of its students were changed since it was created", e.Changed),
		})
	}
	for _, l := range e.Lost {
		subject, name := "opportunities/"+l.Opportunity, l.Opportunity
		if name == "" {
			subject, name = "partners/"+l.Partner, "partner "+l.Partner
		}
		all = append(all, obstacle{"SEATS", subject, fmt.Sprintf("%s lacks %d seats (%s)", name, l.Seats, l.Why)})
	}
	f := &failure{reason: reasonRunOutOfDate, stands: all[:min(maxViolations, len(all))]}
	texts := make([]string, len(f.stands))
	for i, o := range f.stands {
		texts[i] = o.text
	}
	f.message = "the draft is out of date: " + strings.Join(texts, "; ")
	if more := len(all) - len(texts); more > 0 {
		f.message += fmt.Sprintf("; and %d more", more)
	}
	f.message += "; create the run again"
	return f
}
