package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/kindred-match/kindred/internal/report"
	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// remoteFlags say which server to ask, and for which district.
type remoteFlags struct {
	server, district string
	useTLS           bool
	ca, tokenFile    string
}

func (f *remoteFlags) add(cmd *cobra.Command, server, use string) {
	flags := cmd.Flags()
	flags.StringVar(&f.server, "server", server, use)
	flags.StringVar(&f.district, "district", "default", "the district on the server")
	flags.BoolVar(&f.useTLS, "tls", false, "use TLS with the system's certificate authorities")
	flags.StringVar(&f.ca, "tls-ca", "", "use TLS with the certificate authorities of this PEM file")
	flags.StringVar(&f.tokenFile, "token-file", "", "a file with the bearer token to show to the server")
}

// bearer shows a token with each call, and only over TLS.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return true }

// dial makes a connection; the first call shows whether it holds.
func (f *remoteFlags) dial() (*grpc.ClientConn, error) {
	transport := insecure.NewCredentials()
	if f.useTLS || f.ca != "" {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		if f.ca != "" {
			pem, err := os.ReadFile(f.ca)
			if err != nil {
				return nil, badInput("--tls-ca: %w", err)
			}
			config.RootCAs = x509.NewCertPool()
			if !config.RootCAs.AppendCertsFromPEM(pem) {
				return nil, badInput("--tls-ca: %s holds no certificate", f.ca)
			}
		}
		transport = credentials.NewTLS(config)
	}
	options := []grpc.DialOption{grpc.WithTransportCredentials(transport)}
	if f.tokenFile != "" {
		token, err := os.ReadFile(f.tokenFile)
		if err != nil {
			return nil, badInput("--token-file: %w", err)
		}
		if !f.useTLS && f.ca == "" {
			return nil, badInput("--token-file needs --tls or --tls-ca: a token is not sent in the clear")
		}
		options = append(options, grpc.WithPerRPCCredentials(bearer(strings.TrimSpace(string(token)))))
	}
	conn, err := grpc.NewClient(f.server, options...)
	if err != nil {
		return nil, badInput("--server: %w", err)
	}
	return conn, nil
}

var measures = map[matcher.Measure]kindredv1.Measure{
	matcher.Cosine:  kindredv1.Measure_MEASURE_COSINE,
	matcher.Dot:     kindredv1.Measure_MEASURE_DOT,
	matcher.Overlap: kindredv1.Measure_MEASURE_OVERLAP,
}

// matchRemote asks a server for one student's ranking.
func (p *program) matchRemote(cmd *cobra.Command, f *matchFlags) (err error) {
	format, err := f.check()
	switch {
	case err != nil:
		return err
	case f.student == "":
		return badInput("match --server needs --student")
	case f.idf || cmd.Flags().Changed("ancestor-decay") || f.strict:
		return badInput("--idf, --ancestor-decay and --strict are for folders: a district on a server has them in its settings")
	}
	conn, err := f.dial()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	request := &kindredv1.MatchRequest{
		District: f.district, Subject: &kindredv1.MatchRequest_StudentId{StudentId: f.student},
		K: int32(f.k), Term: f.term, MaxPerPartner: int32(f.maxPerPartner), Explain: f.explain, AsOf: f.asOf,
	}
	if cmd.Flags().Changed("measure") {
		m, ok := measures[matcher.Measure(f.measure)]
		if !ok {
			return badInput("--measure must be cosine, dot or overlap")
		}
		request.Measure = m
	}
	answer, err := kindredv1.NewMatchServiceClient(conn).Match(cmd.Context(), request)
	if err != nil {
		return remoteError(err)
	}
	out := bufio.NewWriter(p.stdout)
	w := report.NewWriter(out, format, f.explain)
	r := report.Ranking{Student: f.student, Candidates: make([]report.Candidate, len(answer.GetCandidates()))}
	catalog := kindredv1.NewCatalogServiceClient(conn)
	for i, c := range answer.GetCandidates() {
		r.Candidates[i] = report.Candidate{
			Opportunity: c.GetOpportunity(), Rank: int(c.GetRank()),
			Score: report.Decimal(c.GetScore()), Units: report.Units(c.GetUnits()), Tags: remoteParts(c.GetTags()),
		}
		if format == report.Table {
			r.Candidates[i].Note = remoteNote(cmd.Context(), catalog, f.district, c.GetOpportunity())
		}
	}
	if err := errors.Join(w.Write(&r), w.Close()); err != nil {
		return err
	}
	return out.Flush()
}

func remoteParts(tags []*kindredv1.TagPart) []report.Part {
	parts := make([]report.Part, len(tags))
	for i, t := range tags {
		parts[i] = report.Part{
			Tag: t.GetTag(), Profile: t.GetProfile(), Opportunity: t.GetOpportunity(),
			Importance: t.GetImportance(), Units: report.Units(t.GetUnits()),
		}
	}
	return parts
}

// remoteNote is the title and the partner's name. It adds to a table only, so
// that without them the table does without.
func remoteNote(ctx context.Context, catalog kindredv1.CatalogServiceClient, district, id string) string {
	o, err := catalog.GetOpportunity(ctx, &kindredv1.GetOpportunityRequest{District: district, Opportunity: id})
	if err != nil {
		return ""
	}
	title := o.GetOpportunity().GetTitle()
	partner := o.GetOpportunity().GetPartner()
	if partner == "" {
		return title
	}
	by, err := catalog.GetPartner(ctx, &kindredv1.GetPartnerRequest{District: district, Partner: partner})
	if err != nil {
		return title
	}
	return fmt.Sprintf("%s · %s", title, by.GetPartner().GetName())
}
